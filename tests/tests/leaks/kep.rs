//! A case at a KEP. A clerk opens the case for a person, and in it associates photos and authorises an application.

use journeys::{
    citizen::acting,
    inbox,
    kep::{self, CASES, OpenCase},
    people::{self, Visit},
    photographer::issue_by_sms,
};
use serde_json::json;

use super::{Secret, everything::about};

/// These values are so unusual that they cannot occur in storage or logs by chance.
const APPLICATION_NUMBER: &str = "ΑΠ-Ζήτα/4471-2026";
const LAST_FOUR: &str = "ΩΞΨΦ";

pub(crate) struct CaseOfClerk {
    clerk: Visit,
    case: OpenCase,
    /// All one-time passwords: the one of the clerk, and the two that the person at the counter got.
    pub(crate) otps: Vec<String>,
    pub(crate) codes: Vec<String>,
    pub(crate) secrets: Vec<Secret>,
}

impl CaseOfClerk {
    /// Opens a case, associates photos in it and authorises an application. The case stays open.
    pub(crate) async fn begin(studio: &Visit, application: &str) -> Self {
        let (clerk, person) = (kep::fresh_clerk().await, people::fresh("citizen").await);
        let code = issue_by_sms(studio, person.mobile()).await.code;
        let mut body = kep::request_for(&person);
        body["application_number"] = json!(APPLICATION_NUMBER);
        body["document"]["last_four"] = json!(LAST_FOUR);
        let before = inbox::last_seq(person.mobile()).await;
        let view = clerk.browser.post(CASES, &body).await.expect(201).json();
        let handle = view["handle"].as_str().expect("a handle").to_owned();
        let first = inbox::otp(person.mobile(), before).await;
        let mut case = OpenCase { handle, otp: first.clone(), view };
        let before = inbox::last_seq(person.mobile()).await;
        clerk.browser.post(&case.path("/presence/resend"), &json!({})).await.expect(200);
        case.otp = inbox::otp(person.mobile(), before).await;
        kep::confirm(&clerk, &case, &case.otp).await.expect(200);
        let agreed = json!({ "version": domain::consent::PERSONAL_DATA_VERSION, "agree": true, "case": case.handle });
        clerk.browser.post("/v1/session/consent", &agreed).await.expect(200);
        let counter = acting(&clerk, &case.handle);
        counter.take(&code).await;
        counter.authorize(&[application]).await.expect(200);
        kep::show(&clerk, &case).await.expect(200);
        clerk.browser.get(&case.path("/receipt.pdf")).await.expect(200);

        let mut secrets = [about(&person), about(&clerk.person)].concat();
        secrets.push(Secret::new("application number", APPLICATION_NUMBER));
        secrets.push(Secret::new("end of the document's number", LAST_FOUR));
        secrets.push(Secret::new("office", case.view["office"]["name"].as_str().expect("a name")));
        secrets.push(Secret::new("case", &case.handle));
        secrets.extend(
            clerk.browser.all_cookie_values().iter().filter(|value| !value.is_empty()).map(|value| Secret::new("clerk's cookie", value)),
        );
        let otps = vec![clerk.otp.clone(), first, case.otp.clone()];
        Self { clerk, case, otps, codes: vec![code], secrets }
    }

    /// Ends the authorization and the association, and closes the case.
    pub(crate) async fn end(&self, application: &str) {
        let counter = acting(&self.clerk, &self.case.handle);
        counter.revoke(application).await.expect(204);
        counter.dissociate().await.expect(204);
        kep::close(&self.clerk, &self.case).await.expect(204);
    }
}
