use std::collections::HashMap;

use reqwest::Response;
use serde_json::{Value, json};

use crate::Sandbox;

const BACK: &str = "http://myphoto.localhost:4566/v1/sign-in/callback";
const MARIA: &str = "454330124";

fn query(back: &str) -> Vec<(&'static str, String)> {
    [("client_id", "client"), ("redirect_uri", back), ("response_type", "code"), ("scope", "read"), ("state", "a b&c")]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec()
}

async fn page(sandbox: &Sandbox, query: &[(&str, String)]) -> Response {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    sandbox.get(&format!("/oauth2server/oauth/authorize?{query}")).send().await.unwrap()
}

/// Presses a button of the page. Returns the parameters of the URL to which the browser is redirected.
async fn press(sandbox: &Sandbox, server: &str, button: (&'static str, &str)) -> HashMap<String, String> {
    let mut form = query(BACK);
    form.push((button.0, button.1.to_owned()));
    let response = sandbox.post(&format!("/{server}/oauth/authorize")).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 302);
    let location = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    assert!(location.as_str().starts_with(BACK));
    location.query_pairs().into_owned().collect()
}

async fn token(sandbox: &Sandbox, server: &str, change: &[(&'static str, &str)]) -> (u16, Value) {
    let mut form =
        HashMap::from([("client_id", "client"), ("client_secret", "secret"), ("redirect_uri", BACK), ("grant_type", "authorization_code")]);
    form.extend(change.iter().copied());
    let response = sandbox.post(&format!("/{server}/oauth/token")).form(&form).send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_code_is_exchanged_for_a_token_that_returns_the_user_info() {
    let sandbox = Sandbox::start().await;
    for server in ["oauth2server", "oauth2serverotp"] {
        let back = press(&sandbox, server, ("afm", MARIA)).await;
        assert_eq!(back["state"], "a b&c");
        let (status, response) = token(&sandbox, server, &[("code", &back["code"])]).await;
        assert_eq!((status, &response["token_type"]), (200, &json!("bearer")));
        let userinfo = sandbox
            .get(&format!("/{server}/userinfo?format=xml"))
            .bearer_auth(response["access_token"].as_str().unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(userinfo.status(), 200);
        let xml = userinfo.text().await.unwrap();
        assert!(xml.starts_with("<root><userinfo userid=\"USER454330124 "), "{xml}");
        assert!(xml.contains(" taxid=\"454330124   \" "), "{xml}");
        assert!(xml.contains("lastname=\"ΠΑΠΑΔΟΠΟΥΛΟΥ   "), "{xml}");
        assert!(xml.contains("birthyear=\"1985  \"/></root>"), "{xml}");
    }
}

#[tokio::test]
async fn the_page_lists_everyone_who_can_sign_in() {
    let sandbox = Sandbox::start().await;
    let created: Value = sandbox.post("/people").json(&json!({ "kind": "citizen" })).send().await.unwrap().json().await.unwrap();
    let response = page(&sandbox, &query(BACK)).await;
    assert_eq!(response.status(), 200);
    let html = response.text().await.unwrap();
    assert!(html.contains(&format!("value=\"{MARIA}\"")));
    assert!(html.contains(&format!("value=\"{}\"", created["afm"].as_str().unwrap())));
    assert!(html.contains("value=\"a b&amp;c\""));
    // A minor, who has no TAXISnet account.
    assert!(!html.contains("ΙΩΑΝΝΑ"));
}

#[tokio::test]
async fn denials_are_redirected_and_unknown_afm_show_the_page_again() {
    let sandbox = Sandbox::start().await;
    let back = press(&sandbox, "oauth2server", ("deny", "1")).await;
    assert_eq!(back, HashMap::from([("error".to_owned(), "access_denied".to_owned()), ("state".to_owned(), "a b&c".to_owned()),]));
    let mut form = query(BACK);
    form.extend([("afm", "068933130".to_owned()), ("lang", "en".to_owned())]);
    let response = sandbox.post("/oauth2server/oauth/authorize").form(&form).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.unwrap().contains("does not know this AFM"));
}

#[tokio::test]
async fn a_request_with_an_unknown_client_or_an_invalid_redirect_uri_is_not_redirected() {
    let sandbox = Sandbox::start().await;
    let mut wrong_client = query(BACK);
    wrong_client[0].1 = "other".to_owned();
    assert_eq!(page(&sandbox, &wrong_client).await.status(), 400);
    for back in ["", "/callback", "javascript:alert(1)", "http://x.localhost/#fragment"] {
        assert_eq!(page(&sandbox, &query(back)).await.status(), 400, "{back}");
        let mut form = query(back);
        form.push(("afm", MARIA.to_owned()));
        let response = sandbox.post("/oauth2server/oauth/authorize").form(&form).send().await.unwrap();
        assert_eq!(response.status(), 400, "{back}");
    }
    let mut wrong_type = query(BACK);
    wrong_type[2].1 = "token".to_owned();
    let response = page(&sandbox, &wrong_type).await;
    assert_eq!(response.status(), 302);
    assert!(response.headers()["location"].to_str().unwrap().contains("error=unsupported_response_type"));
}

#[tokio::test]
async fn a_code_is_valid_once_for_its_client_server_and_redirect_uri() {
    let sandbox = Sandbox::start().await;
    let invalid_grant = (400, json!({ "error": "invalid_grant" }));
    let code = press(&sandbox, "oauth2server", ("afm", MARIA)).await["code"].clone();
    let wrong = token(&sandbox, "oauth2server", &[("code", &code), ("client_secret", "guess")]).await;
    assert_eq!(wrong, (401, json!({ "error": "invalid_client" })));
    assert_eq!(token(&sandbox, "oauth2server", &[("code", &code)]).await.0, 200);
    assert_eq!(token(&sandbox, "oauth2server", &[("code", &code)]).await, invalid_grant);
    assert_eq!(token(&sandbox, "oauth2server", &[("code", "guess")]).await, invalid_grant);

    let code = press(&sandbox, "oauth2server", ("afm", MARIA)).await["code"].clone();
    let elsewhere = [("code", code.as_str()), ("redirect_uri", "http://elsewhere.localhost/")];
    assert_eq!(token(&sandbox, "oauth2server", &elsewhere).await, invalid_grant);
    let code = press(&sandbox, "oauth2server", ("afm", MARIA)).await["code"].clone();
    assert_eq!(token(&sandbox, "oauth2serverotp", &[("code", &code)]).await, invalid_grant);
    let unsupported = token(&sandbox, "oauth2server", &[("grant_type", "password")]).await;
    assert_eq!(unsupported, (400, json!({ "error": "unsupported_grant_type" })));
}

#[tokio::test]
async fn the_client_can_authenticate_with_basic_authorization() {
    let sandbox = Sandbox::start().await;
    let code = press(&sandbox, "oauth2server", ("afm", MARIA)).await["code"].clone();
    let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", BACK)];
    let call = |secret| {
        let call = sandbox.post("/oauth2server/oauth/token").basic_auth("client", Some(secret));
        call.form(&form).send()
    };
    assert_eq!(call("guess").await.unwrap().status(), 401);
    assert_eq!(call("secret").await.unwrap().status(), 200);
}

#[tokio::test]
async fn userinfo_requires_a_token() {
    let sandbox = Sandbox::start().await;
    let path = "/oauth2server/userinfo?format=xml";
    assert_eq!(sandbox.get(path).send().await.unwrap().status(), 401);
    assert_eq!(sandbox.get(path).bearer_auth("guess").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn logout_redirects_to_the_given_url() {
    let sandbox = Sandbox::start().await;
    let get = |path: &str| sandbox.get(path).send();
    let response = get("/oauth2server/logout/client/?url=http%3A%2F%2Fmyphoto.localhost%2F").await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "http://myphoto.localhost/");
    assert_eq!(get("/oauth2server/logout/client/").await.unwrap().status(), 400);
    assert_eq!(get("/oauth2server/logout/other/?url=http%3A%2F%2Fx%2F").await.unwrap().status(), 400);
}
