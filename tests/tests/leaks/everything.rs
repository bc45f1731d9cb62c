//! Calls every operation successfully at least once. The test knows the data of the people who call them, so that it can search storage and
//! logs for this data.
//!
//! The calls are divided into steps, so that a test can examine what is stored between them. [`super::lines`] verifies from the functions'
//! logs that each operation succeeded.

use domain::{AthensDay, AthensMonth, CodeNumber, FileProfile, ImageKind, Language, Moment, application::Purpose, time::Span};
use journeys::{
    application::{self, Application, PULLS, VERDICTS},
    browser::Browser,
    citizen::{acting, own},
    inbox, midnight, minors,
    mobile::{AppSignIn, REDIRECT_URI},
    people::{self, Person, Visit, fresh_photographer},
    photographer::{self, Issued, To, both, face_only},
    pictures, routes, ses, staff,
};
use serde_json::{Value, json};
use url::Url;

use super::{Secret, kep::CaseOfClerk};

const LABEL: &str = "Ταμίας-Νίκη";
const REFERENCE: &str = "Παραγγελία-Ζήνων-8417";
/// The beginning of [`REFERENCE`] in two forms: as a photographer may type it to search, and in the normalised form that the search
/// compares.
const SEARCHED: [&str; 2] = ["ΠΑΡΑΓΓΕΛΙΑ-ΖΗΝ", "παραγγελια-ζην"];

pub(crate) struct Everything {
    /// Seconds since 1970.
    pub(crate) began: i64,
    pub(crate) studio: Visit,
    pub(crate) citizen: Visit,
    /// A person who received two one-time passwords and has entered neither.
    pub(crate) waiting: Visit,
    employee: Visit,
    employee_id: Value,
    minor: String,
    pub(crate) application: Application,
    /// The case of a KEP clerk, which [`Everything::use_photos`] opens. `None` before.
    case: Option<CaseOfClerk>,
    pub(crate) by_sms: Issued,
    pub(crate) by_email: Issued,
    pub(crate) of_minor: Issued,
    pub(crate) codes: Vec<String>,
    pub(crate) otps: Vec<String>,
    /// Values that must be stored and logged nowhere, in addition to those that [`Everything::secrets`] derives from the visits and codes.
    pub(crate) more_secrets: Vec<Secret>,
    /// Values that the application sends and that must not be logged. They are not secret in storage: the person's history stores them in
    /// clear, and the table of nonces stores the hash of `jti`.
    pub(crate) application_texts: Vec<Secret>,
}

impl Everything {
    /// Signs everybody in and issues the codes.
    pub(crate) async fn begin() -> Self {
        midnight::avoid(Span::minutes(5)).await;
        let began = application::now();
        let studio = fresh_photographer().await;
        let person = people::fresh("citizen").await;
        let by_sms = photographer::issue_by_sms(&studio, person.mobile()).await;
        let of_minor = photographer::issue_by_sms(&studio, person.mobile()).await;
        let by_email = issue_to_remind(&studio, &To::Email(person.email())).await;
        for issued in [&by_sms, &of_minor, &by_email] {
            photographer::wait_until_sent(&studio, &issued.upload_id).await;
        }
        let mut more_secrets = Vec::new();
        let code_without_face = issue_without_face(&studio, &person, &mut more_secrets).await;
        let code_with_reference = issue_with_reference(&studio, &person, &mut more_secrets).await;
        locate_face(&studio, &mut more_secrets).await;
        let (employee, employee_id) = staff::employee_of(&studio, LABEL).await;
        let citizen = people::citizen(person, Language::El).await;
        let minor = minors_of(&citizen, &mut more_secrets).await;
        let (waiting, mut otps) = request_two_otps(&mut more_secrets).await;
        otps.extend([&studio, &citizen, &employee].map(|visit| visit.otp.clone()));
        otps.push(sign_in_from_an_app(&mut more_secrets).await);
        citizen.browser.get("/v1/session").await.expect(200);
        citizen.browser.get("/applications").await.expect(200);
        citizen.browser.get("/v1/nothing").await.rejected(404, "not_found");
        let application = application::fresh(Purpose::Passport).await;
        let mut codes: Vec<String> = [&by_sms, &by_email, &of_minor].map(|issued| issued.code.clone()).into();
        codes.extend([code_without_face, code_with_reference]);
        Self {
            began,
            studio,
            citizen,
            waiting,
            employee,
            employee_id,
            minor,
            application,
            case: None,
            by_sms,
            by_email,
            of_minor,
            codes,
            otps,
            more_secrets,
            application_texts: Vec::new(),
        }
    }

