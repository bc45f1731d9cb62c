//! Every operation once, with success, by people of whom all is known: so it can be looked for wherever it must not be.
//!
//! In steps, so that what is stored can be looked at between them. That each operation was answered, their own lines say
//! ([`super::lines`]).

use domain::{CodeNumber, FileProfile, ImageKind, Language, application::Purpose};
use journeys::{
    application::{self, Application, PULLS, VERDICTS},
    browser::Browser,
    citizen::{acting, own},
    inbox, minors,
    mobile::{AppSignIn, REDIRECT_URI},
    people::{self, Person, Visit, fresh_photographer},
    photographer::{self, Issued, To, both},
    staff,
};
use serde_json::{Value, json};
use url::Url;

use super::Secret;

const LABEL: &str = "Ταμίας-Νίκη";

pub(crate) struct Everything {
    /// Seconds since 1970.
    pub(crate) began: i64,
    pub(crate) studio: Visit,
    pub(crate) citizen: Visit,
    /// Was sent two one-time passwords, and is not signed in.
    pub(crate) waiting: Visit,
    employee: Visit,
    employee_id: Value,
    minor: String,
    pub(crate) application: Application,
    pub(crate) by_sms: Issued,
    pub(crate) by_email: Issued,
    pub(crate) of_minor: Issued,
    pub(crate) codes: Vec<String>,
    pub(crate) otps: Vec<String>,
    /// What must be nowhere, beside what these visits tell.
    pub(crate) noted: Vec<Secret>,
    /// What applications say: kept in clear in the person's history, or by its hash among what was used once. No line may have it.
    pub(crate) said: Vec<Secret>,
}

impl Everything {
    /// Everybody is there, and codes are sent.
    pub(crate) async fn begin() -> Self {
        let began = application::now();
        let studio = fresh_photographer().await;
        let person = people::fresh("citizen").await;
        let by_sms = photographer::issue_by_sms(&studio, person.mobile()).await;
        let of_minor = photographer::issue_by_sms(&studio, person.mobile()).await;
        let by_email = issue_to_remind(&studio, &To::Email(person.email())).await;
        for issued in [&by_sms, &of_minor, &by_email] {
            photographer::wait_until_sent(&studio, &issued.upload_id).await;
        }
        let mut noted = Vec::new();
        let (employee, employee_id) = staff::employee_of(&studio, LABEL).await;
        let citizen = people::citizen(person, Language::El).await;
        let minor = minors_of(&citizen, &mut noted).await;
        let (waiting, mut otps) = sent_again(&mut noted).await;
        otps.extend([&studio, &citizen, &employee].map(|visit| visit.otp.clone()));
        otps.push(from_an_app(&mut noted).await);
        citizen.browser.get("/v1/session").await.expect(200);
        citizen.browser.get("/applications").await.expect(200);
        citizen.browser.get("/v1/nothing").await.refused(404, "not_found");
        let application = application::fresh(Purpose::Passport).await;
        let codes = [&by_sms, &by_email, &of_minor].map(|issued| issued.code.clone()).into();
        Self {
            began,
            studio,
            citizen,
            waiting,
            employee,
            employee_id,
            minor,
            application,
            by_sms,
            by_email,
            of_minor,
            codes,
            otps,
            noted,
            said: Vec::new(),
        }
    }

    /// A code is in the citizen's hands.
    pub(crate) async fn submit_codes_without_associating(&self) {
        let citizen = own(&self.citizen);
        citizen.submit(&self.by_sms.code).await.expect(200);
        citizen.reject().await.expect(204);
        citizen.submit_and_confirm(&self.by_sms.code).await;
    }

