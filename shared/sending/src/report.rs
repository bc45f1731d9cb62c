//! Reports of SES about an email that it had accepted before: bounces, complaints and rejections.
//!
//! SES publishes them as events (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>). An event
//! contains the recipient's address, so the EventBridge rule in template.yaml passes on only the fields of [`Report`].

use domain::delivery_failure::{
    DeliveryFailure,
    FailureReason::{AddressUnknown, Blocked, Complaint, MailboxFull, NotSent, Suppressed, Undetermined, Unreachable},
};
use serde::Deserialize;

/// The fields that the EventBridge rule takes from an event, with the names that the rule gives them. If the event lacks a field, the value
/// is an empty string.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// `eventType` of the event.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub bounce_type: String,
    #[serde(default)]
    pub bounce_subtype: String,
    /// Status code of the receiver's mail server (RFC 3463), such as `5.1.1`.
    #[serde(default)]
    pub bounce_status: String,
    #[serde(default)]
    pub complaint_subtype: String,
    /// Kind of the complaint that the recipient made, such as `abuse` or `not-spam`.
    #[serde(default)]
    pub complaint_feedback: String,
    /// Values of the tag [`crate::MESSAGE_TAG`].
    message: [String; 1],
    /// Values of the tag [`crate::SENDING_TAG`].
    sending: [String; 1],
}

impl Report {
    pub fn message_id(&self) -> &str {
        let [id] = &self.message;
        id
    }

    pub fn sending_id(&self) -> &str {
        let [id] = &self.sending;
        id
    }

    /// Returns the failure that is reported. Returns `None` if the event reports no failure, such as a delay after which SES tries again.
    pub fn failure(&self) -> Option<DeliveryFailure> {
        match self.kind.as_str() {
            "Bounce" => Some(self.bounce()),
            "Complaint" => self.complaint(),
            "Reject" => Some(DeliveryFailure::temporary(NotSent)),
            _ => None,
        }
    }

    fn bounce(&self) -> DeliveryFailure {
        let (subject, detail) = status_parts(&self.bounce_status);
        match (self.bounce_type.as_str(), self.bounce_subtype.as_str()) {
            ("Permanent", "Suppressed" | "OnAccountSuppressionList" | "UnsubscribedRecipient") => DeliveryFailure::permanent(Suppressed),
            (_, "MailboxFull") => DeliveryFailure::temporary(MailboxFull),
            ("Permanent" | "Transient", _) if (subject, detail) == ("2", "2") => DeliveryFailure::temporary(MailboxFull),
            // Status codes of RFC 3463: `x.6.x` means content, `x.7.x` means security or policy, `x.2.3` and `x.3.4` mean that the message
            // is too large.
            ("Permanent", _) if matches!((subject, detail), ("6" | "7", _) | ("2", "3") | ("3", "4")) => {
                DeliveryFailure::permanent(Blocked)
            }
            ("Permanent", _) => DeliveryFailure::permanent(AddressUnknown),
            ("Transient", "MessageTooLarge" | "ContentRejected" | "AttachmentRejected") => DeliveryFailure::temporary(Blocked),
            ("Transient", _) if matches!(subject, "6" | "7") => DeliveryFailure::temporary(Blocked),
            ("Transient", _) => DeliveryFailure::temporary(Unreachable),
            _ => DeliveryFailure::temporary(Undetermined),
        }
    }

    fn complaint(&self) -> Option<DeliveryFailure> {
        if self.complaint_subtype == "OnAccountSuppressionList" {
            return Some(DeliveryFailure::permanent(Suppressed));
        }
        // `not-spam` is no failure: the recipient moved the message out of the folder for spam.
        (self.complaint_feedback != "not-spam").then_some(DeliveryFailure::permanent(Complaint))
    }
}

