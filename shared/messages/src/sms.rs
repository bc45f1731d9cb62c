//! SMS texts.
//!
//! A single Greek letter makes the whole message UCS-2, with 70 characters in one part, or 67 in each part of a longer message. English
//! texts use the GSM 7-bit alphabet only, with 160 characters in one part, or 153 in each. The exceptions are English texts about a case at
//! a KEP, because the office's name and the application's number may be Greek. Every part is billed.

use domain::{
    CodeNumber, Language, Moment,
    kep::{ActKind, ApplicationNumber, OfficeName},
    otp::OTP_VALID,
    otp::Otp,
    reminder::ReminderKind,
};

use crate::{kep, pick, time_text};

/// Returns the text with a one-time password. It is at most two parts in either language. The text without its last line is one part.
pub fn otp(otp: &Otp, public_origin: &str, language: Language) -> String {
    let (digits, minutes) = (otp.expose(), OTP_VALID.as_seconds() / 60);
    let text = match language {
        Language::El => format!("myPhoto: κωδικός {digits}, ισχύει {minutes} λεπτά. Μην τον δώσετε σε κανέναν."),
        Language::En => format!("myPhoto: your one-time password is {digits}, valid for {minutes} minutes. Do not give it to anyone."),
    };
    bind_to_origin(text, otp, public_origin)
}

/// Appends the line `@host #123456` to a text with a one-time password. The line is in the format of origin-bound one-time codes (WICG), so
/// that phones offer the password only on the pages of this host. If the text with the line would have more than two parts, the line is
/// omitted. This happens only if the host has more than 57 characters.
///
/// Do not append the line to the SMS for a person at a KEP. The clerk types that password, so the person's own phone must not offer it on a
/// page.
pub fn bind_to_origin(text: String, otp: &Otp, public_origin: &str) -> String {
    let host = public_origin.split_once("://").map_or(public_origin, |(_, rest)| rest);
    // The format has neither a port nor a path.
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let bound = format!("{text}\n@{host} #{}", otp.expose());
    if !host.is_empty() && parts(&bound) <= PARTS_MAX { bound } else { text }
}

/// Maximum number of parts of a message with the line that [`bind_to_origin`] appends. Every part is billed.
const PARTS_MAX: usize = 2;

/// Returns the number of parts of a message, as a mobile operator counts them. A text in ASCII is sent in the GSM alphabet. Our texts
/// contain only characters that take one position in that alphabet.
fn parts(text: &str) -> usize {
    let (length, single, joined) = if text.is_ascii() { (text.len(), 160, 153) } else { (text.encode_utf16().count(), 70, 67) };
    if length <= single { 1 } else { length.div_ceil(joined) }
}

/// Returns the text of the SMS with a code number. The code number is in the text twice: alone, for typing, and in the link. If the
/// service's origin has at most 27 characters, the text has two parts in Greek and one in English.
pub fn code(code: &CodeNumber, expires_at: Moment, link: &str, language: Language) -> String {
    let (written, until) = (code.expose(), time_text::athens_short(expires_at, language));
    match language {
        Language::El => format!("myPhoto: κωδικάριθμος {written} έως {until} ώρα Αθήνας. {link}"),
        Language::En => format!("myPhoto: code number {written}, valid until {until} (Athens time). {link}"),
    }
}

/// Returns the text of a reminder. The text contains no code number. If the service's origin has at most 27 characters, the text has at
/// most two parts.
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

/// Maximum number of characters of an office's name in an SMS. A longer name is shortened.
const OFFICE_CHARACTERS_MAX: usize = 50;

/// Returns the text with the one-time password that proves the person's presence at a KEP. The text does not end with the line of
/// [`bind_to_origin`], because the clerk types the password. The English text has at most as many parts as the Greek one, even if the
/// office's name is Greek.
pub fn presence_otp(otp: &Otp, office: &OfficeName, language: Language) -> String {
    let (digits, minutes) = (otp.expose(), OTP_VALID.as_seconds() / 60);
    let office = shortened(office, language);
    match language {
        Language::El => {
            format!("myPhoto: κωδικός {digits}, ισχύει {minutes} λεπτά. Πείτε τον μόνο στον υπάλληλο που σας εξυπηρετεί τώρα στο {office}.")
        }
        Language::En => {
            format!("myPhoto: password {digits}, valid for {minutes} minutes. Tell it only to the clerk serving you now at {office}.")
        }
    }
}