    /// Photos are associated and used; a message has been sent again, elsewhere, with another code. Answers that address and code.
    pub(crate) async fn use_it(&mut self) -> (To, String) {
        let (citizen, browser) = (own(&self.citizen), &self.citizen.browser);
        citizen.take(&self.by_sms.code).await;
        acting(&self.citizen, &self.minor).take(&self.of_minor.code).await;
        let reminded = format!("reminder.{}", self.citizen.person.email());
        citizen.set_reminder(&reminded, Language::El).await.expect(200);
        citizen.show_association().await.expect(200);
        citizen.show_photo(ImageKind::Face).await.expect(200);
        citizen.download().await.expect(200);
        citizen.show_code().await.expect(200);
        browser.get("/v1/applications").await.expect(200);
        citizen.authorize(&[&self.application.id]).await.expect(200);
        self.employee.browser.get("/v1/photographer/issuances").await.expect(200);
        staff::list(&self.studio).await;

        let other = To::Email(format!("again.{}", self.citizen.person.email()));
        photographer::resend_code(&self.studio, &self.by_email.upload_id, Some(&other), None).await.expect(200);
        let again = inbox::code_message(other.address(), 0).await.code();
        self.noted.extend([Secret::new("reminder's address", reminded), Secret::new("corrected address", other.address())]);
        self.codes.push(again.clone());

        let pull = self.signed(&self.pull_claims());
        let pulled = self.application.send(PULLS, &pull).await.expect(200);
        let verdict =
            json!({ "pull": pulled.header("pull-id"), "verdict": "refused", "reason": "other", "text": "Κείμενο για τον πολίτη" });
        let verdict = self.signed(&self.application.claims(VERDICTS, verdict));
        self.application.send(VERDICTS, &verdict).await.expect(200);

        let citizen = own(&self.citizen);
        citizen.authorizations("").await.expect(200);
        citizen.accesses("").await.expect(200);
        citizen.export().await.expect(200);
        (other, again)
    }

    /// All that can be taken back is taken back: the citizen's photos are erased, the minor's dissociated.
    pub(crate) async fn end(&self) {
        let citizen = own(&self.citizen);
        citizen.revoke(&self.application.id).await.expect(204);
        staff::withdraw(&self.studio, &self.employee_id).await.expect(204);
        acting(&self.citizen, &self.minor).dissociate().await.expect(204);
        citizen.erase().await.expect(200);
        self.citizen.browser.delete("/v1/session").await.expect(200);
    }

    pub(crate) fn pull_claims(&self) -> Value {
        self.application.pull_claims(&format!("afm:{}", self.citizen.person.afm), ImageKind::Face)
    }

    /// A request, signed; what must not be found of it is noted.
    pub(crate) fn signed(&mut self, claims: &Value) -> String {
        let token = self.application.sign(claims);
        let signature = token.rsplit('.').next().expect("a signature");
        let never_kept = [Some(signature), claims["sub"].as_str(), claims["pull"].as_str()];
        self.noted.extend(never_kept.into_iter().flatten().map(|value| Secret::new("part of a request", value)));
        let said = ["case", "jti", "text"].into_iter().filter_map(|name| claims[name].as_str());
        self.said.extend(said.map(|value| Secret::new("what an application said", value)));
        token
    }

    /// What must be nowhere.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let mut secrets = self.noted.clone();
        secrets.push(Secret::new("employee's label", LABEL));
        for visit in [&self.studio, &self.citizen, &self.waiting, &self.employee] {
            secrets.extend(about(&visit.person));
            let cookies = visit.browser.all_cookie_values();
            assert!(!cookies.is_empty());
            // A session's key is the hash of its token: it is the token that must be nowhere.
            secrets.extend(cookies.iter().filter(|value| !value.is_empty()).map(|value| Secret::new("cookie", value)));
        }
        for code in &self.codes {
            secrets.push(Secret::new("code number", code));
            secrets.push(Secret::new("code number's bits", CodeNumber::parse(code).expect("a code number").bytes()));
        }
        // A piece of each picture's data, such as it would be if it were stored as it is.
        secrets.extend(both().iter().map(|(_, jpeg)| Secret::new("image data", &jpeg[jpeg.len() / 2..][..32])));
        secrets
    }
}

