//! What the functions of a visit share.

use domain::{
    Moment,
    otp::{OTP_VALID, Otp},
    quota::{self, Quota},
};
use edge::Failure;
use messages::problem::Problem;
use sending::Sms;
use storage::{
    quotas::{Quotas, Use},
    sessions::{AwaitedOtp, Session},
};

/// Where TAXISnet sends the browser back to.
pub fn redirect_uri(public_origin: &str) -> String {
    format!("{public_origin}/v1/sign-in/callback")
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
