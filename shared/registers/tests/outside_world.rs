//! What becomes of answers that TAXISnet and the registers should not give, over real HTTP.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

use domain::{Afm, Identifier, Secret};
use registers::{NationalRegisters, RegisterError, Taxisnet, http_client};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const CODE: &str = "authorization-code";

/// A server that answers each connection with the next of `answers`, as they are.
async fn server(answers: &'static [(u16, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for (status, body) in answers {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read(&mut [0; 4096]).await.unwrap();
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    format!("http://{address}")
}

async fn sign_in(base: String) -> Result<String, RegisterError> {
    let taxisnet = Taxisnet::new(http_client().unwrap(), base, "oauth2server".into(), "id".into(), Secret::new("client-secret"));
    taxisnet.person(CODE, "https://x.example/cb").await.map(|person| person.afm.expose().to_owned())
}

#[tokio::test]
async fn a_person_comes_of_token_and_userinfo() {
    let userinfo = r#"<root><userinfo userid="u" taxid="068933130 " lastname="A " firstname="B " fathername="" mothername="" birthyear="1980"/></root>"#;
    let answers: &'static [(u16, &'static str)] = Box::leak(Box::new([(200, r#"{"access_token":"t"}"#), (200, userinfo)]));
    assert_eq!(sign_in(server(answers).await).await.unwrap(), "068933130");
}

#[tokio::test]
async fn a_code_that_taxisnet_does_not_take_is_told_from_a_taxisnet_that_does_not_work() {
    assert!(matches!(sign_in(server(&[(400, r#"{"error":"invalid_grant"}"#)]).await).await, Err(RegisterError::CodeRefused)));
    let broken: [&'static [(u16, &'static str)]; 5] = [
        &[(500, "")],
        &[(401, r#"{"error":"invalid_client"}"#)],
        &[(200, "<html>")],
        &[(200, r#"{"access_token":"t"}"#), (401, "")],
        &[(200, r#"{"access_token":"t"}"#), (200, "<html>maintenance</html>")],
    ];
    for answers in broken {
        let error = sign_in(server(answers).await).await.unwrap_err();
        assert!(matches!(error, RegisterError::Unavailable(_) | RegisterError::Unexpected(_)), "{answers:?}: {error}");
    }
}

#[tokio::test]
async fn nobody_listening_is_unavailable_and_the_error_names_no_secret() {
    let base = server(&[]).await;
    let error = sign_in(base.clone()).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(matches!(error, RegisterError::Unavailable(_)), "{text}");
    assert!(!text.contains(CODE) && !text.contains("client-secret") && !text.contains(&base), "{text}");
}

#[tokio::test]
async fn registers_that_break_their_contract_are_told_from_people_they_do_not_know() {
    let afm = Afm::parse("068933130").unwrap();
    let ask = async |answers| {
        let registers = NationalRegisters::new(http_client().unwrap(), server(answers).await, Secret::new("token"));
        registers.person(&afm).await.unwrap_err()
    };
    assert!(matches!(ask(&[(404, r#"{"code":"person_unknown"}"#)]).await, RegisterError::PersonUnknown));
    assert!(matches!(ask(&[(200, "{}")]).await, RegisterError::Unexpected(_)));
    assert!(matches!(ask(&[(503, "")]).await, RegisterError::Unavailable(_)));
    let wrong_amka = r#"{"afm":"068933130","amka":"12345678901","paaypa":null,"first_name":"A","last_name":"B","birth_date":"1980-01-01"}"#;
    let answers: &'static [(u16, &'static str)] = Box::leak(Box::new([(200, wrong_amka)]));
    assert!(matches!(ask(answers).await, RegisterError::Unexpected(_)));
}

#[tokio::test]
async fn a_response_that_does_not_hold_the_number_asked_about_is_an_error_of_its_own() {
    let [afm, other] = ["068933130", "454330124"].map(|number| Afm::parse(number).unwrap());
    let minor = Identifier::Amka(domain::Amka::parse("22111603142").unwrap());
    let registers = async |body: String| {
        let answers: &'static [(u16, &'static str)] = Box::leak(Box::new([(200, &*Box::leak(body.into_boxed_str()))]));
        NationalRegisters::new(http_client().unwrap(), server(answers).await, Secret::new("token"))
    };
    let person = |afm: &str, amka: &str| {
        format!(r#"{{"afm":{afm},"amka":{amka},"paaypa":null,"first_name":"A","last_name":"B","birth_date":"2016-11-22"}}"#)
    };
    for (named, is_asked) in [(r#""068933130""#, true), (r#""454330124""#, false)] {
        let matches = |error: Option<RegisterError>| match error {
            None => true,
            Some(RegisterError::AnotherPerson(_)) => false,
            Some(other) => panic!("{other}"),
        };
        let body = person(named, "null");
        assert_eq!(matches(registers(body).await.person(&afm).await.err()), is_asked, "person");
        let body = format!(r#"{{"afm":{named},"mobile":"+306912345678"}}"#);
        assert_eq!(matches(registers(body).await.confirmed_mobile(&afm).await.err()), is_asked, "contact");
        let body = format!(r#"{{"afm":{named},"businesses":[]}}"#);
        assert_eq!(matches(registers(body).await.businesses(&afm).await.err()), is_asked, "businesses");
        // The custodian.
        let body = format!(r#"{{"custodian_afm":{named},"minor":{},"custody":true}}"#, person("null", r#""22111603142""#));
        assert_eq!(matches(registers(body).await.custody(&afm, &minor).await.err()), is_asked, "custodian");
    }
    // The minor: another AMKA, or none.
    for amka in [r#""20021404114""#, "null"] {
        let body = format!(r#"{{"custodian_afm":"454330124","minor":{},"custody":true}}"#, person("null", amka));
        let error = registers(body).await.custody(&other, &minor).await.unwrap_err();
        assert!(matches!(error, RegisterError::AnotherPerson("v1/custody")), "{error}");
    }
    // A response that names nobody breaks the contract.
    let body = r#"{"mobile":"+306912345678"}"#.to_owned();
    assert!(matches!(registers(body).await.confirmed_mobile(&afm).await, Err(RegisterError::Unexpected(_))));
    let body = person("null", "null");
    assert!(matches!(registers(body).await.person(&afm).await, Err(RegisterError::AnotherPerson("v1/person"))));
}

#[tokio::test]
async fn a_register_that_names_no_greek_mobile_names_none() {
    let afm = Afm::parse("068933130").unwrap();
    for (answer, found) in [
        (r#"{"mobile":"6912345678"}"#, true),
        (r#"{"mobile":"+306912345678"}"#, true),
        (r#"{"mobile":null}"#, false),
        (r#"{"mobile":"+447912345678"}"#, false),
        (r#"{"mobile":"9012345678"}"#, false),
        (r#"{"mobile":"+881612345678"}"#, false),
        (r#"{"mobile":"2101234567"}"#, false),
    ] {
        let answer: &'static str = Box::leak(answer.replacen('{', r#"{"afm":"068933130","#, 1).into_boxed_str());
        let answers: &'static [(u16, &'static str)] = Box::leak(Box::new([(200, answer)]));
        let registers = NationalRegisters::new(http_client().unwrap(), server(answers).await, Secret::new("token"));
        assert_eq!(registers.confirmed_mobile(&afm).await.unwrap().is_some(), found, "{answer}");
    }
}

/// The alarm on such responses finds them by the first word of the cause.
#[test]
fn the_cause_of_a_mismatch_begins_with_the_word_that_the_alarm_looks_for() {
    let watch = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/watch.yaml")).unwrap();
    let cause = RegisterError::AnotherPerson("v1/person").to_string();
    let word = cause.split(':').next().unwrap();
    assert!(watch.contains(&format!(r#"RegisterMismatches: {{Text: '{{ $.cause = "{word}*" }}'}}"#)), "{cause}");
}
