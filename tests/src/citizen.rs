//! Makes the API calls of citizens, for themselves or for a minor, and of clerks for the person at the counter.

use domain::{ImageKind, Language};
use serde_json::{Value, json};

use crate::{browser::Response, people::Visit};

/// A signed-in person who acts for a subject. `subject` is `self`, the handle of a minor or, for clerks, the handle of a case.
#[derive(Clone)]
pub struct Acting<'v> {
    visit: &'v Visit,
    subject: String,
}

pub fn acting<'v>(visit: &'v Visit, subject: &str) -> Acting<'v> {
    Acting { visit, subject: subject.to_owned() }
}

impl Acting<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/v1/subjects/{}/{rest}", self.subject)
    }

    async fn get(&self, rest: &str) -> Response {
        self.visit.browser.get(&self.path(rest)).await
    }

    async fn post(&self, rest: &str, body: &Value) -> Response {
        self.visit.browser.post(&self.path(rest), body).await
    }

    async fn delete(&self, rest: &str) -> Response {
        self.visit.browser.delete(&self.path(rest)).await
    }

    pub async fn submit(&self, code: &str) -> Response {
        self.post("submissions", &json!({ "code": code })).await
    }

    pub async fn reject(&self) -> Response {
        self.delete("submissions/current").await
    }

    /// Confirms that the photos show the subject.
    pub async fn confirm(&self) -> Response {
        self.post("submissions/current/confirmation", &json!({})).await
    }

    /// Associates the photos, and agrees to this version of the text on their storage and use.
    pub async fn associate(&self, version: &Value) -> Response {
        self.visit.browser.put(&self.path("association"), &json!({ "agree": true, "version": version })).await
    }

    pub async fn show_association(&self) -> Response {
        self.get("association").await
    }

    /// Sets the email address to which a reminder is sent before the photos expire.
    pub async fn set_reminder(&self, email: &str, language: Language) -> Response {
        self.visit.browser.put(&self.path("association/reminder"), &json!({ "email": email, "language": language })).await
    }

    pub async fn show_photo(&self, kind: ImageKind) -> Response {
        self.get(&format!("association/photos/{}", kind.name())).await
    }

    pub async fn download(&self) -> Response {
        self.get("association/photos.zip").await
    }

    pub async fn show_code(&self) -> Response {
        self.get("association/code").await
    }

    pub async fn dissociate(&self) -> Response {
        self.delete("association").await
    }

    pub async fn authorize(&self, applications: &[&str]) -> Response {
        self.post("authorizations", &json!({ "applications": applications })).await
    }

    pub async fn revoke(&self, application: &str) -> Response {
        self.delete(&format!("authorizations/{application}")).await
    }

    /// Lists authorizations. `query` is empty or begins with `?`, such as `?limit=1`.
    pub async fn authorizations(&self, query: &str) -> Response {
        self.get(&format!("authorizations{query}")).await
    }

    pub async fn accesses(&self, query: &str) -> Response {
        self.get(&format!("accesses{query}")).await
    }

    pub async fn export(&self) -> Response {
        self.get("export").await
    }

    pub async fn erase(&self) -> Response {
        self.post("erasure", &json!({ "agree": true })).await
    }

    /// Submits and confirms a code. Returns the version of the text to agree to.
    pub async fn submit_and_confirm(&self, code: &str) -> Value {
        self.submit(code).await.expect(200);
        self.confirm().await.expect(200).json()["consent"]["version"].clone()
    }

    /// Submits and confirms a code, and associates its photos. Returns the association.
    pub async fn take(&self, code: &str) -> Value {
        let version = self.submit_and_confirm(code).await;
        self.associate(&version).await.expect(201).json()
    }
}

/// Returns an [`Acting`] for a citizen who acts for themselves.
pub fn own(visit: &Visit) -> Acting<'_> {
    acting(visit, "self")
}

pub async fn submit(visit: &Visit, code: &str) -> Response {
    own(visit).submit(code).await
}

pub async fn reject(visit: &Visit) -> Response {
    own(visit).reject().await
}

pub async fn confirm(visit: &Visit) -> Response {
    own(visit).confirm().await
}

pub async fn associate(visit: &Visit, version: &Value) -> Response {
    own(visit).associate(version).await
}

pub async fn show_association(visit: &Visit) -> Response {
    own(visit).show_association().await
}

pub async fn show_photo(visit: &Visit, kind: ImageKind) -> Response {
    own(visit).show_photo(kind).await
}

pub const REMINDER: &str = "/v1/subjects/self/association/reminder";

/// Sets the email address to which a reminder is sent before the photos expire.
pub async fn set_reminder(visit: &Visit, email: &str, language: Language) -> Response {
    own(visit).set_reminder(email, language).await
}

/// Deletes the reminder.
pub async fn unset_reminder(visit: &Visit) -> Response {
    visit.browser.put(REMINDER, &json!({ "email": null })).await
}

pub const PHOTOS_ZIP: &str = "/v1/subjects/self/association/photos.zip";

pub async fn download(visit: &Visit) -> Response {
    own(visit).download().await
}

pub async fn submit_and_confirm(visit: &Visit, code: &str) -> Value {
    own(visit).submit_and_confirm(code).await
}

pub async fn take(visit: &Visit, code: &str) -> Value {
    own(visit).take(code).await
}
