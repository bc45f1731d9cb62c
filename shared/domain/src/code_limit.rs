//! How many codes, and how many messages with codes, there may be in one Athens day. Beyond a limit issuing and sending again are rejected
//! until midnight.
//!
//! Codes and one-time passwords share one SMS budget, and nobody may be able to exhaust it.

use zeroize::Zeroizing;

use crate::recipient::Recipient;

/// Messages with codes to one recipient, over all businesses, resends included.
pub const MESSAGES_PER_RECIPIENT: u32 = 10;

/// A daily limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeLimit {
    /// The codes of one business.
    Business,
    /// The messages with codes to one recipient.
    Recipient,
    /// The SMS with codes of the whole service. Email goes on.
    Sms,
}

impl CodeLimit {
    pub const ALL: [Self; 3] = [Self::Business, Self::Recipient, Self::Sms];

    /// As logs and metrics name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Recipient => "recipient",
            Self::Sms => "sms",
        }
    }
}

/// The share of a limit that operators are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Half,
    Whole,
}

impl Share {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Half => "half",
            Self::Whole => "whole",
        }
    }

    /// Returns the share that is reached when `used` of `limit` are used.
    pub fn of(used: u32, limit: u32) -> Option<Self> {
        match used {
            used if used >= limit => Some(Self::Whole),
            used if used >= limit.div_ceil(2) => Some(Self::Half),
            _ => None,
        }
    }
}

/// The form in which a recipient is counted, so that two spellings of one mailbox are one recipient: in lower case, and without what follows a
/// plus sign.
pub fn counted_as(recipient: &Recipient) -> Zeroizing<String> {
    Zeroizing::new(match recipient {
        Recipient::Mobile(mobile) => mobile.expose().to_owned(),
        Recipient::Email(address) => {
            let (local, domain) = address.expose().rsplit_once('@').unwrap_or_default();
            format!("{}@{domain}", local.split('+').next().filter(|name| !name.is_empty()).unwrap_or(local)).to_ascii_lowercase()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipient::{EmailAddress, GreekMobile};

    #[test]
    fn half_and_whole_are_told_from_the_use_that_reaches_them() {
        assert_eq!(
            [4, 5, 9, 10, 11].map(|used| Share::of(used, 10)),
            [None, Some(Share::Half), Some(Share::Half), Some(Share::Whole), Some(Share::Whole)]
        );
        // Of an odd limit the larger half, and of one there is the whole alone.
        assert_eq!([1, 2, 3].map(|used| Share::of(used, 3)), [None, Some(Share::Half), Some(Share::Whole)]);
        assert_eq!([0, 1].map(|used| Share::of(used, 1)), [None, Some(Share::Whole)]);
    }

    #[test]
    fn spellings_of_one_mailbox_are_counted_as_one_recipient() {
        let counted = |address: &str| counted_as(&Recipient::Email(EmailAddress::parse(address).unwrap())).to_string();
        for address in ["Maria.P@Example.GR", "maria.p+photo@example.gr", "maria.p+a+b@example.gr"] {
            assert_eq!(counted(address), "maria.p@example.gr", "{address}");
        }
        assert_eq!(counted("+only@example.gr"), "+only@example.gr");
        assert_ne!(counted("maria@example.gr"), counted("maria.p@example.gr"));
        let mobile = Recipient::Mobile(GreekMobile::parse("691 234 5678").unwrap());
        assert_eq!(*counted_as(&mobile), "+306912345678");
    }
}
