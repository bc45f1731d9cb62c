//! One-time passwords of sign-ins and of cases at a KEP.

use domain::{
    GreekMobile, Moment, SubjectId,
    otp::{OTP_VALID, Otp},
    quota::{self, Quota},
};
use messages::problem::Problem;
use sending::Sms;
use storage::{
    quotas::{Quotas, Use},
    sessions::{AwaitedOtp, Session},
};

use crate::Failure;

/// Generates a one-time password for this session. `resends` is the number of times that a password was sent again.
///
/// # Errors
/// If the random source fails.
pub fn draw(session: &Session, resends: u32, now: Moment) -> Result<(Otp, AwaitedOtp), Failure> {
    let otp = Otp::draw(|bytes| aws::random(bytes))?;
    let awaited = AwaitedOtp { hash: session.token.otp_hash(&otp).to_vec(), expires_at: now.plus(OTP_VALID), resends };
    Ok((otp, awaited))
}

/// Counts a message with a one-time password against the daily quota of the person who receives it. Sign-ins and cases share this quota.
///
/// # Errors
/// [`Problem::OtpMessagesDailyLimit`].
pub async fn count_message(quotas: &Quotas, person: &SubjectId, message_id: &str, now: Moment) -> Result<(), Failure> {
    match quotas.use_one(Quota::OtpMessages, person, message_id, now).await? {
        Use::WithinLimit { .. } => Ok(()),
        Use::Exhausted => Err(Problem::OtpMessagesDailyLimit { renews_at: quota::renews_at(now) }.into()),
    }
}

/// A failed attempt to send a one-time password.
#[derive(Debug)]
pub struct Unsent {
    pub failure: Failure,
    /// True if SNS may have accepted the message before the failure, so that the new password may still arrive. Then the previous password
    /// must not become valid again, because the new one would count as a wrong try.
    pub may_have_been_sent: bool,
}

impl From<Problem> for Unsent {
    fn from(problem: Problem) -> Self {
        Self { failure: problem.into(), may_have_been_sent: false }
    }
}

impl From<Unsent> for Failure {
    fn from(unsent: Unsent) -> Self {
        unsent.failure
    }
}

/// Sends the text with a one-time password.
///
/// # Errors
/// [`Problem::OtpNotSent`].
pub async fn send(sms: &Sms, mobile: &GreekMobile, text: &str) -> Result<(), Unsent> {
    sms.send(mobile, text).await.map_err(|error| Unsent {
        may_have_been_sent: error.may_have_been_sent(),
        failure: Failure::Failed { problem: Problem::OtpNotSent, cause: error.to_string() },
    })
}