    /// Submits a code and rejects its photos. Then submits the same code again and confirms its photos.
    pub(crate) async fn submit_codes_without_associating(&self) {
        let citizen = own(&self.citizen);
        citizen.submit(&self.by_sms.code).await.expect(200);
        citizen.reject().await.expect(204);
        citizen.submit_and_confirm(&self.by_sms.code).await;
    }

    /// Associates and uses photos, at home and in a clerk's case at a KEP. Corrects the recipient of a code. Returns the new recipient and
    /// the new code that this recipient got.
    pub(crate) async fn use_photos(&mut self) -> (To, String) {
        let citizen = own(&self.citizen);
        citizen.take(&self.by_sms.code).await;
        acting(&self.citizen, &self.minor).take(&self.of_minor.code).await;
        let reminded = format!("reminder.{}", self.citizen.person.email());
        citizen.set_reminder(&reminded, Language::El).await.expect(200);
        citizen.show_photo(ImageKind::Face).await.expect(200);
        citizen.download().await.expect(200);
        citizen.show_code().await.expect(200);
        citizen.authorize(&[&self.application.id]).await.expect(200);
        self.employee.browser.get("/v1/photographer/issuances").await.expect(200);
        let today = AthensDay::of(Moment::from_epoch_seconds(application::now()));
        let found =
            photographer::search(&self.employee, SEARCHED[0], &format!("month={}", AthensMonth::of(today))).await.expect(200).json();
        assert_eq!(found["issuances"][0]["reference"], REFERENCE);
        photographer::search(&self.employee, SEARCHED[0], "").await.rejected(422, "invalid_field");
        let case = CaseOfClerk::begin(&self.studio, &self.application.id).await;
        self.otps.extend(case.otps.clone());
        self.codes.extend(case.codes.clone());
        self.more_secrets.extend(case.secrets.clone());
        self.case = Some(case);

        ses::report("unknown", &self.by_email.message).await;
        let other = To::Email(format!("again.{}", self.citizen.person.email()));
        photographer::resend_code(&self.studio, &self.by_email.upload_id, Some(&other), None).await.expect(200);
        let again = inbox::code_message(other.address(), 0).await.code();
        self.more_secrets.extend([Secret::new("reminder's address", reminded), Secret::new("corrected address", other.address())]);
        self.codes.push(again.clone());

        let pull = self.signed(&self.pull_claims());
        let pulled = self.application.send(PULLS, &pull).await.expect(200);
        let verdict =
            json!({ "pull": pulled.header("pull-id"), "verdict": "refused", "reason": "other", "text": "Κείμενο για τον πολίτη" });
        let verdict = self.signed(&self.application.claims(VERDICTS, verdict));
        self.application.send(VERDICTS, &verdict).await.expect(200);

        for path in routes::reads() {
            let visit = if path.starts_with("/v1/photographer/") { &self.studio } else { &self.citizen };
            let response = visit.browser.get(&path.replace("{subject}", "self")).await;
            assert_eq!(response.status, 200, "{path}: {}", response.text());
        }
        (other, again)
    }

    /// Ends what can be ended: authorizations, associations, the clerk's case and the citizen's session. Also erases the citizen's photos.
    pub(crate) async fn end(&self) {
        let citizen = own(&self.citizen);
        citizen.revoke(&self.application.id).await.expect(204);
        self.case.as_ref().expect("a case").end(&self.application.id).await;
        staff::withdraw(&self.studio, &self.employee_id).await.expect(204);
        acting(&self.citizen, &self.minor).dissociate().await.expect(204);
        citizen.erase().await.expect(200);
        self.citizen.browser.delete("/v1/session").await.expect(200);
    }

    pub(crate) fn pull_claims(&self) -> Value {
        self.application.pull_claims(&format!("afm:{}", self.citizen.person.afm), ImageKind::Face)
    }

