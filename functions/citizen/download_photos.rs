//! GET /v1/subjects/{subject}/association/photos.zip: the images, and a PDF page with the code, its QR code and the expiry.
//!
//! Lambda cannot return a binary response above about 4.5 MB, so a larger file is served in ranges. The file has the same bytes at each
//! request, so the ranges of several requests fit together. A client that sends `Range: bytes=0-` gets the first range and requests the
//! rest after it. If the file is too large for one response, a request without a range gets an error that asks for a range.

use citizen_functions::{KeyAccess, PhotoAccess};
use domain::{ImageKind, Language, kep::ActKind};
use edge::{Call, Failure, Reply, Setup, guard::Acting};
use futures_util::future::try_join_all;
use lambda_http::http::{StatusCode, header};
use messages::{pdf, problem::Problem, zip::PhotosZip};
use storage::{history::History, sealing::sha256_hex, sessions::Sessions};

/// Maximum size of a file that is sent whole. Larger files are sent in ranges only.
const WHOLE_BYTES_MAX: usize = 4_400_000;
/// Maximum size of one range.
const RANGE_BYTES_MAX: usize = 4 * 1024 * 1024;

struct Deps {
    sessions: Sessions,
    photos: PhotoAccess,
    history: History,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let key = KeyAccess { associations: setup.associations(), keys: setup.keys(), kms: setup.associations_key() };
    let deps = Deps { sessions: setup.sessions(), photos: PhotoAccess { key, vault: setup.vault() }, history: setup.history() };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let acting = Acting::from(call, &deps.sessions).await?;
    let subject = acting.subject(call)?;
    // The query parameter takes precedence over `Accept-Language`, because in a download by link the browser sends its own languages and
    // not the language chosen on the page.
    let language = call.query("language").and_then(Language::parse).unwrap_or(call.language);
    let (association, key) = deps.photos.key.open(&subject.id, call.now).await?;
    // In a case, a request for any range is recorded as a download of the whole file, because a single range may already contain an image.
    // The requests for all ranges of one file are recorded as one act.
    acting.record_act(&deps.history, &format!("downloaded {}", association.set_id), ActKind::Downloaded, &subject, call).await?;
    let images = try_join_all(association.images.iter().map(async |facts| {
        let image = deps.photos.image(&association, &key, facts.kind).await?;
        Ok::<_, Failure>((facts.kind, image))
    }))
    .await?;
    let of = |kind: ImageKind| images.iter().find(|(k, _)| *k == kind).map(|(_, image)| image.as_slice());
    let pdf = pdf::code_sheet(&key.code, association.expires_at, call.public_origin(), language)?;
    let zip = PhotosZip { code: &key.code, face: of(ImageKind::Face), signature: of(ImageKind::Signature), pdf: &pdf }.build()?;
    respond(call, zip)
}

/// Responds with one range of bytes or the whole file (RFC 9110, 14).
fn respond(call: &Call, zip: Vec<u8>) -> Result<Reply, Failure> {
    let etag = format!("\"{}\"", &sha256_hex(&zip)[..32]);
    let total = zip.len();
    let if_range_holds = call.header(header::IF_RANGE).is_none_or(|tag| tag == etag);
    let requested = call.header(header::RANGE).filter(|_| if_range_holds).map_or(Range::None, |text| range(text, total));
    let (first, last) = match requested {
        Range::None if total <= WHOLE_BYTES_MAX => (0, total - 1),
        // RFC 9110 allows a partial response only to a range request. A client would save an unrequested part as a complete file.
        Range::None => return Err(Problem::RangeRequired { total }.into()),
        Range::Bytes { first, last } => (first, last.min(first + RANGE_BYTES_MAX - 1)),
        Range::Unsatisfiable => return Err(Problem::RangeNotSatisfiable { total }.into()),
    };
    let whole = requested == Range::None;
    let status = if whole { StatusCode::OK } else { StatusCode::PARTIAL_CONTENT };
    let mut reply = Reply::file(status, "application/zip", zip[first..=last].to_vec())
        .header(header::ETAG, etag)
        .header(header::ACCEPT_RANGES, "bytes")
        .attachment("photos.zip");
    if !whole {
        reply = reply.header(header::CONTENT_RANGE, format!("bytes {first}-{last}/{total}"));
    }
    Ok(reply)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    /// The request has no range, or one that the server may ignore: several ranges, another unit, or invalid syntax.
    None,
    /// A range within the file, with both ends included.
    Bytes {
        first: usize,
        last: usize,
    },
    Unsatisfiable,
}

/// Parses the value of `Range` for a file of `total` bytes.
fn range(text: &str, total: usize) -> Range {
    let Some((first, last)) = text.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::None;
    };
    let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<usize>().ok().map(Some) };
    match (number(first.trim()), number(last.trim())) {
        (Some(Some(first)), Some(last)) => {
            let last = last.unwrap_or(usize::MAX);
            match (first < total, first <= last) {
                (true, true) => Range::Bytes { first, last: last.min(total - 1) },
                (false, true) => Range::Unsatisfiable,
                (_, false) => Range::None,
            }
        }
        (Some(None), Some(Some(0))) => Range::Unsatisfiable,
        (Some(None), Some(Some(suffix))) => Range::Bytes { first: total.saturating_sub(suffix), last: total - 1 },
        _ => Range::None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Range, range};

    #[test]
    fn ranges_are_parsed_according_to_rfc_9110() {
        let bytes = |first, last| Range::Bytes { first, last };
        for (text, expected) in [
            ("bytes=0-0", bytes(0, 0)),
            ("bytes=2-", bytes(2, 9)),
            ("bytes=2-100", bytes(2, 9)),
            ("bytes=-3", bytes(7, 9)),
            ("bytes=-100", bytes(0, 9)),
            ("bytes=10-", Range::Unsatisfiable),
            ("bytes=-0", Range::Unsatisfiable),
            ("bytes=5-2", Range::None),
            ("bytes=0-1,3-4", Range::None),
            ("items=0-1", Range::None),
            ("bytes=a-b", Range::None),
            ("bytes=-", Range::None),
        ] {
            assert_eq!(range(text, 10), expected, "{text}");
        }
    }
}
