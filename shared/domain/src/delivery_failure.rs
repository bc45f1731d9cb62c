//! Failures of an email that are reported after SES has accepted it: bounces, complaints and rejections.

use serde::{Deserialize, Serialize};

/// Reason why an email did not arrive, as far as the report from SES states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The address does not exist or accepts no email.
    AddressUnknown,
    MailboxFull,
    /// The receiver's mail server rejected the message because of its content, its size or its sender.
    Blocked,
    /// SES did not deliver, because earlier email to the address bounced or was reported as spam.
    Suppressed,
    /// The recipient reported the message as spam.
    Complaint,
    /// The receiver's mail server did not accept the message for some hours.
    Unreachable,
    /// The message came back without a reason.
    Undetermined,
    /// SES accepted the message but did not send it.
    NotSent,
}

impl FailureReason {
    pub const ALL: [Self; 8] = [
        Self::AddressUnknown,
        Self::MailboxFull,
        Self::Blocked,
        Self::Suppressed,
        Self::Complaint,
        Self::Unreachable,
        Self::Undetermined,
        Self::NotSent,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::AddressUnknown => "address_unknown",
            Self::MailboxFull => "mailbox_full",
            Self::Blocked => "blocked",
            Self::Suppressed => "suppressed",
            Self::Complaint => "complaint",
            Self::Unreachable => "unreachable",
            Self::Undetermined => "undetermined",
            Self::NotSent => "not_sent",
        }
    }
}

/// A failure that was reported after SES had accepted the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryFailure {
    pub reason: FailureReason,
    /// True if no further email goes to this recipient for this code.
    pub permanent: bool,
}

impl DeliveryFailure {
    pub const fn permanent(reason: FailureReason) -> Self {
        Self { reason, permanent: true }
    }

    pub const fn temporary(reason: FailureReason) -> Self {
        Self { reason, permanent: false }
    }
}

/// Returns whether a reported failure is to be stored with the message. It then replaces the failure that is already stored, if there is
/// one. `about_last_sending` is false if the message was sent or claimed again after the sending that the report is about.
///
/// Reports may arrive more than once and in any order. A permanent failure is stored even if it is about an earlier sending, because it
/// concerns the recipient, who is the same for every sending. A temporary failure of an earlier sending is ignored, because it says nothing
/// about the last sending.
pub const fn replaces(reported: DeliveryFailure, stored: Option<DeliveryFailure>, about_last_sending: bool) -> bool {
    match stored {
        Some(DeliveryFailure { permanent: true, .. }) => false,
        Some(DeliveryFailure { permanent: false, .. }) => reported.permanent,
        None => reported.permanent || about_last_sending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNKNOWN: DeliveryFailure = DeliveryFailure::permanent(FailureReason::AddressUnknown);
    const COMPLAINT: DeliveryFailure = DeliveryFailure::permanent(FailureReason::Complaint);
    const FULL: DeliveryFailure = DeliveryFailure::temporary(FailureReason::MailboxFull);
    const UNREACHABLE: DeliveryFailure = DeliveryFailure::temporary(FailureReason::Unreachable);

    #[test]
    fn a_temporary_failure_counts_for_the_last_sending_only() {
        assert!(replaces(FULL, None, true));
        assert!(!replaces(FULL, None, false));
    }

    #[test]
    fn a_permanent_failure_counts_whenever_the_message_was_sent() {
        for about_last_sending in [true, false] {
            assert!(replaces(UNKNOWN, None, about_last_sending));
            assert!(replaces(UNKNOWN, Some(FULL), about_last_sending));
        }
    }

    #[test]
    fn reports_in_any_order_and_twice_end_with_the_first_permanent_failure() {
        let reports = [FULL, UNKNOWN, UNREACHABLE, COMPLAINT, UNKNOWN, FULL];
        let after = |reports: &[DeliveryFailure]| {
            reports.iter().fold(None, |stored, &reported| if replaces(reported, stored, true) { Some(reported) } else { stored })
        };
        assert_eq!(after(&reports), Some(UNKNOWN));
        assert_eq!(after(&[FULL, FULL]), Some(FULL));
        assert_eq!(after(&[FULL, UNREACHABLE]), Some(FULL));
        assert_eq!(after(&[COMPLAINT, FULL, UNKNOWN]), Some(COMPLAINT));
    }

    #[test]
    fn each_reason_is_stored_under_its_name() {
        for reason in FailureReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
    }
}
