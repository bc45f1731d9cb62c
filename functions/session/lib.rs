//! What the functions of a visit share.

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

/// Where TAXISnet sends the browser back to.
pub fn redirect_uri(public_origin: &str) -> String {
    format!("{public_origin}/v1/sign-in/callback")
}

/// Asks the registers for a person, their confirmed mobile number and their businesses, at the same time.
///
/// # Errors
/// Of several the first in that order, whichever comes first: the same failures always get the same response.
pub async fn ask_registers(
    registers: &NationalRegisters,
    afm: &Afm,
) -> Result<(RegisteredPerson, Option<GreekMobile>, Vec<OwnedBusiness>), RegisterError> {
    let (person, mobile, businesses) = tokio::join!(registers.person(afm), registers.confirmed_mobile(afm), registers.businesses(afm));
    Ok((person?, mobile?, businesses?))
}

/// Draws a one-time password for a session, after `resends` earlier ones.
///
/// # Errors
/// Where there is no randomness.
pub fn draw_otp(session: &Session, resends: u32, now: Moment) -> Result<(Otp, AwaitedOtp), Failure> {
    let otp = Otp::draw(|bytes| aws::random(bytes))?;
    let awaited = AwaitedOtp { hash: session.token.otp_hash(&otp).to_vec(), expires_at: now.plus(OTP_VALID), resends };
    Ok((otp, awaited))
}

/// Counts a message against the person's day.
///
/// # Errors
/// [`Problem::OtpMessagesDailyLimit`].
pub async fn count_otp_message(quotas: &Quotas, session: &Session, message_id: &str, now: Moment) -> Result<(), Failure> {
    match quotas.use_one(Quota::OtpMessages, &session.subject_id, message_id, now).await? {
        Use::LetIn { .. } => Ok(()),
        Use::Exhausted => Err(Problem::OtpMessagesDailyLimit { renews_at: quota::renews_at(now) }.into()),
    }
}

/// Sends it to the person's confirmed number.
///
/// # Errors
/// [`Problem::OtpNotSent`].
pub async fn send_otp(sms: &Sms, session: &Session, otp: &Otp, language: domain::Language) -> Result<(), Failure> {
    let Some(mobile) = &session.person.mobile else {
        return Err(Problem::NoConfirmedMobile.into());
    };
    let text = messages::sms::otp(otp, language);
    sms.send(mobile, &text).await.map_err(|error| Failure::Failed { problem: Problem::OtpNotSent, cause: error.to_string() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Secret;
    use lambda::{Endpoint, Response};

    use super::*;

    /// Asks registers that respond with these statuses, the one for `late` last.
    async fn fault(person: u16, contact: u16, late: &'static str) -> RegisterError {
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
        let asked = ask_registers(&registers, &Afm::parse("068933130").unwrap()).await;
        assert_eq!(endpoint.take().len(), 3);
        asked.unwrap_err()
    }

    #[tokio::test]
    async fn of_several_faults_of_the_registers_the_persons_is_reported_whichever_comes_first() {
        for late in ["/person", "/contact", "/businesses"] {
            assert!(matches!(fault(404, 503, late).await, RegisterError::PersonUnknown), "{late}");
            assert!(matches!(fault(503, 404, late).await, RegisterError::Unavailable(_)), "{late}");
        }
    }
}
