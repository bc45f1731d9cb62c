//! SMS texts.
//!
//! A single Greek letter makes the whole message UCS-2, with 70 characters in one part, or 67 in each part of a longer message. English
//! texts use the GSM 7-bit alphabet only, with 160 characters in one part, or 153 in each. Every part is billed.

use domain::{CodeNumber, Language, Moment, otp::OTP_VALID, otp::Otp, reminder::ReminderKind};

use crate::time_text;

/// Returns the text with a one-time password. It is at most two parts in either language. The text without its last line is one part.
pub fn otp(otp: &Otp, public_origin: &str, language: Language) -> String {
    let (digits, minutes) = (otp.expose(), OTP_VALID.as_seconds() / 60);
    let text = match language {
        Language::El => format!("myPhoto: κωδικός {digits}, ισχύει {minutes} λεπτά. Μην τον δώσετε σε κανέναν."),
        Language::En => format!("myPhoto: your one-time password is {digits}, valid for {minutes} minutes. Do not give it to anyone."),
    };
    bind_to_origin(text, otp, public_origin)
}

/// Appends the last line of the format of origin-bound one-time codes (WICG), `@host #123456`. Phones then offer the password on the pages of
/// this host and on no other. The text stays without the line if it would have more than two parts, which only a host of more than 57
/// characters causes.
///
/// A password that somebody other than its recipient types, such as a clerk, must not be bound, because it is for no page of the recipient.
pub fn bind_to_origin(text: String, otp: &Otp, public_origin: &str) -> String {
    let host = public_origin.split_once("://").map_or(public_origin, |(_, rest)| rest);
    // The format has neither a port nor a path.
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let bound = format!("{text}\n@{host} #{}", otp.expose());
    if !host.is_empty() && parts(&bound) <= PARTS_MAX { bound } else { text }
}

/// The maximum number of parts of a message. Every part is billed.
const PARTS_MAX: usize = 2;

/// Returns the number of parts of a message, as a mobile operator counts them. Our texts in the GSM alphabet have only characters that take one
/// position in it.
fn parts(text: &str) -> usize {
    let (length, single, joined) = if text.is_ascii() { (text.len(), 160, 153) } else { (text.encode_utf16().count(), 70, 67) };
    if length <= single { 1 } else { length.div_ceil(joined) }
}

/// Returns the text with a code number, which it contains twice: alone, for typing, and in the link. The text takes two parts in Greek and
/// one in English if the service's origin has at most 27 characters.
pub fn code(code: &CodeNumber, expires_at: Moment, link: &str, language: Language) -> String {
    let (written, until) = (code.expose(), time_text::athens_short(expires_at, language));
    match language {
        Language::El => format!("myPhoto: κωδικάριθμος {written} έως {until} ώρα Αθήνας. {link}"),
        Language::En => format!("myPhoto: code number {written}, valid until {until} (Athens time). {link}"),
    }
}

