//! Pages of lists, cut by bytes: some entries hold texts that others chose, so a number of entries does not bound the size of a response.

use serde::Serialize;

use crate::{failure::Failure, reply};

/// Bytes that the entries of a page may take in Lambda's response. The rest up to its limit is for what stands beside the list.
pub const PAGE_BYTES: usize = 5_000_000;

/// The entries of one response, and the cursor behind which the next begins.
#[derive(Debug)]
pub struct Page<T> {
    pub entries: Vec<T>,
    pub next: Option<String>,
}

impl<T: Serialize> Page<T> {
    /// Takes entries, each with its id, as long as they fit into `bytes`, and at least one, so that every page leads on. Where some are left,
    /// `next` is the id of the last one taken; otherwise it is `next` as storage gave it.
    ///
    /// # Errors
    /// Where an entry cannot be written as JSON.
    pub fn within(bytes: usize, entries: impl IntoIterator<Item = (String, T)>, next: Option<String>) -> Result<Self, Failure> {
        let mut page = Self { entries: Vec::new(), next: None };
        let (mut used, mut last) = (0, None);
        for (id, entry) in entries {
            // With its comma.
            used += size(&entry)? + 1;
            if used > bytes && last.is_some() {
                page.next = last;
                return Ok(page);
            }
            page.entries.push(entry);
            last = Some(id);
        }
        page.next = next;
        Ok(page)
    }
}

/// Returns the bytes that a value takes as JSON in Lambda's response.
///
/// # Errors
/// Where it cannot be written.
pub fn size<T: Serialize>(value: &T) -> Result<usize, Failure> {
    serde_json::to_vec(value).map(|json| reply::escaped(&json)).map_err(Failure::internal)
}

#[cfg(test)]
mod tests {
    use domain::{
        ImageKind, Language, Moment, SubjectId,
        application::{ApplicationId, CASE_LENGTH, Purpose},
        verdict::{RefusalReason, TEXT_LENGTH, Verdict},
    };
    use serde_json::json;
    use storage::history::{Event, GivenVerdict, Record};

    use super::*;
    use crate::{
        Reply,
        records::{AccessView, ApplicationNames},
    };

    fn pulled(text: &str) -> Record {
        let at = Moment::from_epoch_seconds(1_800_000_000);
        let what = Event::Pulled {
            application: ApplicationId::parse("passport").unwrap(),
            purpose: Purpose::Passport,
            image: ImageKind::Face,
            case: text.repeat(CASE_LENGTH),
            refusal: None,
            origin: None,
            verdict: Some(GivenVerdict { verdict: Verdict::Refused(RefusalReason::Other), text: Some(text.repeat(TEXT_LENGTH)), at }),
        };
        Record::new(&SubjectId::from_random([1; 16]), what, at, at)
    }

    /// Of the characters that an application may send, those that take the most bytes: four in UTF-8, and a quotation mark, which is escaped once
    /// in the body and once more in Lambda's response.
    #[test]
    fn pages_with_the_longest_texts_of_applications_fit_and_together_hold_every_entry() {
        for text in ["𝄞", "\"", "x"] {
            let records: Vec<_> = (0..2_500).map(|_| pulled(text)).collect();
            let names = ApplicationNames::of(&[]);
            let entry = |record: &Record| Some((record.id().to_owned(), AccessView::of(record, &names, Language::El)?));
            let whole: Vec<_> = records.iter().filter_map(entry).map(|(_, view)| view).collect();
            assert_eq!(Reply::json(200, &json!({ "accesses": whole })).unwrap().fits(), text == "x", "{text}: all in one response");
            let (mut read, mut from) = (Vec::new(), 0);
            while from < records.len() {
                let page = Page::within(PAGE_BYTES, records[from..].iter().filter_map(entry), None).unwrap();
                from = page.next.as_ref().map_or(records.len(), |next| 1 + records.iter().position(|record| record.id() == next).unwrap());
                read.extend(page.entries.iter().map(|view| view.id.clone()));
                assert!(Reply::json(200, &json!({ "accesses": page.entries, "next": page.next })).unwrap().fits(), "{text}");
            }
            assert_eq!(read, Vec::from_iter(records.iter().map(Record::id)), "{text}");
        }
    }

    #[test]
    fn a_page_that_is_not_cut_leads_where_storage_said_and_each_page_has_an_entry() {
        let entries = || [("1".to_owned(), "a"), ("2".to_owned(), "b")];
        let page = Page::within(100, entries(), Some("2".to_owned())).unwrap();
        assert_eq!((page.entries.len(), page.next.as_deref()), (2, Some("2")));
        let page = Page::within(0, entries(), None).unwrap();
        assert_eq!((page.entries.len(), page.next.as_deref()), (1, Some("1")));
        let none = Page::<&str>::within(0, [], None).unwrap();
        assert_eq!((none.entries.len(), none.next), (0, None));
    }
}
