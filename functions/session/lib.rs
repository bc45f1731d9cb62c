//! Code shared by the functions for sessions.

use domain::{
    Afm, GreekMobile, Moment,
    otp::{OTP_VALID, Otp},
    quota::{self, Quota},
};
use edge::Failure;
use messages::problem::Problem;
use registers::{NationalRegisters, OwnedBusiness, RegisterError, RegisteredPerson};
use sending::Sms;
use storage::{
    quotas::{Quotas, Use},
    sessions::{AwaitedOtp, Session},
};

/// Returns the URL to which TAXISnet redirects the browser.
pub fn redirect_uri(public_origin: &str) -> String {
    format!("{public_origin}/v1/sign-in/callback")
}

/// Requests a person, their confirmed mobile number and their businesses from the registers concurrently.
///
/// # Errors
/// Returns the error of the first request in that order that failed, regardless of which response arrived first. The same failures therefore
/// always lead to the same response.
pub async fn query_registers(
    registers: &NationalRegisters,
    afm: &Afm,
) -> Result<(RegisteredPerson, Option<GreekMobile>, Vec<OwnedBusiness>), RegisterError> {
    let (person, mobile, businesses) = tokio::join!(registers.person(afm), registers.confirmed_mobile(afm), registers.businesses(afm));
    Ok((person?, mobile?, businesses?))
}

/// Generates a one-time password for a session, in which the password has been resent `resends` times.
///
/// # Errors
/// Returns an error if the random source fails.
pub fn draw_otp(session: &Session, resends: u32, now: Moment) -> Result<(Otp, AwaitedOtp), Failure> {
    let otp = Otp::draw(|bytes| aws::random(bytes))?;
    let awaited = AwaitedOtp { hash: session.token.otp_hash(&otp).to_vec(), expires_at: now.plus(OTP_VALID), resends };
    Ok((otp, awaited))
}

/// Counts a message against the person's daily quota.
///
/// # Errors
/// Returns [`Problem::OtpMessagesDailyLimit`] if the quota is exhausted.
pub async fn count_otp_message(quotas: &Quotas, session: &Session, message_id: &str, now: Moment) -> Result<(), Failure> {
    match quotas.use_one(Quota::OtpMessages, &session.subject_id, message_id, now).await? {
        Use::WithinLimit { .. } => Ok(()),
        Use::Exhausted => Err(Problem::OtpMessagesDailyLimit { renews_at: quota::renews_at(now) }.into()),
    }
}

/// Sends a one-time password to the person's confirmed mobile number.
///
/// # Errors
/// Returns [`Problem::OtpNotSent`] if sending fails, and [`Problem::NoConfirmedMobile`] if there is no number.
pub async fn send_otp(sms: &Sms, session: &Session, otp: &Otp, public_origin: &str, language: domain::Language) -> Result<(), Failure> {
    let Some(mobile) = &session.person.mobile else {
        return Err(Problem::NoConfirmedMobile.into());
    };
    let text = messages::sms::otp(otp, public_origin, language);
    sms.send(mobile, &text).await.map_err(|error| Failure::Failed { problem: Problem::OtpNotSent, cause: error.to_string() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Secret;
    use lambda::{Endpoint, Response};

    use super::*;

    /// Queries registers that respond with the given statuses for person and contact, and delay the response for `late`.
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

    #[tokio::test]
    async fn of_several_register_errors_the_first_in_order_is_returned_regardless_of_arrival() {
        for late in ["/person", "/contact", "/businesses"] {
            assert!(matches!(error_of(404, 503, late).await, RegisterError::PersonUnknown), "{late}");
            assert!(matches!(error_of(503, 404, late).await, RegisterError::Unavailable(_)), "{late}");
        }
    }
}
