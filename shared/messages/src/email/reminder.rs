//! Reminder emails: before an unassociated code number expires, and before associated photos expire.

use domain::{Language, Moment, reminder::ReminderKind};
use maud::html;

use super::frame::{self, Envelope};
use crate::{RenderError, pick, time_text};

struct Texts {
    subject: &'static str,
    heading: &'static str,
    intro: &'static str,
    expires: &'static str,
    then: &'static str,
    open: &'static str,
    steps_heading: &'static str,
    steps: &'static [&'static str],
    secret: &'static str,
    why: &'static str,
    automatic: &'static str,
}

const CODE_EL: Texts = Texts {
    subject: "Ο κωδικάριθμός σας λήγει σύντομα",
    heading: "Ο κωδικάριθμός σας λήγει σύντομα",
    intro: "Σας στείλαμε έναν κωδικάριθμο για φωτογραφίες που ανέβασε για εσάς ένας φωτογράφος στο myPhoto. Δεν έχουν συσχετιστεί ακόμη με κάποιο \
            πρόσωπο.",
    expires: "Ο κωδικάριθμος λήγει στις",
    then: "Τότε οι φωτογραφίες διαγράφονται.",
    open: "Άνοιγμα του myPhoto",
    steps_heading: "Τι να κάνετε",
    steps: &[
        "Βρείτε το μήνυμα του myPhoto που περιέχει τον κωδικάριθμο. Για την ασφάλειά σας δεν τον επαναλαμβάνουμε εδώ.",
        "Ανοίξτε το myPhoto, συνδεθείτε με τους κωδικούς σας TAXISnet και υποβάλετε τον κωδικάριθμο.",
        "Δείτε τις φωτογραφίες και συσχετίστε τις. Αν χάσατε τον κωδικάριθμο, ζητήστε από τον φωτογράφο να ανεβάσει ξανά τις φωτογραφίες: θα λάβετε \
         νέο κωδικάριθμο.",
    ],
    secret: "Ο κωδικάριθμος είναι μυστικός. Κανείς δεν πρόκειται να σας τον ζητήσει ποτέ, ούτε εμείς ούτε ο φωτογράφος: τον υποβάλλετε μόνο στο \
             myPhoto, αφού συνδεθείτε.",
    why: "Λαμβάνετε αυτό το μήνυμα επειδή δηλώσατε στον φωτογράφο ότι θέλετε υπενθύμιση. Η διεύθυνση email που κρατήσαμε για αυτό διαγράφεται τώρα.",
    automatic: "Το μήνυμα στάλθηκε αυτόματα. Μην απαντήσετε σε αυτό.",
};

const CODE_EN: Texts = Texts {
    subject: "Your code number expires soon",
    heading: "Your code number expires soon",
    intro: "We sent you a code number for photos that a photographer has uploaded for you to myPhoto. They have not been associated with a person yet.",
    expires: "The code number expires on",
    then: "The photos are deleted then.",
    open: "Open myPhoto",
    steps_heading: "What to do",
    steps: &[
        "Find the message from myPhoto that has the code number. For your safety we do not repeat it here.",
        "Open myPhoto, sign in with TAXISnet, and enter the code number.",
        "Look at the photos and associate them. If you have lost the code number, ask the photographer to upload the photos again: you will get a \
         new code number.",
    ],
    secret: "The code number is secret. Nobody will ever ask you for it, neither we nor the photographer: enter it in myPhoto only, after signing in.",
    why: "You get this message because you told the photographer that you want to be reminded. The email address that we kept for this is deleted now.",
    automatic: "This message was sent automatically. Do not reply to it.",
};

const YEAR_EL: Texts = Texts {
    subject: "Οι φωτογραφίες σας στο myPhoto λήγουν σε έναν μήνα",
    heading: "Οι φωτογραφίες σας λήγουν σύντομα",
    intro: "Πλησιάζει το τέλος του έτους για το οποίο διατηρούνται οι φωτογραφίες που συσχετίσατε στο myPhoto, για εσάς ή για ανήλικο.",
    expires: "Οι φωτογραφίες λήγουν στις",
    then: "Τότε διαγράφονται και οι εφαρμογές που έχετε εξουσιοδοτήσει δεν μπορούν πια να τις αντλήσουν. Έγγραφα που έχουν ήδη εκδοθεί δεν επηρεάζονται.",
    open: "Άνοιγμα του myPhoto",
    steps_heading: "Αν χρειάζεστε φωτογραφίες και μετά τη λήξη",
    steps: &[
        "Βγάλτε νέες φωτογραφίες σε φωτογράφο: θα λάβετε νέο κωδικάριθμο.",
        "Αποσυσχετίστε τις παλιές, αν δεν έχουν λήξει ακόμη, και συσχετίστε τις νέες.",
        "Εξουσιοδοτήστε ξανά τις εφαρμογές που θέλετε.",
    ],
    secret: "Κανείς δεν πρόκειται να σας ζητήσει ποτέ τον κωδικάριθμο, ούτε εμείς ούτε ο φωτογράφος: τον υποβάλλετε μόνο στο myPhoto, αφού συνδεθείτε.",
    why: "Λαμβάνετε αυτό το μήνυμα επειδή δηλώσατε το email σας στο myPhoto για αυτή την υπενθύμιση. Η διεύθυνση email διαγράφεται τώρα.",
    automatic: "Το μήνυμα στάλθηκε αυτόματα. Μην απαντήσετε σε αυτό.",
};