pub(crate) fn about(person: &Person) -> Vec<Secret> {
    let mobile = person.mobile();
    // The ten national digits are in every way of writing it; hashed, each way is another value.
    let mut secrets: Vec<Secret> = [mobile, &mobile[1..], &mobile[3..]].map(|number| Secret::new("mobile number", number)).into();
    secrets.push(Secret::new("AFM", &person.afm));
    secrets.push(Secret::new("AMKA", person.amka.as_deref().expect("an AMKA")));
    secrets.push(Secret::new("first name", &person.first_name));
    secrets.push(Secret::new("last name", &person.last_name));
    secrets.push(Secret::new("birth date", &person.birth_date));
    secrets.push(Secret::new("email", person.email()));
    secrets.extend(person.businesses.iter().map(|business| Secret::new("business", &business.name)));
    secrets
}

/// Looked at before, and to somebody who wants to be reminded.
async fn issue_to_remind(studio: &Visit, to: &To) -> Issued {
    let upload_id = photographer::upload(studio, FileProfile::Standard, &both()).await;
    photographer::check_photos(studio, &upload_id, Language::El).await.expect(200);
    let view = photographer::issue_code_to_remind(studio, &upload_id, to, Language::En).await.expect(201).json();
    let message = inbox::code_message(to.address(), 0).await;
    Issued { upload_id, code: message.code(), message, view }
}

/// One with an AMKA, one with a PAAYPA: answers the handle of one.
async fn minors_of(guardian: &Visit, noted: &mut Vec<Secret>) -> String {
    let mut handle = String::new();
    for kind in [json!({ "afm": true }), json!({ "paaypa": true })] {
        let minor = minors::fresh(&guardian.person, &kind).await;
        handle = minors::added(guardian, &minor).await;
        // As the registers have them.
        let known = minor.change(&json!({})).await;
        let names = ["first_name", "last_name", "father_name", "mother_name", "birth_date", "afm", "amka", "paaypa"];
        noted.extend(names.into_iter().filter_map(|name| Some(Secret::new(name, known[name].as_str()?))));
    }
    handle
}

/// Somebody who signs in, by hand, and has the one-time password sent again: both are answered.
async fn sent_again(noted: &mut Vec<Secret>) -> (Visit, Vec<String>) {
    let (browser, person) = (Browser::new(Language::El), people::fresh("citizen").await);
    let back = people::press(&people::begin_sign_in(&browser).await, ("afm", &person.afm)).await;
    let address = Url::parse(&back).expect("an address");
    noted.extend(address.query_pairs().map(|(_, value)| Secret::new("TAXISnet's code or state", value.as_bytes())));
    browser.get(&back).await.expect(303);
    let first = inbox::otp(person.mobile(), 0).await;
    let before = inbox::last_seq(person.mobile()).await;
    browser.post("/v1/session/otp/resend", &json!({})).await.expect(200);
    let otp = inbox::otp(person.mobile(), before).await;
    (Visit { browser, person, otp: otp.clone() }, vec![first, otp])
}

/// Somebody signs in from an app; answers the one-time password.
async fn from_an_app(noted: &mut Vec<Secret>) -> String {
    let (browser, app) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let person = people::fresh("citizen").await;
    let code = app.code(&browser, &person).await;
    let token = |answer: &Value| answer["token"].as_str().expect("a token").to_owned();
    let first = token(&app.exchange(&code).await.expect(200).json());
    let otp = inbox::otp(person.mobile(), 0).await;
    let second = token(&people::enter_otp(&Browser::app(Language::El, &first), &otp).await.expect(200).json());
    Browser::app(Language::El, &second).get("/v1/session").await.expect(200);
    let known = [("app's code", &code), ("app's token", &first), ("app's token", &second), ("app's state", &app.state)];
    noted.extend(known.map(|(name, value)| Secret::new(name, value)));
    noted.push(Secret::new("app's verifier", &app.verifier));
    noted.extend(about(&person));
    otp
}
