//! What citizens do.

use domain::{ImageKind, Language};
use serde_json::{Value, json};

use crate::{browser::Response, people::Visit};

pub async fn submit(visit: &Visit, code: &str) -> Response {
    visit.browser.post("/v1/subjects/self/submissions", &json!({ "code": code })).await
}

pub async fn reject(visit: &Visit) -> Response {
    visit.browser.delete("/v1/subjects/self/submissions/current").await
}

/// "They are mine."
pub async fn confirm(visit: &Visit) -> Response {
    visit.browser.post("/v1/subjects/self/submissions/current/confirmation", &json!({})).await
}

/// Agrees to storage and use, in the text of `version`.
pub async fn associate(visit: &Visit, version: &Value) -> Response {
    visit.browser.put("/v1/subjects/self/association", &json!({ "agree": true, "version": version })).await
}

pub async fn show_association(visit: &Visit) -> Response {
    visit.browser.get("/v1/subjects/self/association").await
}

pub async fn show_photo(visit: &Visit, kind: ImageKind) -> Response {
    visit.browser.get(&format!("/v1/subjects/self/association/photos/{}", kind.name())).await
}

pub const REMINDER: &str = "/v1/subjects/self/association/reminder";

/// Leaves an address to be reminded before the photos expire.
pub async fn set_reminder(visit: &Visit, email: &str, language: Language) -> Response {
    visit.browser.put(REMINDER, &json!({ "email": email, "language": language })).await
}

/// Takes it away.
pub async fn unset_reminder(visit: &Visit) -> Response {
    visit.browser.put(REMINDER, &json!({ "email": null })).await
}

pub const PHOTOS_ZIP: &str = "/v1/subjects/self/association/photos.zip";

pub async fn download(visit: &Visit) -> Response {
    visit.browser.get(PHOTOS_ZIP).await
}

/// Submits and confirms; answers the version of the text to agree to.
pub async fn submit_and_confirm(visit: &Visit, code: &str) -> Value {
    submit(visit, code).await.expect(200);
    confirm(visit).await.expect(200).json()["consent"]["version"].clone()
}

/// From the code to the association, which is answered.
pub async fn take(visit: &Visit, code: &str) -> Value {
    let version = submit_and_confirm(visit, code).await;
    associate(visit, &version).await.expect(201).json()
}