const YEAR_EN: Texts = Texts {
    subject: "Your photos in myPhoto expire in a month",
    heading: "Your photos expire soon",
    intro: "The year for which the photos that you associated in myPhoto, for yourself or for a minor, are kept is coming to its end.",
    expires: "The photos expire on",
    then: "They are deleted then, and the applications that you have authorised can no longer get them. Documents that were already issued are not affected.",
    open: "Open myPhoto",
    steps_heading: "If you need photos after that",
    steps: &[
        "Have new photos taken by a photographer: you will get a new code number.",
        "Dissociate the old ones, if they have not expired yet, and associate the new ones.",
        "Authorise again the applications that you want.",
    ],
    secret: "Nobody will ever ask you for a code number, neither we nor the photographer: enter it in myPhoto only, after signing in.",
    why: "You get this message because you gave your email in myPhoto for this reminder. The email address is deleted now.",
    automatic: "This message was sent automatically. Do not reply to it.",
};

const fn texts(kind: ReminderKind, language: Language) -> &'static Texts {
    match kind {
        ReminderKind::Code => pick(language, &CODE_EL, &CODE_EN),
        ReminderKind::Association => pick(language, &YEAR_EL, &YEAR_EN),
    }
}

/// Renders the email as raw MIME, with plain text and HTML alternatives. The email contains no code number.
///
/// # Errors
/// [`RenderError::Sender`] or [`RenderError::MessageId`] if the envelope has a value that is invalid in a header.
pub fn reminder(envelope: &Envelope<'_>, kind: ReminderKind, expires_at: Moment, public_origin: &str) -> Result<Vec<u8>, RenderError> {
    let texts = texts(kind, envelope.language);
    let until = time_text::athens(expires_at, envelope.language);
    let body = html! {
        (frame::paragraph(texts.intro))
        (frame::until(texts.expires, &until, texts.then))
        (frame::button(texts.open, public_origin))
        (frame::steps(texts.steps_heading, texts.steps))
        (frame::warning(texts.secret))
    };
    let page = frame::page(envelope.language, texts.subject, texts.heading, &body, &[texts.why, texts.automatic], public_origin);
    envelope.mime(texts.subject, text_body(texts, &until, public_origin), envelope.html_part(page))
}

fn text_body(texts: &Texts, until: &str, link: &str) -> String {
    format!(
        "{heading}\n\n{intro}\n\n{expires} {until}.\n{then}\n\n{open}:\n{link}\n\n{steps_heading}\n{steps}\n{secret}\n\n{why}\n{automatic}\n",
        heading = texts.heading,
        intro = texts.intro,
        expires = texts.expires,
        then = texts.then,
        open = texts.open,
        steps_heading = texts.steps_heading,
        steps = frame::numbered(texts.steps),
        secret = texts.secret,
        why = texts.why,
        automatic = texts.automatic,
    )
}

#[cfg(test)]
mod tests {
    use domain::EmailAddress;
    use mail_parser::MessageParser;

    use super::*;
    use crate::{
        email::testing::{MESSAGE_ID, envelope},
        testing::{ORIGIN, expiry, has_greek},
    };

    const KINDS: [ReminderKind; 2] = [ReminderKind::Code, ReminderKind::Association];

    fn raw(kind: ReminderKind, language: Language) -> Vec<u8> {
        let to = EmailAddress::parse("maria@example.gr").unwrap();
        reminder(&envelope(&to, language), kind, expiry(), ORIGIN).unwrap()
    }

    #[test]
    fn text_and_html_contain_the_expiry_the_link_and_the_warning() {
        for (kind, language) in KINDS.into_iter().flat_map(|kind| [Language::El, Language::En].map(|language| (kind, language))) {
            let raw = raw(kind, language);
            let message = MessageParser::default().parse(&raw).unwrap();
            assert_eq!(message.to().unwrap().first().unwrap().address(), Some("maria@example.gr"));
            assert_eq!(message.message_id(), Some(format!("{MESSAGE_ID}@myphoto.example.gr").as_str()));
            assert_eq!(has_greek(message.subject().unwrap()), language == Language::El);
            for body in [message.body_text(0).unwrap(), message.body_html(0).unwrap()] {
                assert!(body.contains(&time_text::athens(expiry(), language)) && body.contains(ORIGIN), "{body}");
                assert!(body.contains(pick(language, "Κανείς δεν πρόκειται να σας", "Nobody will ever ask you")), "{body}");
                assert!(body.contains(pick(language, "διαγράφεται τώρα", "is deleted now")), "{body}");
                assert!(!body.contains("#code="), "{body}");
                assert_eq!(has_greek(&body), language == Language::El);
            }
            assert!(String::from_utf8(raw).unwrap().lines().all(|line| line.len() <= 998 && line.is_ascii()));
        }
    }

    #[test]
    fn no_text_has_a_latin_letter_in_a_greek_word_or_double_spaces() {
        for texts in [&CODE_EL, &YEAR_EL] {
            let all = [texts.subject, texts.heading, texts.intro, texts.expires, texts.then, texts.steps_heading, texts.secret, texts.why];
            for text in all.iter().chain(texts.steps) {
                let mixed = |word: &str| has_greek(word) && word.chars().any(|c| c.is_ascii_alphabetic());
                assert_eq!(text.split(|c: char| !c.is_alphabetic()).find(|word| mixed(word)), None, "{text}");
                assert!(!text.contains("  "), "{text}");
            }
        }
    }

    #[test]
    fn the_same_reminder_always_has_the_same_bytes() {
        assert_eq!(raw(ReminderKind::Code, Language::El), raw(ReminderKind::Code, Language::El));
        assert_ne!(raw(ReminderKind::Code, Language::El), raw(ReminderKind::Association, Language::El));
    }
}
