use domain::Language;
use journeys::{
    browser::Browser,
    inbox,
    mobile::{self, AppSignIn, REDIRECT_URI},
    people::{self, Person, Visit, enter_otp, fresh_citizen, sign_in_until_otp},
};
use serde_json::{Value, json};

use super::{Operation, boxed, prepared, succeeds};

/// A person who has signed in at TAXISnet but has not returned to the service yet.
struct AtTaxisnet {
    browser: Browser,
    person: Person,
    /// URL to which TAXISnet redirects the browser.
    back: String,
}

pub(super) fn all() -> Vec<Operation> {
    vec![
        Operation::new(
            "sign_in",
            boxed!(|_world| {
                prepared(
                    Browser::new(Language::El),
                    boxed!(|browser| browser.get("/v1/sign-in?return_to=/v1/session").await),
                    boxed!(|_browser, response| assert_eq!(response.status, 303, "{}", response.text())),
                )
            }),
        ),
        Operation::new(
            "callback",
            boxed!(|_world| {
                let (browser, person) = (Browser::new(Language::El), people::fresh("citizen").await);
                let page = people::begin_sign_in(&browser).await;
                let back = people::press(&page, ("afm", &person.afm)).await;
                prepared(
                    AtTaxisnet { browser, person, back },
                    boxed!(|at_taxisnet| at_taxisnet.browser.get(&at_taxisnet.back).await),
                    boxed!(|at_taxisnet, response| {
                        let before = inbox::last_seq(at_taxisnet.person.mobile()).await;
                        assert!(inbox::messages(at_taxisnet.person.mobile(), 0).await.len() <= 1, "one password at most");
                        if response.status == 303 {
                            let otp = inbox::otp(at_taxisnet.person.mobile(), 0).await;
                            enter_otp(&at_taxisnet.browser, &otp).await.expect(200);
                        } else {
                            // The failed request used up the sign-in. A new sign-in must work and send another password.
                            let visit = sign_in_until_otp(at_taxisnet.person.clone(), Language::El).await;
                            assert!(inbox::last_seq(at_taxisnet.person.mobile()).await > before);
                            enter_otp(&visit.browser, &visit.otp).await.expect(200);
                        }
                    }),
                )
            }),
        )
        .or_problems(&[(400, "sign_in_state")]),
        Operation::new(
            "callback",
            boxed!(|_world| {
                let (browser, app, person) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI), people::fresh("citizen").await);
                let page = app.begin(&browser).await;
                let back = people::press(&page, ("afm", &person.afm)).await;
                prepared(
                    (AtTaxisnet { browser, person, back }, app),
                    boxed!(|state| state.0.browser.get(&state.0.back).await),
                    boxed!(|state, response| {
                        let (at_taxisnet, app) = state;
                        let to_app = response.header("location").filter(|to| to.starts_with(REDIRECT_URI));
                        match to_app.and_then(|to| app.returned(to).code) {
                            Some(code) => assert_eq!(app.exchange(&code).await.expect(200).json()["session"]["stage"], "otp"),
                            // The failed request used up the sign-in, or the app received a problem. In both cases the app begins a new
                            // sign-in.
                            None => drop(mobile::sign_in_until_otp(at_taxisnet.person.clone(), Language::El).await),
                        }
                    }),
                )
            }),
        )
        .variant("for an app")
        .or_problems(&[(400, "sign_in_state")]),
        Operation::new(
            "verify_otp",
            boxed!(|_world| {
                let visit = sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
                prepared(
                    visit,
                    boxed!(|visit| enter_otp(&visit.browser, &visit.otp).await),
                    boxed!(|visit, response| {
                        assert_eq!(response.json()["stage"], "consent");
                        visit.browser.get("/v1/session").await.expect(200);
                    }),
                )
            }),
        ),
        Operation::new(
            "resend_otp",
            boxed!(|_world| {
                let visit = sign_in_until_otp(people::fresh("citizen").await, Language::El).await;
                prepared(
                    visit,
                    boxed!(|visit| visit.browser.post("/v1/session/otp/resend", &json!({})).await),
                    boxed!(|visit, _response| {
                        // The last password that was sent is the valid one.
                        let messages = inbox::messages(visit.person.mobile(), 0).await;
                        assert!((2..=4).contains(&messages.len()), "{} messages", messages.len());
                        let otp = messages.last().and_then(inbox::Message::otp).expect("a password");
                        enter_otp(&visit.browser, &otp).await.expect(200);
                    }),
                )
            }),
        ),
        Operation::new(
            "exchange_token",
            boxed!(|_world| {
                let (browser, app, person) = (Browser::new(Language::El), AppSignIn::new(REDIRECT_URI), people::fresh("citizen").await);
                let code = app.code(&browser, &person).await;
                prepared(
                    (app, code, person),
                    boxed!(|state| state.0.exchange(&state.1).await),
                    boxed!(|state, response| {
                        let token = match response.status {
                            200 => response.json()["token"].as_str().expect("a token").to_owned(),
                            // The failed request used up the exchange code. The app then begins a new sign-in.
                            _ => mobile::sign_in_until_otp(state.2.clone(), Language::El)
                                .await
                                .browser
                                .get("/v1/session")
                                .await
                                .expect(200)
                                .json()["stage"]
                                .to_string(),
                        };
                        assert!(!token.is_empty());
                    }),
                )
            }),
        )
        .or_problems(&[(400, "exchange_refused")]),
        Operation::new(
            "show_session",
            boxed!(|_world| prepared(fresh_citizen().await, boxed!(|visit| visit.browser.get("/v1/session").await), succeeds)),
        ),
        Operation::new(
            "choose_role",
            boxed!(|_world| {
                let (visit, _) = people::sign_in(people::fresh("photographer").await, Language::El).await;
                prepared(
                    visit,
                    boxed!(|visit| visit.browser.put("/v1/session/role", &json!({ "kind": "citizen" })).await),
                    boxed!(|visit, response| {
                        assert_eq!(response.json()["role"]["kind"], "citizen");
                        visit.browser.get("/v1/session").await.expect(200);
                    }),
                )
            }),
        ),
        Operation::new(
            "give_consent",
            boxed!(|_world| {
                let (visit, session) = people::sign_in(people::fresh("citizen").await, Language::El).await;
                prepared(
                    (visit, session),
                    boxed!(|state| consent(state).await),
                    boxed!(|state, response| {
                        assert_eq!(response.json()["stage"], "ready");
                        state.0.browser.get("/v1/subjects/self/association").await.rejected(404, "nothing_associated");
                    }),
                )
            }),
        ),
        Operation::new(
            "sign_out",
            boxed!(|_world| {
                let visit = fresh_citizen().await;
                let before = visit.browser.twin();
                prepared(
                    (visit, before),
                    boxed!(|state| state.0.browser.delete("/v1/session").await),
                    boxed!(|state, _response| {
                        state.1.get("/v1/session").await.rejected(401, "session_expired");
                    }),
                )
            }),
        ),
    ]
}

async fn consent((visit, session): &(Visit, Value)) -> journeys::browser::Response {
    visit.browser.post("/v1/session/consent", &json!({ "version": session["consent"]["version"], "agree": true })).await
}