/// Returns the text that a person gets at the end of a case at a KEP. `acts` lists what was done. It is empty if nothing was done, and
/// `None` if it is unknown what was done. The English text has at most as many parts as the Greek one, even if the name of the office and
/// the number of the application are Greek.
pub fn case_ended(
    office: &OfficeName,
    application_number: &ApplicationNumber,
    acts: Option<&[ActKind]>,
    public_origin: &str,
    language: Language,
) -> String {
    let (office, number) = (shortened(office, language), application_number.expose());
    let done = acts.map(|acts| kep::summary(acts, language).join(", "));
    let what = match (language, done.as_deref()) {
        (Language::El, None) => format!("στο {office} έγινε εξυπηρέτηση στο όνομά σας"),
        (Language::El, Some("")) => format!("στο {office} δεν έγινε τίποτα για εσάς"),
        (Language::El, Some(done)) => format!("στο {office} έγιναν για εσάς: {done}"),
        (Language::En, None) => format!("a case in your name ended at {office}"),
        (Language::En, Some("")) => format!("nothing was done for you at {office}"),
        (Language::En, Some(done)) => format!("done for you at {office}: {done}"),
    };
    match language {
        Language::El => {
            format!("myPhoto: {what}. Αίτηση {number}. Αν δεν το ζητήσατε, συνδεθείτε στο {public_origin} και ενημερώστε το ΚΕΠ.")
        }
        Language::En => format!("myPhoto: {what}. Application {number}. Not requested? Sign in at {public_origin} and tell the KEP."),
    }
}

