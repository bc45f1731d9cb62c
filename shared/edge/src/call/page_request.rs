//! The query parameters `limit` and `cursor`, which select a page of a list.

use messages::problem::{FieldReason, Problem};

use super::Call;

/// Entries on a page if the request has no `limit`.
const PAGE_ENTRIES_DEFAULT: usize = 50;
/// The largest `limit` that a request may have.
const PAGE_ENTRIES_MAX: usize = 100;

/// The page of a list that a request selects.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    /// The largest number of entries on the page.
    pub limit: usize,
    /// The ID of the last entry of the previous page. `None` selects the first page.
    pub after: Option<&'a str>,
}

impl Call {
    /// Parses `limit` and `cursor`. As `cursor`, a caller sends the value of `next` from the previous page.
    ///
    /// # Errors
    /// [`Problem::InvalidField`].
    pub fn page(&self) -> Result<PageRequest<'_>, Problem> {
        let invalid = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
        let limit = match self.query("limit") {
            None => PAGE_ENTRIES_DEFAULT,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=PAGE_ENTRIES_MAX).contains(limit));
                limit.ok_or_else(|| invalid("limit", FieldReason::InvalidNumber))?
            }
        };
        let after = self.query("cursor");
        match after {
            Some(cursor) if !storage::is_time_ordered_id(cursor) => Err(invalid("cursor", FieldReason::NotAllowed)),
            Some(_) | None => Ok(PageRequest { limit, after }),
        }
    }
}
