//! The photographer's history: issued codes, filtered by day, month, state and reference, in pages.

use domain::{
    AthensDay, AthensMonth, Moment, business::BusinessId, delivery::IssuanceState, reference::ReferenceSearch, retention::UPLOAD_RETENTION,
    time::Span,
};

use super::{Issuance, Issuances, KEY, RANGE, UploadState};
use crate::{
    error::{StorageError, failed},
    id_bound,
    sealing::SealingKey,
    table::{from_item, is_live, text},
};

/// A page of the history, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    pub issuances: Vec<Issuance>,
    /// The upload ID after which the next page begins. `None` on the last page.
    pub next: Option<String>,
}

/// A filter of the history. A code matches if it matches every field that is set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Only codes issued on this day.
    pub day: Option<AthensDay>,
    /// Only codes issued in this month.
    pub month: Option<AthensMonth>,
    pub state: Option<IssuanceState>,
    pub reference: Option<WantedReference<'a>>,
}

/// A search in the photographer's references. References are sealed, so DynamoDB cannot search them. The search opens the reference of each
/// item that matches the other fields of the filter.
#[derive(Debug, Clone, Copy)]
pub struct WantedReference<'a> {
    pub search: &'a ReferenceSearch,
    /// The key that opens the references.
    pub key: &'a SealingKey,
}

impl WantedReference<'_> {
    /// Returns whether the search finds the reference of this code. If a reference cannot be opened because the secret was changed, it does
    /// not match.
    fn finds(self, issuance: &Issuance) -> bool {
        let sealed = issuance.issued.as_ref().and_then(|issued| issued.reference.as_ref());
        let reference = sealed.and_then(|sealed| sealed.open(self.key, &issuance.business, &issuance.upload_id).ok());
        reference.is_some_and(|reference| self.search.matches(&reference))
    }
}

impl Wanted<'_> {
    fn includes(self, issuance: &Issuance, now: Moment) -> bool {
        let Some(issued) = &issuance.issued else { return false };
        let issued_on = AthensDay::of(issued.issued_at);
        self.day.is_none_or(|day| issued_on == day)
            && self.month.is_none_or(|month| AthensMonth::of(issued_on) == month)
            && self.state.is_none_or(|state| issued.state(now) == state)
            && self.reference.is_none_or(|reference| reference.finds(issuance))
    }

    const fn bounds(self) -> Bounds {
        if self.reference.is_some() { SEARCHING } else { LISTING }
    }

    /// Returns the first and the last day on which a matching code can have been issued. Returns `None` if the filter has no day or month.
    fn days(self) -> Option<(AthensDay, AthensDay)> {
        self.day.map(|day| (day, day)).or_else(|| self.month.map(|month| (month.first_day(), month.last_day())))
    }

    /// Returns the bounds of the upload IDs that can match the filter. An upload ID contains the time at which the upload was requested.
    /// The code is issued within [`UPLOAD_RETENTION`] after that time.
    fn id_range(self) -> (String, String) {
        match self.days() {
            Some((first, last)) => {
                let earliest = first.start().epoch_seconds() - UPLOAD_RETENTION.as_seconds() - CLOCK_DIFFERENCE_MAX.as_seconds();
                (id_bound(Moment::from_epoch_seconds(earliest)), id_bound(last.next().start().plus(CLOCK_DIFFERENCE_MAX)))
            }
            None => (FIRST_ID.to_owned(), LAST_ID.to_owned()),
        }
    }
}

/// Bounds that sort before and after all IDs, which begin with a hexadecimal digit.
const FIRST_ID: &str = "0";
const LAST_ID: &str = "g";
/// Maximum difference between the clock of the machine that created the upload ID and that of the machine that set the time of issue.
const CLOCK_DIFFERENCE_MAX: Span = Span::minutes(1);
/// Limits of the queries that fill one page. If the queries reach these limits, the page may have fewer entries than requested, and the
/// next page begins where the queries stopped.
struct Bounds {
    items_per_query: i32,
    queries: usize,
}

/// Limits if the filter has no reference. Most items then match, so a few queries of 100 items fill a page.
const LISTING: Bounds = Bounds { items_per_query: 100, queries: 10 };
/// Limits if the filter has a reference. Few items then match, so many must be read to fill a page. They are read by one large query, so
/// that a search makes no more calls than a listing usually does (infra/operations.toml). DynamoDB ends the query after 1 MB, which is
/// about a thousand items.
const SEARCHING: Bounds = Bounds { items_per_query: 1_000, queries: 1 };

