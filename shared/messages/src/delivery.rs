//! Texts on why an email with a code failed after SES had accepted it.

use domain::{Language, delivery_failure::FailureReason};

use crate::pick;

/// Returns why an email did not arrive, for the photographer. The text is a sentence without a full stop.
pub const fn failure(reason: FailureReason, language: Language) -> &'static str {
    let (el, en) = match reason {
        FailureReason::AddressUnknown => {
            ("Η διεύθυνση email δεν υπάρχει ή δεν δέχεται μηνύματα", "The email address does not exist or accepts no email")
        }
        FailureReason::MailboxFull => ("Το γραμματοκιβώτιο του παραλήπτη είναι γεμάτο", "The recipient's mailbox is full"),
        FailureReason::Blocked => {
            ("Ο διακομιστής email του παραλήπτη απέρριψε το μήνυμα", "The recipient's mail server rejected the message")
        }
        FailureReason::Suppressed => (
            "Παλαιότερα email σε αυτή τη διεύθυνση επιστράφηκαν ή αναφέρθηκαν ως ανεπιθύμητα, και γι' αυτό δεν παραδίδονται πλέον email σε αυτήν",
            "Earlier email to this address came back or was reported as spam, so email is no longer delivered to it",
        ),
        FailureReason::Complaint => ("Ο παραλήπτης ανέφερε το μήνυμα ως ανεπιθύμητο", "The recipient reported the message as spam"),
        FailureReason::Unreachable => (
            "Ο διακομιστής email του παραλήπτη δεν δέχτηκε προς το παρόν το μήνυμα",
            "The recipient's mail server did not accept the message for the time being",
        ),
        FailureReason::Undetermined => {
            ("Το μήνυμα επιστράφηκε χωρίς να αναφέρεται ο λόγος", "The message came back without a stated reason")
        }
        FailureReason::NotSent => ("Ο πάροχος email δεν έστειλε το μήνυμα", "The email provider did not send the message"),
    };
    pick(language, el, en)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::testing::has_greek;

    #[test]
    fn every_reason_has_its_own_text_in_both_languages() {
        let [greek, english] = [Language::El, Language::En].map(|language| FailureReason::ALL.map(|reason| failure(reason, language)));
        assert!(greek.iter().all(|text| has_greek(text) && !text.ends_with('.')));
        assert!(english.iter().all(|text| text.is_ascii() && !text.ends_with('.')));
        for all in [greek, english] {
            assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        }
    }
}
