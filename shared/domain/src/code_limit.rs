//! Daily limits on issued codes and on messages with codes. Days are in Athens time. Beyond a limit, issuing and resending are rejected
//! until midnight.
//!
//! The limits keep anyone from exhausting the SMS budget, which codes and one-time passwords share.

use zeroize::Zeroizing;

use crate::recipient::Recipient;

/// Maximum number of messages with codes to one recipient in one day, from all businesses together and including resends.
pub const MESSAGES_PER_RECIPIENT_PER_DAY: u32 = 10;

/// A daily limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeLimit {
    /// Codes issued by one business.
    Business,
    /// Messages with codes to one recipient.
    Recipient,
    /// SMS with codes sent by the whole service. Does not limit email.
    Sms,
}

impl CodeLimit {
    pub const ALL: [Self; 3] = [Self::Business, Self::Recipient, Self::Sms];

    /// Returns the name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Recipient => "recipient",
            Self::Sms => "sms",
        }
    }
}

/// A share of a daily limit. The service writes a log line when the use of the limit reaches this share.
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

    /// Returns `Whole` if `used` has reached `limit`, `Half` if `used` has reached half of `limit`, otherwise `None`.
    pub fn of(used: u32, limit: u32) -> Option<Self> {
        match used {
            used if used >= limit => Some(Self::Whole),
            used if used >= limit.div_ceil(2) => Some(Self::Half),
            _ => None,
        }
    }
}

/// Returns the normalised address under which messages to a recipient are counted, so that different spellings of one mailbox count as one
/// recipient. Email addresses are in lower case and without the tag after a plus sign, and mobile numbers are in E.164 format.
pub fn counting_address(recipient: &Recipient) -> Zeroizing<String> {
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
    fn a_share_is_reported_from_the_use_that_reaches_it() {
        assert_eq!(
            [4, 5, 9, 10, 11].map(|used| Share::of(used, 10)),
            [None, Some(Share::Half), Some(Share::Half), Some(Share::Whole), Some(Share::Whole)]
        );
        // Half of an odd limit is rounded up. For a limit of 1, half equals the limit, so only the full share is reported.
        assert_eq!([1, 2, 3].map(|used| Share::of(used, 3)), [None, Some(Share::Half), Some(Share::Whole)]);
        assert_eq!([0, 1].map(|used| Share::of(used, 1)), [None, Some(Share::Whole)]);
    }

    #[test]
    fn spellings_of_one_mailbox_are_counted_as_one_recipient() {
        let counted = |address: &str| counting_address(&Recipient::Email(EmailAddress::parse(address).unwrap())).to_string();
        for address in ["Maria.P@Example.GR", "maria.p+photo@example.gr", "maria.p+a+b@example.gr"] {
            assert_eq!(counted(address), "maria.p@example.gr", "{address}");
        }
        assert_eq!(counted("+only@example.gr"), "+only@example.gr");
        assert_ne!(counted("maria@example.gr"), counted("maria.p@example.gr"));
        let mobile = Recipient::Mobile(GreekMobile::parse("691 234 5678").unwrap());
        assert_eq!(*counting_address(&mobile), "+306912345678");
    }
}
