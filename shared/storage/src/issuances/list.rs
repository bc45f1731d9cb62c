//! The photographer's history: issued codes, filtered by day and state, in pages.

use domain::{AthensDay, Moment, business::BusinessId, delivery::IssuanceState, retention::UPLOAD_RETENTION, time::Span};

use super::{Issuance, Issuances, KEY, RANGE, UploadState};
use crate::{
    error::{StorageError, failed},
    id_bound,
    table::{from_item, is_live, text},
};

/// A page of the history, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    pub issuances: Vec<Issuance>,
    /// The upload ID after which the next page begins. `None` on the last page.
    pub next: Option<String>,
}

/// A filter of the history.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Only codes issued on this day.
    pub day: Option<AthensDay>,
    pub state: Option<IssuanceState>,
}

impl Wanted {
    fn includes(self, issuance: &Issuance, now: Moment) -> bool {
        let Some(issued) = &issuance.issued else { return false };
        self.day.is_none_or(|day| AthensDay::of(issued.issued_at) == day) && self.state.is_none_or(|state| issued.state(now) == state)
    }

    /// Returns the first and the last upload ID that can match the filter. The upload ID has the time of the request for the upload, and
    /// the code is issued within [`UPLOAD_RETENTION`] after it.
    fn id_range(self) -> (String, String) {
        match self.day {
            Some(day) => {
                let earliest = day.start().epoch_seconds() - UPLOAD_RETENTION.as_seconds() - CLOCK_DIFFERENCE_MAX.as_seconds();
                (id_bound(Moment::from_epoch_seconds(earliest)), id_bound(day.next().start().plus(CLOCK_DIFFERENCE_MAX)))
            }
            None => (FIRST_ID.to_owned(), LAST_ID.to_owned()),
        }
    }
}

/// Bounds that sort before and after all IDs, which begin with a hexadecimal digit.
const FIRST_ID: &str = "0";
const LAST_ID: &str = "g";
/// Maximum difference between the clocks of the machines that created the upload ID and the time of issue.
const CLOCK_DIFFERENCE_MAX: Span = Span::minutes(1);
/// Maximum number of items read by one query.
const ITEMS_PER_QUERY: i32 = 100;
/// Maximum number of queries for one page. A page for which few items match may end before it is full, and `next` continues it.
const QUERIES_PER_PAGE_MAX: usize = 10;

impl Issuances {
    /// Reads the issued codes that match the filter, newest first. Begins after the upload ID `after`, if it is given.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn list(
        &self,
        business: &BusinessId,
        filter: Wanted,
        after: Option<&str>,
        limit: usize,
        now: Moment,
    ) -> Result<Page, StorageError> {
        let (first, mut last) = filter.id_range();
        // `after` shortens the range. It is not used as the query's start key, which would have to lie within the range.
        if let Some(after) = after.map(str::to_ascii_lowercase).filter(|after| *after < last) {
            last = after;
        }
        let mut page = Page { issuances: Vec::new(), next: None };
        let mut start = None;
        for _ in 0..QUERIES_PER_PAGE_MAX {
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
                .limit(ITEMS_PER_QUERY)
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(failed("Query"))?;
            for item in output.items.unwrap_or_default().into_iter().filter(|item| is_live(item, now)) {
                let issuance: Issuance = from_item(item)?;
                if after != Some(issuance.upload_id.as_str()) && filter.includes(&issuance, now) {
                    page.issuances.push(issuance);
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
            let (first, last) = Wanted { day: Some(day), state: None }.id_range();
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
        // The range of a day before 1970 is valid and contains no IDs.
        let (first, last) = Wanted { day: AthensDay::parse("0001-01-01"), state: None }.id_range();
        assert!(first <= last && last < id(1));
    }
}
