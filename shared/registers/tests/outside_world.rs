//! Handling of unexpected responses of TAXISnet and the registers, over HTTP.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test that calls it")]

use domain::{Afm, Identifier, Secret};
use registers::{NationalRegisters, RegisterError, Taxisnet, http_client};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const CODE: &str = "authorization-code";

/// Starts a server that sends the next of `responses` on each connection, and returns its URL.
async fn server(responses: &'static [(u16, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for (status, body) in responses {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read(&mut [0; 4096]).await.unwrap();
            let response = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            connection.write_all(response.as_bytes()).await.unwrap();
        }
    });
    format!("http://{address}")
}

async fn sign_in(base: String) -> Result<String, RegisterError> {
    let taxisnet = Taxisnet::new(http_client().unwrap(), base, "oauth2server".into(), "id".into(), Secret::new("client-secret"));
    taxisnet.person(CODE, "https://x.example/cb").await.map(|person| person.afm.expose().to_owned())
}

#[tokio::test]
async fn a_person_is_read_from_userinfo_with_the_access_token() {
    let userinfo = r#"<root><userinfo userid="u" taxid="068933130 " lastname="A " firstname="B " fathername="" mothername="" birthyear="1980"/></root>"#;
    let responses: &'static [(u16, &'static str)] = Box::leak(Box::new([(200, r#"{"access_token":"t"}"#), (200, userinfo)]));
    assert_eq!(sign_in(server(responses).await).await.unwrap(), "068933130");
}

#[tokio::test]
async fn a_rejected_code_and_a_failure_of_taxisnet_are_different_errors() {
    assert!(matches!(sign_in(server(&[(400, r#"{"error":"invalid_grant"}"#)]).await).await, Err(RegisterError::CodeRefused)));
    let broken: [&'static [(u16, &'static str)]; 5] = [
        &[(500, "")],
        &[(401, r#"{"error":"invalid_client"}"#)],
        &[(200, "<html>")],
        &[(200, r#"{"access_token":"t"}"#), (401, "")],
        &[(200, r#"{"access_token":"t"}"#), (200, "<html>maintenance</html>")],
    ];
    for responses in broken {
        let error = sign_in(server(responses).await).await.unwrap_err();
        assert!(matches!(error, RegisterError::Unavailable(_) | RegisterError::Unexpected(_)), "{responses:?}: {error}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_unavailable_and_the_error_contains_no_secret() {
    let base = server(&[]).await;
    let error = sign_in(base.clone()).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(matches!(error, RegisterError::Unavailable(_)), "{text}");
    assert!(!text.contains(CODE) && !text.contains("client-secret") && !text.contains(&base), "{text}");
}

#[tokio::test]
async fn an_unknown_person_and_a_broken_contract_are_different_errors() {
    let afm = Afm::parse("068933130").unwrap();
    let error_for = async |responses| {
        let registers = NationalRegisters::new(http_client().unwrap(), server(responses).await, Secret::new("token"));
        registers.person(&afm).await.unwrap_err()
    };
    assert!(matches!(error_for(&[(404, r#"{"code":"person_unknown"}"#)]).await, RegisterError::PersonUnknown));
    assert!(matches!(error_for(&[(200, "{}")]).await, RegisterError::Unexpected(_)));
    assert!(matches!(error_for(&[(503, "")]).await, RegisterError::Unavailable(_)));
    let wrong_amka = r#"{"afm":"068933130","amka":"12345678901","paaypa":null,"first_name":"A","last_name":"B","birth_date":"1980-01-01"}"#;
    let responses: &'static [(u16, &'static str)] = Box::leak(Box::new([(200, wrong_amka)]));
    assert!(matches!(error_for(responses).await, RegisterError::Unexpected(_)));
}

#[tokio::test]
async fn a_person_whom_a_register_does_not_know_has_no_mobile_number_no_business_and_no_office() {
    let afm = Afm::parse("068933130").unwrap();
    let unknown: &'static [(u16, &'static str)] = &[(404, r#"{"code":"person_unknown"}"#); 3];
    let registers = NationalRegisters::new(http_client().unwrap(), server(unknown).await, Secret::new("token"));
    assert!(registers.confirmed_mobile(&afm).await.unwrap().is_none());
    assert!(registers.businesses(&afm).await.unwrap().is_empty());
    assert!(registers.kep_offices(&afm).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_response_without_the_requested_number_is_an_error_of_its_own() {
    let [afm, other] = ["068933130", "454330124"].map(|number| Afm::parse(number).unwrap());
    let minor = Identifier::Amka(domain::Amka::parse("22111603142").unwrap());
    let registers = async |body: String| {
        let responses: &'static [(u16, &'static str)] = Box::leak(Box::new([(200, &*Box::leak(body.into_boxed_str()))]));
        NationalRegisters::new(http_client().unwrap(), server(responses).await, Secret::new("token"))
    };
    let person = |afm: &str, amka: &str| {
        format!(r#"{{"afm":{afm},"amka":{amka},"paaypa":null,"first_name":"A","last_name":"B","birth_date":"2016-11-22"}}"#)
    };
    for (returned, is_requested) in [(r#""068933130""#, true), (r#""454330124""#, false)] {
        let matches = |error: Option<RegisterError>| match error {
            None => true,
            Some(RegisterError::AnotherPerson(_)) => false,
            Some(other) => panic!("{other}"),
        };
        let body = person(returned, "null");
        assert_eq!(matches(registers(body).await.person(&afm).await.err()), is_requested, "person");
        let body = format!(r#"{{"afm":{returned},"mobile":"+306912345678"}}"#);
        assert_eq!(matches(registers(body).await.confirmed_mobile(&afm).await.err()), is_requested, "contact");
        let body = format!(r#"{{"afm":{returned},"businesses":[]}}"#);
        assert_eq!(matches(registers(body).await.businesses(&afm).await.err()), is_requested, "businesses");
        let body = format!(r#"{{"afm":{returned},"offices":[{{"id":"KEP-1","name":"ΚΕΠ"}}]}}"#);
        assert_eq!(matches(registers(body).await.kep_offices(&afm).await.err()), is_requested, "offices");
        let number = Identifier::Afm(afm.clone());
        assert_eq!(matches(registers(person(returned, "null")).await.person_by_number(&number).await.err()), is_requested, "number");
        // The response contains the requested minor, and `returned` as the AFM of the custodian.
        let body = format!(r#"{{"custodian_afm":{returned},"minor":{},"custody":true}}"#, person("null", r#""22111603142""#));
        assert_eq!(matches(registers(body).await.custody(&afm, &minor).await.err()), is_requested, "custodian");
    }
    // The response has another AMKA for the minor, or none.
    for amka in [r#""20021404114""#, "null"] {
        let body = format!(r#"{{"custodian_afm":"454330124","minor":{},"custody":true}}"#, person("null", amka));
        let error = registers(body).await.custody(&other, &minor).await.unwrap_err();
        assert!(matches!(error, RegisterError::AnotherPerson("v1/custody")), "{error}");
    }
    // The AFM of the response matches, but another number was requested.
    for amka in [r#""20021404114""#, "null"] {
        let error = registers(person(r#""068933130""#, amka)).await.person_by_number(&minor).await.unwrap_err();
        assert!(matches!(error, RegisterError::AnotherPerson("v1/person-by-number")), "{error}");
    }
    // A PAAYPA does not match an AMKA with the same digits.
    let body = r#"{"afm":null,"amka":null,"paaypa":"22111603142","first_name":"A","last_name":"B","birth_date":"2016-11-22"}"#.to_owned();
    assert!(matches!(registers(body).await.person_by_number(&minor).await, Err(RegisterError::AnotherPerson(_))));
    // A response that lacks the AFM breaks the contract. A person whose AFM is `null` counts as another person.
    let body = r#"{"mobile":"+306912345678"}"#.to_owned();
    assert!(matches!(registers(body).await.confirmed_mobile(&afm).await, Err(RegisterError::Unexpected(_))));
    let body = person("null", "null");
    assert!(matches!(registers(body).await.person(&afm).await, Err(RegisterError::AnotherPerson("v1/person"))));
}

/// The ID and the name of an office must have the forms that `OfficeId` and `OfficeName` accept. The name is part of messages to people.
#[tokio::test]
async fn an_office_without_a_usable_id_or_name_breaks_the_contract() {
    let afm = Afm::parse("068933130").unwrap();
    for (office, is_usable) in [
        (r#"{"id":"KEP-0417","name":"ΚΕΠ Δήμου Ασπροχωρίου"}"#, true),
        (r#"{"id":"KEP-0417","name":"ΚΕΠ","since":"2020-01-01"}"#, true),
        (r#"{"id":"KEP/0417","name":"ΚΕΠ"}"#, false),
        (r#"{"id":"","name":"ΚΕΠ"}"#, false),
        (r#"{"id":"KEP-0417","name":""}"#, false),
        (r#"{"id":"KEP-0417"}"#, false),
    ] {
        let body: &'static str = Box::leak(format!(r#"{{"afm":"068933130","offices":[{office}]}}"#).into_boxed_str());
        let responses: &'static [(u16, &'static str)] = Box::leak(Box::new([(200, body)]));
        let registers = NationalRegisters::new(http_client().unwrap(), server(responses).await, Secret::new("token"));
        match registers.kep_offices(&afm).await {
            Ok(offices) => assert!(is_usable && offices[0].id.as_str() == "KEP-0417", "{office}"),
            Err(error) => assert!(!is_usable && matches!(error, RegisterError::Unexpected(_)), "{office}: {error}"),
        }
    }
}

#[tokio::test]
async fn only_a_greek_mobile_number_counts_as_confirmed() {
    let afm = Afm::parse("068933130").unwrap();
    for (response, is_found) in [
        (r#"{"mobile":"6912345678"}"#, true),
        (r#"{"mobile":"+306912345678"}"#, true),
        (r#"{"mobile":null}"#, false),
        (r#"{"mobile":"+447912345678"}"#, false),
        (r#"{"mobile":"9012345678"}"#, false),
        (r#"{"mobile":"+881612345678"}"#, false),
        (r#"{"mobile":"2101234567"}"#, false),
    ] {
        let response: &'static str = Box::leak(response.replacen('{', r#"{"afm":"068933130","#, 1).into_boxed_str());
        let responses: &'static [(u16, &'static str)] = Box::leak(Box::new([(200, response)]));
        let registers = NationalRegisters::new(http_client().unwrap(), server(responses).await, Secret::new("token"));
        assert_eq!(registers.confirmed_mobile(&afm).await.unwrap().is_some(), is_found, "{response}");
    }
}

/// The log line of a rejected response contains the text of the error as `cause`. The alarm `RegisterMismatches` matches the first word of
/// this text.
#[test]
fn the_cause_of_a_mismatch_begins_with_the_word_that_the_alarm_matches() {
    let watch = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/watch.yaml")).unwrap();
    let cause = RegisterError::AnotherPerson("v1/person").to_string();
    let word = cause.split(':').next().unwrap();
    assert!(watch.contains(&format!(r#"RegisterMismatches: {{Text: '{{ $.cause = "{word}*" }}'}}"#)), "{cause}");
}
