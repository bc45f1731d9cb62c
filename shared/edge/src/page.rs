//! Divides lists into pages of a limited size in bytes. Some entries contain texts that other parties wrote, so a limit on the number of
//! entries alone does not limit the size of a response.

use serde::Serialize;

use crate::{failure::Failure, reply};

/// Maximum number of bytes that the entries of a page take in Lambda's response. The remaining bytes up to Lambda's limit are for the other
/// fields of the response.
pub const PAGE_BYTES: usize = 5_000_000;

/// The entries of one response, and the cursor of the next page.
#[derive(Debug)]
pub struct Page<T> {
    pub entries: Vec<T>,
    /// The ID of the last entry. The caller sends it as `cursor` to get the next page. `None` on the last page.
    pub next: Option<String>,
}

impl<T: Serialize> Page<T> {
    /// Builds a page from `entries`, each of which is an ID and a value. Takes as many entries as fit into `bytes`, but at least one, so
    /// that the cursor always advances.
    ///
    /// If entries remain, the page's `next` is the ID of the last entry taken. Otherwise the page's `next` is the argument `next`, which is
    /// the cursor that storage returned.
    ///
    /// # Errors
    /// If an entry cannot be serialized.
    pub fn within(bytes: usize, entries: impl IntoIterator<Item = (String, T)>, next: Option<String>) -> Result<Self, Failure> {
        let mut page = Self { entries: Vec::new(), next: None };
        let (mut used, mut last) = (0, None);
        for (id, entry) in entries {
            // Adds one byte for the comma after the entry.
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

/// Returns the number of bytes that a value takes as JSON in Lambda's response.
///
/// # Errors
/// If the value cannot be serialized.
pub fn size<T: Serialize>(value: &T) -> Result<usize, Failure> {
    serde_json::to_vec(value).map(|json| reply::escaped_length(&json)).map_err(Failure::internal)
}

#[cfg(test)]
mod tests {
    use domain::{
        ImageKind, Language, Moment, SubjectId,
        application::{ApplicationId, CASE_CHARACTERS_MAX, Purpose},
        verdict::{RefusalReason, TEXT_CHARACTERS_MAX, Verdict},
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
            case: text.repeat(CASE_CHARACTERS_MAX),
            refusal: None,
            origin: None,
            verdict: Some(GivenVerdict {
                verdict: Verdict::Refused(RefusalReason::Other),
                text: Some(text.repeat(TEXT_CHARACTERS_MAX)),
                at,
            }),
        };
        Record::new(&SubjectId::from_random([1; 16]), what, at, at)
    }

    /// Uses the two characters that take the most bytes among those that an application may send. One has four bytes in UTF-8. The other is
    /// the quotation mark, which is escaped once in the body and once more in Lambda's response.
    #[test]
    fn pages_with_the_longest_texts_fit_into_responses_and_together_contain_every_entry() {
        for text in ["𝄞", "\"", "x"] {
            let records: Vec<_> = (0..2_500).map(|_| pulled(text)).collect();
            let names = ApplicationNames::of(&[]);
            let entry = |record: &Record| Some((record.id().to_owned(), AccessView::of(record, &names, Language::El)?));
            let all: Vec<_> = records.iter().filter_map(entry).map(|(_, view)| view).collect();
            assert_eq!(Reply::json(200, &json!({ "accesses": all })).unwrap().fits(), text == "x", "{text}: all entries in one response");
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
    fn an_uncut_page_keeps_the_cursor_of_storage_and_a_cut_page_has_at_least_one_entry() {
        let entries = || [("1".to_owned(), "a"), ("2".to_owned(), "b")];
        let page = Page::within(100, entries(), Some("2".to_owned())).unwrap();
        assert_eq!((page.entries.len(), page.next.as_deref()), (2, Some("2")));
        let page = Page::within(0, entries(), None).unwrap();
        assert_eq!((page.entries.len(), page.next.as_deref()), (1, Some("1")));
        let none = Page::<&str>::within(0, [], None).unwrap();
        assert_eq!((none.entries.len(), none.next), (0, None));
    }
}