/// Returns the text of a reminder. It contains no code number and is at most two parts if the service's origin has at most 27 characters.
pub fn reminder(kind: ReminderKind, expires_at: Moment, public_origin: &str, language: Language) -> String {
    let until = time_text::athens_short(expires_at, language);
    match (kind, language) {
        (ReminderKind::Code, Language::El) => {
            format!("myPhoto: ο κωδικάριθμος λήγει {until}. Υποβολή μόνο στο {public_origin} Χάθηκε; Ζητήστε νέο από τον φωτογράφο.")
        }
        (ReminderKind::Code, Language::En) => format!(
            "myPhoto: the code number we sent you expires on {until}. Enter it at {public_origin} only: nobody will ever ask you for it. \
             Lost it? Ask the photographer for a new one."
        ),
        (ReminderKind::Association, Language::El) => {
            format!("myPhoto: οι φωτογραφίες σας λήγουν στις {until}. Αν τις χρειάζεστε, βγάλτε νέες σε φωτογράφο. {public_origin}")
        }
        (ReminderKind::Association, Language::En) => {
            format!("myPhoto: your photos expire on {until}. If you need them, have new ones taken by a photographer. {public_origin}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        link::code_link,
        testing::{ORIGIN, WRITTEN, at, code as sample, expiry, has_greek},
    };

    /// Counts the parts and checks that an English text has only characters that take one position in the GSM alphabet.
    fn checked_parts(text: &str) -> usize {
        assert!(has_greek(text) || text.bytes().all(|b| b.is_ascii_alphanumeric() || b" .,:;?/#=()-_@\n".contains(&b)), "{text}");
        parts(text)
    }

    #[test]
    fn parts_are_counted_by_alphabet() {
        for (text, expected) in [("a".repeat(160), 1), ("a".repeat(161), 2), ("a".repeat(306), 2), ("a".repeat(307), 3)] {
            assert_eq!(parts(&text), expected);
        }
        for (text, expected) in [("α".repeat(70), 1), ("α".repeat(71), 2), ("α".repeat(134), 2), ("α".repeat(135), 3)] {
            assert_eq!(parts(&text), expected);
        }
    }

    #[test]
    fn a_one_time_password_is_at_most_two_parts_and_ends_with_the_line_for_its_origin() {
        let sent = Otp::parse("012345").unwrap();
        for language in [Language::El, Language::En] {
            let longest = "x".repeat(57);
            for (origin, host) in [
                (ORIGIN, "myphoto.example.gr"),
                (&format!("{ORIGIN}/"), "myphoto.example.gr"),
                ("http://myphoto.localhost:4566", "myphoto.localhost"),
                (&format!("https://{longest}"), &longest),
            ] {
                let text = otp(&sent, origin, language);
                assert!(text.ends_with(&format!("\n@{host} #012345")) && checked_parts(&text) <= 2, "{text}");
                assert_eq!((text.matches("012345").count(), has_greek(&text)), (2, language == Language::El), "{text}");
                assert_eq!(domain::typed::otp(&text).unwrap().value.expose(), "012345");
            }
        }
    }

    #[test]
    fn the_line_for_the_origin_is_left_out_if_it_does_not_fit_into_two_parts() {
        let sent = Otp::parse("012345").unwrap();
        for (language, too_long) in [(Language::El, 58), (Language::En, 208)] {
            let text = otp(&sent, &format!("https://{}", "x".repeat(too_long)), language);
            assert!(!text.contains('@') && checked_parts(&text) == 1 && text.matches("012345").count() == 1, "{text}");
        }
        let without_host = otp(&sent, "https://", Language::En);
        assert!(!without_host.contains('@'), "{without_host}");
    }

    #[test]
    fn a_code_number_is_two_parts_in_greek_and_one_in_english() {
        let longest = format!("https://{}", "x".repeat(19));
        for (language, expected) in [(Language::El, 2), (Language::En, 1)] {
            for origin in [ORIGIN, &longest] {
                let link = code_link(origin, &sample());
                let text = code(&sample(), at("2026-12-25T12:30:00Z"), &link, language);
                assert_eq!(checked_parts(&text), expected, "{} {text}", text.encode_utf16().count());
                assert!(text.contains(WRITTEN) && text.ends_with(&link) && text.contains("2026 14:30"), "{text}");
                assert!(domain::typed::code_number(&text).unwrap().value == sample(), "the whole SMS can be pasted");
            }
        }
        let link = code_link(ORIGIN, &sample());
        assert_eq!(
            code(&sample(), expiry(), &link, Language::El),
            "myPhoto: κωδικάριθμος adEC3wlknv5LcQn5W65twA έως 5/12/2026 14:30 ώρα Αθήνας. https://myphoto.example.gr/#code=adEC3wlknv5LcQn5W65twA"
        );
    }

    #[test]
    fn a_reminder_is_at_most_two_parts_with_the_expiry_and_without_a_code() {
        let longest = format!("https://{}", "x".repeat(19));
        for kind in [ReminderKind::Code, ReminderKind::Association] {
            for (language, origin) in
                [Language::El, Language::En].into_iter().flat_map(|language| [(language, ORIGIN), (language, &longest)])
            {
                let text = reminder(kind, at("2026-12-25T12:30:00Z"), origin, language);
                assert!(checked_parts(&text) <= 2, "{} {text}", text.encode_utf16().count());
                assert!(text.contains("2026 14:30") && text.contains(origin) && !text.contains("#code="), "{text}");
                assert_eq!(has_greek(&text), language == Language::El);
                // When this reminder is sent, the 24 hours in which a photographer can resend the code are over, so it offers a new one.
                let new = crate::pick(language, "Ζητήστε νέο από τον φωτογράφο", "Ask the photographer for a new one");
                assert_eq!(text.contains(new), kind == ReminderKind::Code, "{text}");
            }
        }
    }
}
