//! The request that a caller makes to each route.

use domain::{FileProfile, ImageKind, Language};
use journeys::{
    application::{self, PULLS, VERDICTS},
    browser::{Browser, Request, Response},
    kep, minors,
    mobile::{AppSignIn, REDIRECT_URI},
    people::{self, fresh, press},
    photographer::{FACE, declaration, face_only},
    pictures, routes, staff,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::callers::{Caller, Resources};

impl Caller {
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let request = self.request(method, path);
        match body {
            Some(body) => request.json(body).send().await,
            None => request.send().await,
        }
    }

    fn request(&self, method: Method, path: &str) -> Request<'_> {
        let mut request = self.visit.browser.request(method, path);
        if self.signs {
            // An application has no session, so it calls all routes with a signed request.
            let claims = self.application.claims(path, json!({ "sub": "afm:068933130", "image": "face", "case": "x" }));
            request = request.without("origin").header("authorization", &format!("Bearer {}", self.application.sign(&claims)));
        }
        request
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        self.send(Method::POST, path, Some(body)).await
    }

    fn subject_path(&self, rest: &str) -> String {
        format!("/v1/subjects/{}/{rest}", self.subject)
    }

    /// Adds the handle of the case to the body if the caller is a clerk.
    fn with_case(&self, mut body: Value) -> Value {
        if self.name.starts_with("clerk") {
            body["case"] = json!(self.case);
        }
        body
    }

    fn case_path(&self, rest: &str) -> String {
        format!("{}/{}{rest}", kep::CASES, self.case)
    }

    /// Calls a route for applications, with a signed request if the caller is an application.
    async fn call_as_application(&self, path: &str, claims: &Value) -> Response {
        if self.signs {
            return self.application.send(path, &self.application.sign(claims)).await;
        }
        self.visit.browser.post(path, &json!({})).await
    }

    /// Calls the route of an operation.
    pub(super) async fn call(&mut self, operation: &str, resources: &Resources) -> Response {
        let association = self.subject_path("association");
        match operation {
            "unknown_route" => self.get("/v1/nothing").await,
            "web_page" | "serve_web" => self.get(if operation == "web_page" { "/" } else { "/applications" }).await,
            "other_method" => self.send(Method::PATCH, "/v1/session", Some(&json!({}))).await,
            "sign_in" => self.visit.browser.twin().get("/v1/sign-in").await,
            // Signs in with another browser, so that the caller's session is not affected.
            "callback" => {
                let browser = Browser::new(Language::El);
                let page = people::begin_sign_in(&browser).await;
                browser.get(&press(&page, ("afm", &fresh("citizen").await.afm)).await).await
            }
            "exchange_token" => {
                let app = AppSignIn::new(REDIRECT_URI);
                let code = app.code(&Browser::new(Language::El), &fresh("citizen").await).await;
                self.send(Method::POST, "/v1/session/token", Some(&app.exchange_body(&code))).await
            }
            "show_session" => self.get("/v1/session").await,
            "verify_otp" => {
                let otp = if self.visit.otp.is_empty() { "000000" } else { &self.visit.otp };
                // A second browser with the same cookies enters the password and gets the new session, so the caller's browser stays in the
                // state before the password.
                let twin = self.visit.browser.twin();
                if self.signs { self.post("/v1/session/otp", &json!({ "otp": otp })).await } else { people::enter_otp(&twin, otp).await }
            }
            "resend_otp" => match self.name {
                // The call of `verify_otp` has replaced the caller's session by a new one. Another person therefore begins a sign-in, up to
                // the one-time password, and makes this call.
                "before_otp" => {
                    self.visit = people::sign_in_until_otp(fresh("citizen").await, Language::El).await;
                    self.post("/v1/session/otp/resend", &json!({})).await
                }
                _ => self.post("/v1/session/otp/resend", &json!({})).await,
            },
            "list_applications" => self.get("/v1/applications").await,
            "add_minor" => {
                let own = async || minors::fresh(&self.visit.person, &json!({})).await;
                let minor = if let Some(child) = &self.child { child.clone() } else { own().await };
                let response = self.post("/v1/minors", &self.with_case(minor.body())).await;
                if self.child.is_some() && response.status < 400 {
                    // Adding somebody else's minor should be rejected. If it is permitted by mistake, the caller acts for that minor in all
                    // later calls.
                    self.subject = response.json()["subject"].as_str().expect("a handle").to_owned();
                }
                response
            }
            "submit_code" => self.post(&self.subject_path("submissions"), &json!({ "code": self.code.code })).await,
            "reject_photos" => self.send(Method::DELETE, &self.subject_path("submissions/current"), None).await,
            "confirm_photos" => {
                // An earlier call of `reject_photos` ended the submission, so the code is submitted again.
                self.post(&self.subject_path("submissions"), &json!({ "code": self.code.code })).await;
                self.post(&self.subject_path("submissions/current/confirmation"), &json!({})).await
            }
            "associate" => self.send(Method::PUT, &association, Some(&json!({ "agree": true, "version": self.version }))).await,
            "show_association" => self.get(&association).await,
            "set_reminder" => {
                let body = json!({ "email": "somebody@example.gr", "language": "el" });
                self.send(Method::PUT, &format!("{association}/reminder"), Some(&body)).await
            }
            "show_photo" => self.get(&format!("{association}/photos/face")).await,
            "download_photos" => self.get(&format!("{association}/photos.zip")).await,
            "show_code" => self.get(&format!("{association}/code")).await,
            "authorize_application" => {
                self.post(&self.subject_path("authorizations"), &json!({ "applications": [self.application.id] })).await
            }
            "authorization_history" => self.get(&self.subject_path("authorizations")).await,
            "pull_photo" => {
                let subject = format!("afm:{}", resources.person.person.afm);
                self.call_as_application(PULLS, &self.application.pull_claims(&subject, ImageKind::Face)).await
            }
            "report_verdict" => {
                // Only the application that pulled an image may report a verdict on it. All other callers use the ID of a pull by this
                // application, if the application has already made one.
                let accesses = application::accesses(&resources.person).await;
                let given = accesses.iter().find(|access| access["outcome"] == "given").and_then(|access| access["pull"].as_str());
                let mut claims = self.application.claims(VERDICTS, json!({ "verdict": "accepted" }));
                claims["pull"] = json!(given.unwrap_or("none"));
                if self.name == "application" {
                    let subject = format!("afm:{}", resources.person.person.afm);
                    claims["pull"] = json!(self.application.pulled(&subject, ImageKind::Face).await);
                }
                self.call_as_application(VERDICTS, &claims).await
            }
            "access_log" => self.get(&self.subject_path("accesses")).await,
            "case_log" => self.get(&self.subject_path("cases")).await,
            "export_my_data" => self.get(&self.subject_path("export")).await,
            "revoke_authorization" => {
                self.send(Method::DELETE, &self.subject_path(&format!("authorizations/{}", self.application.id)), None).await
            }
            "dissociate" => self.send(Method::DELETE, &association, None).await,
            "erase_my_data" => self.post(&self.subject_path("erasure"), &json!({ "agree": true })).await,
            "locate_face" => self.request(Method::POST, FACE).body("image/jpeg", pictures::small_copy()).send().await,
            "request_upload" => self.post("/v1/photographer/uploads", &declaration(FileProfile::Standard, &face_only())).await,
            "check_photos" => self.post(&format!("/v1/photographer/uploads/{}/check", self.uploaded), &json!({})).await,
            "issue_code" => {
                let recipient = json!({ "kind": "mobile", "value": fresh("citizen").await.mobile() });
                let body = json!({ "upload_id": self.uploaded, "recipient": recipient, "language": "el" });
                self.post("/v1/photographer/issuances", &body).await
            }
            "list_issued" => self.get("/v1/photographer/issuances").await,
            "resend_code" => self.post(&format!("/v1/photographer/issuances/{}/resend", self.sent), &json!({})).await,
            "authorize_staff" => self.post(staff::STAFF, &json!({ "afm": fresh("citizen").await.afm })).await,
            "list_staff" => self.get(staff::STAFF).await,
            "withdraw_staff" => {
                // The owner withdraws another employee, because the caller `staff` still needs the authorization.
                let employee = match self.name {
                    "owner" => {
                        staff::authorize(&self.visit, &fresh("citizen").await.afm, None).await.expect(201).json()["employee"].clone()
                    }
                    _ => self.employee.clone(),
                };
                self.send(Method::DELETE, &format!("{}/{}", staff::STAFF, employee.as_str().expect("an id")), None).await
            }
            "give_consent" => {
                let version = json!(domain::consent::PERSONAL_DATA_VERSION);
                self.post("/v1/session/consent", &self.with_case(json!({ "version": version, "agree": true }))).await
            }
            "choose_role" => self.send(Method::PUT, "/v1/session/role", Some(&json!({ "kind": "citizen" }))).await,
            "sign_out" => self.send(Method::DELETE, "/v1/session", None).await,
            "open_case" => {
                let response = self.post(kep::CASES, &kep::request_for(&fresh("citizen").await)).await;
                if response.status == 201 {
                    let handle = response.json()["handle"].as_str().expect("a handle").to_owned();
                    self.send(Method::DELETE, &format!("{}/{handle}", kep::CASES), None).await.expect(204);
                }
                response
            }
            "show_case" => self.get(&self.case_path("")).await,
            "print_receipt" => self.get(&self.case_path("/receipt.pdf")).await,
            // The presence is already proven in the caller's case, so this request repeats a successful one.
            "confirm_presence" => self.send(Method::PUT, &self.case_path("/presence"), Some(&json!({ "otp": "000000" }))).await,
            "resend_presence" => match self.name {
                // The presence is already proven in the caller's case, so no password can be sent again there. Another clerk opens a new
                // case for this request.
                "clerk_in_case" => {
                    let clerk = kep::fresh_clerk().await;
                    let case = kep::opened(&clerk, &fresh("citizen").await).await;
                    clerk.browser.post(&case.path("/presence/resend"), &json!({})).await
                }
                _ => self.post(&self.case_path("/presence/resend"), &json!({})).await,
            },
            "close_case" => self.send(Method::DELETE, &self.case_path(""), None).await,
            // All other operations are reads, whose requests consist only of the path.
            other => {
                let path =
                    routes::path_of_read(other).unwrap_or_else(|| panic!("{other} is not a read, so its call has to be defined here"));
                self.get(&path.replace("{subject}", &self.subject)).await
            }
        }
    }
}