    /// Signs a request, and records those of its values that must not be logged or stored.
    pub(crate) fn signed(&mut self, claims: &Value) -> String {
        let token = self.application.sign(claims);
        let signature = token.rsplit('.').next().expect("a signature");
        let never_stored = [Some(signature), claims["sub"].as_str(), claims["pull"].as_str()];
        self.more_secrets.extend(never_stored.into_iter().flatten().map(|value| Secret::new("part of a request", value)));
        let texts = ["case", "jti", "text"].into_iter().filter_map(|name| claims[name].as_str());
        self.application_texts.extend(texts.map(|value| Secret::new("text of an application", value)));
        token
    }

    /// Returns all values that must be stored and logged nowhere.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let mut secrets = self.more_secrets.clone();
        secrets.push(Secret::new("employee's label", LABEL));
        secrets.extend([REFERENCE].iter().chain(&SEARCHED).map(|text| Secret::new("reference", *text)));
        for visit in [&self.studio, &self.citizen, &self.waiting, &self.employee] {
            secrets.extend(about(&visit.person));
            let cookies = visit.browser.all_cookie_values();
            assert!(!cookies.is_empty());
            // The hash of a session token is the key of the session's item, but the token itself must be stored nowhere.
            secrets.extend(cookies.iter().filter(|value| !value.is_empty()).map(|value| Secret::new("cookie", value)));
        }
        for code in &self.codes {
            secrets.push(Secret::new("code number", code));
            secrets.push(Secret::new("code number's bits", CodeNumber::parse(code).expect("a code number").bytes()));
        }
        // 32 bytes from the middle of each picture. Storage would contain them if the picture were stored unsealed.
        secrets.extend(both().iter().map(|(_, jpeg)| Secret::new("image data", &jpeg[jpeg.len() / 2..][..32])));
        secrets
    }
}