/// Returns the second and the third number of a status code. A missing number is returned as an empty string.
fn status_parts(status: &str) -> (&str, &str) {
    let mut parts = status.trim().split('.').skip(1);
    let (subject, detail) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    (subject, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn report(fields: Value) -> Report {
        let mut event = json!({ "message": ["m"], "sending": ["s"] });
        for (name, value) in fields.as_object().unwrap() {
            event[name] = value.clone();
        }
        serde_json::from_value(event).unwrap()
    }

    fn bounce(kind: &str, subtype: &str, status: &str) -> Option<DeliveryFailure> {
        report(json!({ "type": "Bounce", "bounce_type": kind, "bounce_subtype": subtype, "bounce_status": status })).failure()
    }

    /// The types and subtypes are those of SES's documentation, with status codes of common mail servers.
    #[test]
    fn each_kind_of_bounce_has_its_reason() {
        let permanent = |reason| Some(DeliveryFailure::permanent(reason));
        let temporary = |reason| Some(DeliveryFailure::temporary(reason));
        for (kind, subtype, status, expected) in [
            ("Permanent", "General", "5.1.1", permanent(AddressUnknown)),
            ("Permanent", "General", "5.1.10", permanent(AddressUnknown)),
            ("Permanent", "General", "5.2.1", permanent(AddressUnknown)),
            ("Permanent", "General", "5.4.1", permanent(AddressUnknown)),
            ("Permanent", "General", "5.4.4", permanent(AddressUnknown)),
            ("Permanent", "General", "5.0.0", permanent(AddressUnknown)),
            ("Permanent", "General", "", permanent(AddressUnknown)),
            ("Permanent", "NoEmail", "", permanent(AddressUnknown)),
            ("Permanent", "General", "5.7.1", permanent(Blocked)),
            ("Permanent", "General", "5.7.26", permanent(Blocked)),
            ("Permanent", "General", "5.6.0", permanent(Blocked)),
            ("Permanent", "General", "5.3.4", permanent(Blocked)),
            ("Permanent", "General", "5.2.3", permanent(Blocked)),
            ("Permanent", "General", "5.2.2", temporary(MailboxFull)),
            ("Permanent", "Suppressed", "5.1.1", permanent(Suppressed)),
            ("Permanent", "OnAccountSuppressionList", "5.1.1", permanent(Suppressed)),
            ("Permanent", "UnsubscribedRecipient", "", permanent(Suppressed)),
            ("Permanent", "a subtype of the future", "", permanent(AddressUnknown)),
            ("Transient", "MailboxFull", "", temporary(MailboxFull)),
            ("Transient", "General", "4.2.2", temporary(MailboxFull)),
            ("Transient", "General", "4.4.7", temporary(Unreachable)),
            ("Transient", "General", "", temporary(Unreachable)),
            ("Transient", "CustomTimeoutExceeded", "", temporary(Unreachable)),
            ("Transient", "General", "4.7.0", temporary(Blocked)),
            ("Transient", "MessageTooLarge", "", temporary(Blocked)),
            ("Transient", "ContentRejected", "5.7.1", temporary(Blocked)),
            ("Transient", "AttachmentRejected", "", temporary(Blocked)),
            ("Undetermined", "Undetermined", "", temporary(Undetermined)),
            ("", "", "", temporary(Undetermined)),
        ] {
            assert_eq!(bounce(kind, subtype, status), expected, "{kind} {subtype} {status}");
        }
    }

    #[test]
    fn a_complaint_is_permanent_unless_the_recipient_reports_that_the_message_is_not_spam() {
        let complaint = |subtype: &str, feedback: &str| {
            report(json!({ "type": "Complaint", "complaint_subtype": subtype, "complaint_feedback": feedback })).failure()
        };
        for feedback in ["abuse", "fraud", "virus", "other", ""] {
            assert_eq!(complaint("", feedback), Some(DeliveryFailure::permanent(Complaint)), "{feedback}");
        }
        assert_eq!(complaint("", "not-spam"), None);
        assert_eq!(complaint("OnAccountSuppressionList", ""), Some(DeliveryFailure::permanent(Suppressed)));
    }

    #[test]
    fn a_rejection_is_temporary_and_a_delay_or_delivery_is_no_failure() {
        assert_eq!(report(json!({ "type": "Reject" })).failure(), Some(DeliveryFailure::temporary(NotSent)));
        for kind in ["DeliveryDelay", "Delivery", "Send", "Open", "Click", "Rendering Failure", "Subscription", ""] {
            assert_eq!(report(json!({ "type": kind })).failure(), None, "{kind}");
        }
    }

    #[test]
    fn a_report_names_one_message_and_one_sending() {
        let named = report(json!({ "type": "Bounce" }));
        assert_eq!((named.message_id(), named.sending_id()), ("m", "s"));
        for malformed in [
            json!({}),
            json!({ "type": "Bounce" }),
            json!({ "type": "Bounce", "message": ["m"] }),
            json!({ "type": "Bounce", "message": [], "sending": ["s"] }),
            json!({ "type": "Bounce", "message": ["m", "n"], "sending": ["s"] }),
            json!({ "type": "Bounce", "message": "m", "sending": "s" }),
            json!({ "type": null, "message": ["m"], "sending": ["s"] }),
            json!({ "type": "Bounce", "message": ["m"], "sending": ["s"], "mail": { "destination": ["maria@example.gr"] } }),
        ] {
            assert!(serde_json::from_value::<Report>(malformed.clone()).is_err(), "{malformed}");
        }
    }
}