impl Issuances {
    /// Reads the issued codes that match the filter, newest first. Begins after the upload ID `after`, if it is given. Reads at most a
    /// thousand items, even if few of them match.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn list(
        &self,
        business: &BusinessId,
        filter: Wanted<'_>,
        after: Option<&str>,
        limit: usize,
        now: Moment,
    ) -> Result<Page, StorageError> {
        let (first, mut last) = filter.id_range();
        let Bounds { items_per_query, queries } = filter.bounds();
        // `after` becomes the end of the query's range. It is not passed as the start key, because DynamoDB rejects a start key outside the
        // range, and a client can send any `after`.
        if let Some(after) = after.map(str::to_ascii_lowercase).filter(|after| *after < last) {
            last = after;
        }
        let mut page = Page { issuances: Vec::new(), next: None };
        let mut start = None;
        for _ in 0..queries {
            if last < first {
                return Ok(page);
            }
            let output = self
                .0
                .client
                .query()
                .table_name(&self.0.name)
                .key_condition_expression("#key = :key AND #range BETWEEN :first AND :last")
                .filter_expression("#state = :issued")
                .expression_attribute_names("#key", KEY)
                .expression_attribute_names("#range", RANGE)
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":key", text(business.as_str()))
                .expression_attribute_values(":first", text(&first))
                .expression_attribute_values(":last", text(&last))
                .expression_attribute_values(":issued", text(UploadState::Issued.name()))
                .scan_index_forward(false)
                .limit(items_per_query)
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(failed("Query"))?;
            for item in output.items.unwrap_or_default().into_iter().filter(|item| is_live(item, now)) {
                let issuance: Issuance = from_item(item)?;
                if after != Some(issuance.upload_id.as_str()) && filter.includes(&issuance, now) {
                    page.issuances.push(issuance);
                }
                if page.issuances.len() > limit {
                    break;
                }
            }
            start = output.last_evaluated_key.filter(|key| !key.is_empty());
            if page.issuances.len() > limit {
                page.issuances.truncate(limit);
                page.next = page.issuances.last().map(|last| last.upload_id.clone());
                return Ok(page);
            }
            if start.is_none() {
                return Ok(page);
            }
        }
        page.next = start.as_ref().and_then(|key| key.get(RANGE)).and_then(|id| id.as_s().ok()).cloned();
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_range_of_a_day_covers_all_uploads_that_may_have_been_issued_on_it() {
        let id = |millis: i64| format!("{:08x}-{:04x}-7abc-8def-0123456789ab", millis >> 16, millis & 0xffff);
        // The days on which the clocks change in Athens.
        for (day, hours) in [("2026-10-25", 25), ("2026-03-29", 23)] {
            let day = AthensDay::parse(day).unwrap();
            let (first, last) = Wanted { day: Some(day), ..Wanted::default() }.id_range();
            let start = day.start().epoch_seconds() * 1000;
            for (millis, in_range) in [
                (start - 86_400_000, true),
                (start - 86_400_000 - 61_000, false),
                (start, true),
                (start + hours * 3_600_000, true),
                (start + hours * 3_600_000 + 60_000, false),
            ] {
                let id = id(millis);
                assert_eq!(first <= id && id <= last, in_range, "{id} in {first} to {last}");
            }
        }
        let (first, last) = Wanted::default().id_range();
        assert!([0, 1_792_875_600_000, 0xffff_ffff_ffff].map(id).iter().all(|id| first <= *id && *id <= last));
        let of_month = |text| Wanted { month: AthensMonth::parse(text), ..Wanted::default() }.id_range();
        let of_day = |text| Wanted { day: AthensDay::parse(text), ..Wanted::default() }.id_range();
        assert_eq!(of_month("2026-10"), (of_day("2026-10-01").0, of_day("2026-10-31").1));
        // The range of a day before 1970 is valid and contains no IDs.
        let (first, last) = Wanted { day: AthensDay::parse("0001-01-01"), ..Wanted::default() }.id_range();
        assert!(first <= last && last < id(1));
    }
}
