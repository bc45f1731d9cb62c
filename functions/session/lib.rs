//! Code shared by the functions for sessions.

use std::time::Duration;

use domain::{Afm, GreekMobile, otp::Otp};
use edge::{Failure, otp::Unsent};
use messages::problem::Problem;
use registers::{NationalRegisters, OwnedBusiness, RegisterError, RegisteredPerson};
use sending::Sms;
use storage::{
    sealing::IdentifierHasher,
    sessions::{ClerkOffice, Session},
};

/// Returns the URL to which TAXISnet redirects the browser.
pub fn redirect_uri(public_origin: &str) -> String {
    format!("{public_origin}/v1/sign-in/callback")
}

/// Requests a person, their confirmed mobile number and their businesses from the registers concurrently. Only the citizens' registry must
/// know the person.
///
/// # Errors
/// If several requests fail, returns the error of the first of them in the order person, mobile number, businesses. The same failures
/// therefore lead to the same response, regardless of which response of the registers arrived first.
pub async fn query_registers(
    registers: &NationalRegisters,
    afm: &Afm,
) -> Result<(RegisteredPerson, Option<GreekMobile>, Vec<OwnedBusiness>), RegisterError> {
    let (person, mobile, businesses) = tokio::join!(registers.person(afm), registers.confirmed_mobile(afm), registers.businesses(afm));
    Ok((person?, mobile?, businesses?))
}

/// Requests the KEP offices at which a person is an authorised clerk today.
///
/// # Errors
/// Returns the cause, for the log, if the registers return an error or do not respond within `limit`.
pub async fn kep_offices(
    registers: &NationalRegisters,
    hasher: &IdentifierHasher,
    afm: &Afm,
    limit: Duration,
) -> Result<Vec<ClerkOffice>, String> {
    let offices = match tokio::time::timeout(limit, registers.kep_offices(afm)).await {
        Ok(Ok(offices)) => offices,
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_) => return Err("looking up KEP offices in the registers took too long".to_owned()),
    };
    let as_clerk = |office: domain::kep::Office| ClerkOffice { clerk: hasher.clerk(&office.id, afm), office };
    Ok(offices.into_iter().map(as_clerk).collect())
}

/// Sends a one-time password to the person's confirmed mobile number.
///
/// # Errors
/// Returns [`Problem::OtpNotSent`] if sending fails, and [`Problem::NoConfirmedMobile`] if there is no number.
pub async fn send_otp(sms: &Sms, session: &Session, otp: &Otp, public_origin: &str, language: domain::Language) -> Result<(), Unsent> {
    let Some(mobile) = &session.person.mobile else {
        return Err(Problem::NoConfirmedMobile.into());
    };
    edge::otp::send(sms, mobile, &messages::sms::otp(otp, public_origin, language)).await
}

/// Returns the failure for an error with which TAXISnet ended a sign-in (RFC 6749, 4.1.2.1). The person can only try again later, so the
/// problem is the same for every error. The cause in the log names the error only if it is a registered one, because the URL may come from
/// anybody.
pub fn taxisnet_error(error: &str) -> Failure {
    const REGISTERED: [&str; 6] =
        ["server_error", "temporarily_unavailable", "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope"];
    let error = REGISTERED.into_iter().find(|registered| *registered == error).unwrap_or("an unregistered error");
    Failure::Failed { problem: Problem::TaxisnetUnavailable, cause: format!("TAXISnet ended the sign-in with {error}") }
}