/// Returns the personal data of a person.
pub(crate) fn about(person: &Person) -> Vec<Secret> {
    let mobile = person.mobile();
    // A mobile number can be written with or without its country code. The ten national digits would find every form in clear, but each
    // form has a different hash, so all forms are searched.
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

/// Checks photos and issues a code for them to a recipient who agreed to be reminded.
async fn issue_to_remind(studio: &Visit, to: &To) -> Issued {
    let upload_id = photographer::upload(studio, FileProfile::Standard, &both()).await;
    photographer::check_photos(studio, &upload_id, Language::El).await.expect(200);
    let view = photographer::issue_code_with_reminder(studio, &upload_id, to, Language::En).await.expect(201).json();
    let message = inbox::code_message(to.address(), 0).await;
    Issued { upload_id, code: message.code(), message, view }
}

/// Issues a code although no face was found. Returns the code.
async fn issue_without_face(studio: &Visit, person: &Person, more_secrets: &mut Vec<Secret>) -> String {
    let to = To::Email(format!("covered.{}", person.email()));
    let upload_id = photographer::rejected_twice(studio).await;
    let without_face = json!({ "reason": "face_covered_for_medical_reasons", "text": "Επίδεσμος μετά από εγχείρηση" });
    photographer::issue_code_without_face(studio, &upload_id, &to, &without_face).await.expect(201);
    photographer::wait_until_sent(studio, &upload_id).await;
    more_secrets.push(Secret::new("recipient", to.address()));
    let texts = ["reason", "text"].map(|name| without_face[name].as_str().expect("a text"));
    more_secrets.extend(texts.map(|text| Secret::new("why there is no face", text)));
    inbox::code_message(to.address(), 0).await.code()
}

/// Issues a code with a reference, and sends it again to a corrected recipient. The resend retains the reference. Returns the last code.
async fn issue_with_reference(studio: &Visit, person: &Person, more_secrets: &mut Vec<Secret>) -> String {
    let [to, other] = ["order", "corrected"].map(|name| To::Email(format!("{name}.{}", person.email())));
    let upload_id = photographer::upload(studio, FileProfile::Standard, &face_only()).await;
    photographer::issue_code_with_reference(studio, &upload_id, &to, &json!(REFERENCE)).await.expect(201);
    photographer::wait_until_sent(studio, &upload_id).await;
    photographer::resend_code(studio, &upload_id, Some(&other), None).await.expect(200);
    photographer::wait_until_sent(studio, &upload_id).await;
    assert_eq!(photographer::listed(studio, &upload_id).await["reference"], REFERENCE);
    let messages = [inbox::code_message(to.address(), 0).await, inbox::code_message(other.address(), 0).await];
    for message in &messages {
        let texts = [Some(&message.text), message.html.as_ref(), message.subject.as_ref()];
        assert!(texts.into_iter().flatten().all(|text| !text.contains(REFERENCE)), "the message contains the reference");
    }
    more_secrets.extend([&to, &other].map(|to| Secret::new("recipient", to.address())));
    more_secrets.push(Secret::new("replaced code number", messages[0].code()));
    messages[1].code()
}

/// Requests the position of a face. Neither the picture nor the position may be stored or logged.
async fn locate_face(studio: &Visit, more_secrets: &mut Vec<Secret>) {
    let copy = pictures::small_copy();
    let face = photographer::locate_face(studio, &copy).await.expect(200).json()["face"].clone();
    more_secrets.push(Secret::new("image data of the small copy", &copy[copy.len() / 2..][..32]));
    let points = ["left_eye", "right_eye", "chin", "crown"].iter().flat_map(|name| ["x", "y"].map(|axis| face[*name][axis].to_string()));
    // A shorter number could occur by chance.
    let points: Vec<String> = points.filter(|number| number.len() >= 6).collect();
    assert!(!points.is_empty(), "{face}");
    more_secrets.extend(points.iter().map(|number| Secret::new("position of the face", number)));
}

/// Adds two minors to the guardian's session, one with an AMKA and one with a PAAYPA. Returns the handle of the second.
async fn minors_of(guardian: &Visit, more_secrets: &mut Vec<Secret>) -> String {
    let mut handle = String::new();
    for kind in [json!({ "afm": true }), json!({ "paaypa": true })] {
        let minor = minors::fresh(&guardian.person, &kind).await;
        handle = minors::added(guardian, &minor).await;
        // A change without members changes nothing, and returns the minor's data in the registers.
        let registered = minor.change(&json!({})).await;
        let names = ["first_name", "last_name", "father_name", "mother_name", "birth_date", "afm", "amka", "paaypa"];
        more_secrets.extend(names.into_iter().filter_map(|name| Some(Secret::new(name, registered[name].as_str()?))));
    }
    handle
}

/// Begins a sign-in and requests a second one-time password. Returns the visit, which is not signed in, and both passwords.
async fn request_two_otps(more_secrets: &mut Vec<Secret>) -> (Visit, Vec<String>) {
    let (browser, person) = (Browser::new(Language::El), people::fresh("citizen").await);
    let back = people::press(&people::begin_sign_in(&browser).await, ("afm", &person.afm)).await;
    let url = Url::parse(&back).expect("a URL");
    more_secrets.extend(url.query_pairs().map(|(_, value)| Secret::new("TAXISnet's code or state", value.as_bytes())));
    browser.get(&back).await.expect(303);
    let first = inbox::otp(person.mobile(), 0).await;
    let before = inbox::last_seq(person.mobile()).await;
    browser.post("/v1/session/otp/resend", &json!({})).await.expect(200);
    let otp = inbox::otp(person.mobile(), before).await;
    (Visit { browser, person, otp: otp.clone() }, vec![first, otp])
}

/// Signs a new citizen in from an app. Returns the one-time password.
async fn sign_in_from_an_app(more_secrets: &mut Vec<Secret>) -> String {
    let (browser, app) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI));
    let person = people::fresh("citizen").await;
    let code = app.code(&browser, &person).await;
    let token = |response: &Value| response["token"].as_str().expect("a token").to_owned();
    let first = token(&app.exchange(&code).await.expect(200).json());
    let otp = inbox::otp(person.mobile(), 0).await;
    let second = token(&people::enter_otp(&Browser::app(Language::El, &first), &otp).await.expect(200).json());
    Browser::app(Language::El, &second).get("/v1/session").await.expect(200);
    let app_secrets = [("app's code", &code), ("app's token", &first), ("app's token", &second), ("app's state", &app.state)];
    more_secrets.extend(app_secrets.map(|(name, value)| Secret::new(name, value)));
    more_secrets.push(Secret::new("app's verifier", &app.verifier));
    more_secrets.extend(about(&person));
    otp
}