/// Returns the name of an office, shortened to [`OFFICE_CHARACTERS_MAX`] characters.
fn shortened(office: &OfficeName, language: Language) -> String {
    let name = office.as_str();
    if name.chars().count() <= OFFICE_CHARACTERS_MAX {
        return name.to_owned();
    }
    // An English text gets three dots, because an ellipsis, which the GSM alphabet lacks, would make the text UCS-2.
    let end = pick(language, "…", "...");
    name.chars().take(OFFICE_CHARACTERS_MAX - end.chars().count()).chain(end.chars()).collect()
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
                // When the reminder about a code is sent, the photographer can no longer resend the code, because its first 24 hours are
                // over. This reminder therefore says to ask for a new code.
                let new = crate::pick(language, "Ζητήστε νέο από τον φωτογράφο", "Ask the photographer for a new one");
                assert_eq!(text.contains(new), kind == ReminderKind::Code, "{text}");
            }
        }
    }

    const LANGUAGES: [Language; 2] = [Language::El, Language::En];

    fn office(name: &str) -> OfficeName {
        OfficeName::parse(name).unwrap()
    }

    /// Returns names of offices: Greek names of 1 to 120 characters, so that some are shortened in the texts, and two names in ASCII.
    fn offices() -> Vec<OfficeName> {
        let greek = (1..=120).map(|length| office(&"Ω".repeat(length)));
        greek.chain([office("KEP of Chania"), office(&"K".repeat(120))]).collect()
    }

    fn application(number: &str) -> ApplicationNumber {
        ApplicationNumber::parse(number).unwrap()
    }

    #[test]
    fn the_password_for_a_clerk_names_the_office_and_is_bound_to_no_page() {
        let sent = Otp::parse("012345").unwrap();
        for (language, expected) in [
            (
                Language::El,
                "myPhoto: κωδικός 012345, ισχύει 5 λεπτά. Πείτε τον μόνο στον υπάλληλο που σας εξυπηρετεί τώρα στο ΚΕΠ Δήμου Χανίων.",
            ),
            (Language::En, "myPhoto: password 012345, valid for 5 minutes. Tell it only to the clerk serving you now at ΚΕΠ Δήμου Χανίων."),
        ] {
            assert_eq!(presence_otp(&sent, &office("ΚΕΠ Δήμου Χανίων"), language), expected);
            assert_eq!(checked_parts(expected), 2);
            for office in offices() {
                let text = presence_otp(&sent, &office, language);
                assert!(checked_parts(&text) <= 3 && !text.contains('@') && !text.contains('#'), "{text}");
                assert_eq!(domain::typed::otp(&text).unwrap().value.expose(), "012345");
            }
        }
    }

    #[test]
    fn the_english_password_for_a_clerk_has_at_most_as_many_parts_as_the_greek_one() {
        let sent = Otp::parse("012345").unwrap();
        for office in offices() {
            let [greek, english] = LANGUAGES.map(|language| presence_otp(&sent, &office, language));
            assert!(checked_parts(&english) <= checked_parts(&greek), "{english}");
        }
        // If the office's name is in ASCII, the English text is one part.
        for office in [office("KEP of Chania"), office(&"K".repeat(120))] {
            let english = presence_otp(&sent, &office, Language::En);
            assert!(!has_greek(&english) && checked_parts(&english) == 1, "{english}");
        }
    }

    #[test]
    fn the_message_about_a_case_says_what_was_done_or_that_nothing_was() {
        let (office, number) = (office("ΚΕΠ Δήμου Χανίων"), application("777/2026"));
        let acts = [ActKind::Authorized, ActKind::Associated, ActKind::Authorized];
        assert_eq!(
            case_ended(&office, &number, Some(&acts), ORIGIN, Language::El),
            "myPhoto: στο ΚΕΠ Δήμου Χανίων έγιναν για εσάς: συσχέτιση φωτογραφιών, εξουσιοδότηση (2). Αίτηση 777/2026. Αν δεν το ζητήσατε, \
             συνδεθείτε στο https://myphoto.example.gr και ενημερώστε το ΚΕΠ."
        );
        assert_eq!(
            case_ended(&office, &number, Some(&acts), ORIGIN, Language::En),
            "myPhoto: done for you at ΚΕΠ Δήμου Χανίων: photos associated, application authorised (2). Application 777/2026. Not requested? \
             Sign in at https://myphoto.example.gr and tell the KEP."
        );
        assert_eq!(
            case_ended(&office, &number, Some(&[]), ORIGIN, Language::El),
            "myPhoto: στο ΚΕΠ Δήμου Χανίων δεν έγινε τίποτα για εσάς. Αίτηση 777/2026. Αν δεν το ζητήσατε, συνδεθείτε στο \
             https://myphoto.example.gr και ενημερώστε το ΚΕΠ."
        );
        assert_eq!(
            case_ended(&office, &number, Some(&[]), ORIGIN, Language::En),
            "myPhoto: nothing was done for you at ΚΕΠ Δήμου Χανίων. Application 777/2026. Not requested? Sign in at \
             https://myphoto.example.gr and tell the KEP."
        );
    }

    #[test]
    fn the_message_about_a_case_does_not_say_that_nothing_was_done_if_this_is_unknown() {
        let number = application("777/2026");
        assert_eq!(
            case_ended(&office("ΚΕΠ Δήμου Χανίων"), &number, None, ORIGIN, Language::El),
            "myPhoto: στο ΚΕΠ Δήμου Χανίων έγινε εξυπηρέτηση στο όνομά σας. Αίτηση 777/2026. Αν δεν το ζητήσατε, συνδεθείτε στο \
             https://myphoto.example.gr και ενημερώστε το ΚΕΠ."
        );
        assert_eq!(
            case_ended(&office("ΚΕΠ Δήμου Χανίων"), &number, None, ORIGIN, Language::En),
            "myPhoto: a case in your name ended at ΚΕΠ Δήμου Χανίων. Application 777/2026. Not requested? Sign in at \
             https://myphoto.example.gr and tell the KEP."
        );
        for office in offices() {
            let [greek, english] = LANGUAGES.map(|language| case_ended(&office, &number, None, ORIGIN, language));
            assert!(checked_parts(&english) <= checked_parts(&greek), "{english}");
        }
    }

    #[test]
    fn the_english_message_about_a_case_is_at_most_as_long_as_the_greek_one_whatever_was_done() {
        let (office, number, kinds) = (office("ΚΕΠ Δήμου Χανίων"), application("777/2026"), kep::tests::one_of_each());
        // Checks every selection of kinds of acts, including the empty selection. The office and the number are equally long in both
        // languages.
        for selection in 0..1_u32 << kinds.len() {
            let acts: Vec<ActKind> = (0..).zip(&kinds).filter(|(bit, _)| selection >> bit & 1 == 1).map(|(_, kind)| *kind).collect();
            let [greek, english] = LANGUAGES.map(|language| case_ended(&office, &number, Some(&acts), ORIGIN, language));
            assert!(english.encode_utf16().count() <= greek.encode_utf16().count(), "{english}");
        }
    }

    #[test]
    fn the_english_message_about_a_case_has_at_most_as_many_parts_as_the_greek_one() {
        let number = "9".repeat(40);
        for acts in [vec![], vec![ActKind::Authorized], kep::tests::one_of_each()] {
            for (office, number) in offices().into_iter().flat_map(|office| [(office.clone(), "ΑΠ-12"), (office, &*number)]) {
                let number = application(number);
                let [greek, english] = LANGUAGES.map(|language| case_ended(&office, &number, Some(&acts), ORIGIN, language));
                assert!(checked_parts(&english) <= checked_parts(&greek), "{english}");
                assert_eq!(has_greek(&english), has_greek(office.as_str()) || has_greek(number.expose()), "{english}");
                // The text names every kind of act that was done, even if there are acts of all kinds, because the person must see what was
                // done for them.
                assert!(kep::summary(&acts, Language::En).iter().all(|act| english.contains(act)), "{english}");
                assert!(checked_parts(&greek) <= 8, "{} {greek}", parts(&greek));
            }
        }
    }
}