/// Returns the failure for an error of the requests to TAXISnet.
pub fn taxisnet_failure(error: RegisterError) -> Failure {
    match error {
        RegisterError::CodeRefused => Problem::SignInState.into(),
        RegisterError::PersonUnknown | RegisterError::Unavailable(_) | RegisterError::Unexpected(_) | RegisterError::AnotherPerson(_) => {
            Failure::Failed { problem: Problem::TaxisnetUnavailable, cause: error.to_string() }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Secret;
    use lambda::{Endpoint, Response};

    use super::*;

    /// Queries simulated registers that respond with these statuses for `/v1/person` and `/v1/contact`. The response for the path `late` is
    /// delayed.
    async fn error_of(person: u16, contact: u16, late: &'static str) -> RegisterError {
        let endpoint = Endpoint::start(move |request| {
            let is_late = request.target.ends_with(late);
            let (status, body) = match request.target.as_str() {
                "/v1/person" => (person, ""),
                "/v1/contact" => (contact, r#"{"afm":"068933130","mobile":null}"#),
                _ => (200, r#"{"afm":"068933130","businesses":[]}"#),
            };
            let delay = if is_late { Duration::from_millis(200) } else { Duration::ZERO };
            Response { status, delay, ..Response::ok("application/json", body) }
        })
        .await;
        let registers = NationalRegisters::new(registers::http_client().unwrap(), endpoint.url.clone(), Secret::new("token"));
        let result = query_registers(&registers, &Afm::parse("068933130").unwrap()).await;
        assert_eq!(endpoint.take().len(), 3);
        result.unwrap_err()
    }

    /// A limit for lookups that must not reach it, also on a busy machine.
    const AMPLE: Duration = Duration::from_secs(60);

    /// Queries a simulated register of clerks that sends this response after `delay`. The lookup may take `limit`.
    async fn offices(status: u16, body: &'static str, delay: Duration, limit: Duration) -> Result<Vec<ClerkOffice>, String> {
        let endpoint = Endpoint::start(move |_| Response { status, delay, ..Response::ok("application/json", body) }).await;
        let registers = NationalRegisters::new(registers::http_client().unwrap(), endpoint.url.clone(), Secret::new("token"));
        let afm = Afm::parse("068933130").unwrap();
        kep_offices(&registers, &IdentifierHasher::new("secret"), &afm, limit).await
    }

    #[tokio::test]
    async fn a_clerk_has_another_id_at_each_office() {
        let two = r#"{"afm":"068933130","offices":[{"id":"KEP-1","name":"ΚΕΠ Α"},{"id":"KEP-2","name":"ΚΕΠ Β"}]}"#;
        let offices = offices(200, two, Duration::ZERO, AMPLE).await.unwrap();
        assert_eq!(offices.iter().map(|own| own.office.name.as_str()).collect::<Vec<_>>(), ["ΚΕΠ Α", "ΚΕΠ Β"]);
        assert_ne!(offices[0].clerk, offices[1].clerk);
    }

    #[tokio::test]
    async fn a_register_of_clerks_that_fails_gives_a_cause_for_the_log_and_an_unknown_person_is_no_clerk() {
        let none = r#"{"afm":"068933130","offices":[]}"#;
        assert!(offices(200, none, Duration::ZERO, AMPLE).await.unwrap().is_empty());
        assert!(offices(404, "", Duration::ZERO, AMPLE).await.unwrap().is_empty());
        let another = r#"{"afm":"454330124","offices":[{"id":"KEP-1","name":"ΚΕΠ Α"}]}"#;
        // The alarm RegisterMismatches matches the beginning of this cause.
        assert!(offices(200, another, Duration::ZERO, AMPLE).await.unwrap_err().starts_with("another_person"));
        assert!(offices(500, "", Duration::ZERO, AMPLE).await.is_err());
        assert!(offices(200, "<html>", Duration::ZERO, AMPLE).await.is_err());
        assert!(offices(200, none, Duration::from_secs(60), Duration::from_millis(100)).await.unwrap_err().contains("too long"));
    }

    #[tokio::test]
    async fn a_person_whom_only_the_citizens_registry_knows_has_no_mobile_number_and_no_business() {
        let endpoint = Endpoint::start(|request| match request.target.as_str() {
            "/v1/person" => Response::ok(
                "application/json",
                r#"{"afm":"068933130","amka":null,"paaypa":null,"first_name":"A","last_name":"B","birth_date":"1980-01-01"}"#,
            ),
            _ => Response { status: 404, ..Response::ok("application/json", r#"{"code":"person_unknown"}"#) },
        })
        .await;
        let registers = NationalRegisters::new(registers::http_client().unwrap(), endpoint.url.clone(), Secret::new("token"));
        let (person, mobile, businesses) = query_registers(&registers, &Afm::parse("068933130").unwrap()).await.unwrap();
        assert!(person.first_name == "A" && mobile.is_none() && businesses.is_empty());
    }

    #[tokio::test]
    async fn of_several_register_errors_the_first_in_order_is_returned_regardless_of_arrival() {
        for late in ["/person", "/contact", "/businesses"] {
            assert!(matches!(error_of(404, 503, late).await, RegisterError::PersonUnknown), "{late}");
            assert!(matches!(error_of(503, 404, late).await, RegisterError::Unavailable(_)), "{late}");
        }
    }
}
