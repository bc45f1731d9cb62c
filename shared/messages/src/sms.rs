//! SMS texts.
//!
//! A single Greek letter makes the whole message UCS-2, with 70 characters in one part, or 67 in each part of a longer message. English
//! texts use the GSM 7-bit alphabet only, with 160 characters in one part, or 153 in each. Every part is billed.

use domain::{CodeNumber, Language, Moment, otp::OTP_VALID, otp::Otp, reminder::ReminderKind};

use crate::time_text;

/// Returns the text with a one-time password. It is one part in either language.
pub fn otp(otp: &Otp, language: Language) -> String {
    let (digits, minutes) = (otp.expose(), OTP_VALID.as_seconds() / 60);
    match language {
        Language::El => format!("myPhoto: κωδικός {digits}, ισχύει {minutes} λεπτά. Μην τον δώσετε σε κανέναν."),
        Language::En => format!("myPhoto: your one-time password is {digits}, valid for {minutes} minutes. Do not give it to anyone."),
    }
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

    /// Counts parts as a mobile operator does. English texts may contain only characters that take one position in the GSM alphabet.
    fn parts(text: &str) -> usize {
        let (length, single, joined) = if has_greek(text) {
            (text.encode_utf16().count(), 70, 67)
        } else {
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b" .,:;?/#=()-_\n".contains(&b)), "{text}");
            (text.len(), 160, 153)
        };
        if length <= single { 1 } else { length.div_ceil(joined) }
    }

    #[test]
    fn a_one_time_password_is_one_part() {
        let otp_sent = Otp::parse("012345").unwrap();
        for language in [Language::El, Language::En] {
            let text = otp(&otp_sent, language);
            assert_eq!((parts(&text), text.contains("012345"), has_greek(&text)), (1, true, language == Language::El), "{text}");
        }
    }

    #[test]
    fn a_code_number_is_two_parts_in_greek_and_one_in_english() {
        let longest = format!("https://{}", "x".repeat(19));
        for (language, expected) in [(Language::El, 2), (Language::En, 1)] {
            for origin in [ORIGIN, &longest] {
                let link = code_link(origin, &sample());
                let text = code(&sample(), at("2026-12-25T12:30:00Z"), &link, language);
                assert_eq!(parts(&text), expected, "{} {text}", text.encode_utf16().count());
                assert!(text.contains(WRITTEN) && text.ends_with(&link) && text.contains("2026 14:30"), "{text}");
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
                assert!(parts(&text) <= 2, "{} {text}", text.encode_utf16().count());
                assert!(text.contains("2026 14:30") && text.contains(origin) && !text.contains("#code="), "{text}");
                assert_eq!(has_greek(&text), language == Language::El);
                // When this reminder is sent, the 24 hours in which a photographer can resend the code are over, so it offers a new one.
                let new = crate::pick(language, "Ζητήστε νέο από τον φωτογράφο", "Ask the photographer for a new one");
                assert_eq!(text.contains(new), kind == ReminderKind::Code, "{text}");
            }
        }
    }
}
