//! The email with a code number.

use domain::{CodeNumber, Moment};
use mail_builder::{
    headers::content_type::ContentType,
    mime::{BodyPart, MimePart},
};
use maud::{Markup, html};

use super::frame::{self, Envelope};
use crate::{RenderError, link::code_link, pick, qr, time_text};

struct Texts {
    subject: &'static str,
    heading: &'static str,
    intro: &'static str,
    code: &'static str,
    qr: &'static str,
    open: &'static str,
    valid: &'static str,
    deleted: &'static str,
    steps_heading: &'static str,
    steps: [&'static str; 3],
    secret: &'static str,
    unexpected: &'static str,
    automatic: &'static str,
}

const EL: Texts = Texts {
    subject: "Ο κωδικάριθμος για τις φωτογραφίες σας",
    heading: "Ο κωδικάριθμός σας",
    intro: "Ένας φωτογράφος ανέβασε για εσάς στο myPhoto φωτογραφία προσώπου, υπογραφή ή και τις δύο. Με τον κωδικάριθμο τις \
            συσχετίζετε με τον ΑΦΜ σας, ή με ανήλικο του οποίου έχετε την επιμέλεια, για να χρησιμοποιούνται σε υπηρεσίες του Δημοσίου.",
    code: "Κωδικάριθμος",
    qr: "Κωδικός QR που ανοίγει το myPhoto με τον κωδικάριθμο συμπληρωμένο",
    open: "Άνοιγμα του myPhoto",
    valid: "Ισχύει έως τις",
    deleted: "Αν δεν συσχετιστούν έως τότε, οι φωτογραφίες διαγράφονται.",
    steps_heading: "Τι να κάνετε",
    steps: [
        "Ανοίξτε τον σύνδεσμο ή σαρώστε τον κωδικό QR με το κινητό σας: ο κωδικάριθμος θα είναι συμπληρωμένος.",
        "Συνδεθείτε με τους κωδικούς σας TAXISnet.",
        "Δείτε τις φωτογραφίες, επιβεβαιώστε ότι είναι οι σωστές και συσχετίστε τις.",
    ],
    secret: "Ο κωδικάριθμος είναι μυστικός: όποιος τον έχει μπορεί να δει και να συσχετίσει τις φωτογραφίες σας. Κανείς δεν πρόκειται να σας τον \
             ζητήσει ποτέ, ούτε εμείς ούτε ο φωτογράφος. Μην τον δώσετε σε κανέναν και μην προωθήσετε αυτό το μήνυμα.",
    unexpected: "Αν δεν περιμένατε αυτό το μήνυμα, διαγράψτε το.",
    automatic: "Το μήνυμα στάλθηκε αυτόματα. Μην απαντήσετε σε αυτό.",
};

const EN: Texts = Texts {
    subject: "The code number for your photos",
    heading: "Your code number",
    intro: "A photographer has uploaded a face photo, a signature image or both for you to myPhoto. With the code number you associate them \
            with yourself, or with a minor in your custody, to be used in public services.",
    code: "Code number",
    qr: "QR code that opens myPhoto with the code number filled in",
    open: "Open myPhoto",
    valid: "Valid until",
    deleted: "If they are not associated by then, the photos are deleted.",
    steps_heading: "What to do",
    steps: [
        "Open the link, or scan the QR code with your phone: the code number will be filled in.",
        "Sign in with TAXISnet.",
        "Look at the photos, confirm that they are the right ones, and associate them.",
    ],
    secret: "The code number is secret: whoever has it can see and associate your photos. Nobody will ever ask you for it, neither we nor the \
             photographer. Do not give it to anyone, and do not forward this message.",
    unexpected: "If you did not expect this message, delete it.",
    automatic: "This message was sent automatically. Do not reply to it.",
};

/// Renders the email as raw MIME, with plain text and HTML alternatives. The QR code is an image inside the message, so that opening the
/// email loads nothing from the network.
///
/// # Errors
/// [`RenderError::Sender`] or [`RenderError::MessageId`] if the envelope has a value that is invalid in a header, [`RenderError::Qr`] if
/// the link is too long for a QR code.
pub fn code(envelope: &Envelope<'_>, code: &CodeNumber, expires_at: Moment, public_origin: &str) -> Result<Vec<u8>, RenderError> {
    let language = envelope.language;
    let texts = pick(language, &EL, &EN);
    let link = code_link(public_origin, code);
    let picture = qr::png(&link)?;
    let cid = envelope.id("qr.")?;
    let (code, until) = (code.expose(), time_text::athens(expires_at, language));
    let body = html_body(texts, &code, &until, &link, &cid);
    let page = frame::page(language, texts.subject, texts.heading, &body, &[texts.unexpected, texts.automatic], &link);
    let related = MimePart::new(
        envelope.multipart("multipart/related", "related").attribute("type", "text/html"),
        vec![
            envelope.html_part(page),
            MimePart::new(ContentType::new("image/png"), BodyPart::Binary(picture.into()))
                .header("Content-Disposition", ContentType::new("inline").attribute("filename", "qr.png"))
                .cid(cid),
        ],
    );
    envelope.mime(texts.subject, text_body(texts, &code, &until, &link), related)
}

fn text_body(texts: &Texts, code: &str, until: &str, link: &str) -> String {
    format!(
        "{heading}\n\n{intro}\n\n{code_label}: {code}\n{valid} {until}.\n{deleted}\n\n{open}:\n{link}\n\n{steps_heading}\n{steps}\n\
         {secret}\n\n{unexpected}\n{automatic}\n",
        heading = texts.heading,
        intro = texts.intro,
        code_label = texts.code,
        valid = texts.valid,
        deleted = texts.deleted,
        open = texts.open,
        steps_heading = texts.steps_heading,
        steps = frame::numbered(&texts.steps),
        secret = texts.secret,
        unexpected = texts.unexpected,
        automatic = texts.automatic,
    )
}

fn html_body(texts: &Texts, code: &str, until: &str, link: &str, cid: &str) -> Markup {
    html! {
        (frame::paragraph(texts.intro))
        p.quiet style="margin:0 0 4px; font-size:14px; color:#44515f;" { (texts.code) }
        p.code style="margin:0 0 12px; padding:12px; border:2px solid #1f5fa8; border-radius:6px; background:#f4f8fc; color:#0b1f36; \
                      font-family:Consolas,Menlo,'DejaVu Sans Mono','Courier New',monospace; font-size:18px; font-weight:bold; \
                      text-align:center; overflow-wrap:anywhere;" { (code) }
        (frame::until(texts.valid, until, texts.deleted))
        (frame::button(texts.open, link))
        p style="margin:0 0 20px; text-align:center;" {
            // The image includes its white quiet zone, which scanners need on a dark background too.
            img src=(format!("cid:{cid}")) alt=(texts.qr) width="240" height="240" style="width:240px; height:240px; max-width:100%; background:#ffffff; border-radius:6px;";
        }
        (frame::steps(texts.steps_heading, &texts.steps))
        (frame::warning(texts.secret))
    }
}

#[cfg(test)]
mod tests {
    use domain::{EmailAddress, Language};
    use mail_parser::{MessageParser, MimeHeaders};

    use super::*;
    use crate::{
        email::testing::{MESSAGE_ID, envelope},
        qr::tests::scan,
        testing::{ORIGIN, WRITTEN, at, code as sample, expiry, has_greek},
    };

    fn raw(language: Language) -> Vec<u8> {
        let to = EmailAddress::parse("maria@example.gr").unwrap();
        code(&envelope(&to, language), &sample(), expiry(), ORIGIN).unwrap()
    }

    #[test]
    fn a_mail_parser_reads_all_headers_texts_and_the_qr_code() {
        for language in [Language::El, Language::En] {
            let raw = raw(language);
            let message = MessageParser::default().parse(&raw).unwrap();
            assert_eq!(message.from().unwrap().first().unwrap().address(), Some("no-reply@myphoto.example.gr"));
            assert_eq!(message.from().unwrap().first().unwrap().name(), Some("myPhoto"));
            assert_eq!(message.to().unwrap().first().unwrap().address(), Some("maria@example.gr"));
            assert_eq!(has_greek(message.subject().unwrap()), language == Language::El);
            assert!(!message.subject().unwrap().contains(WRITTEN), "a subject is visible on a locked screen");
            assert_eq!(message.message_id(), Some(format!("{MESSAGE_ID}@myphoto.example.gr").as_str()));
            assert_eq!(message.date().unwrap().to_timestamp(), at("2026-11-21T22:18:02Z").epoch_seconds());
            assert_eq!(message.header("Auto-Submitted").unwrap().as_text(), Some("auto-generated"));
            assert_eq!(message.header("Content-Language").unwrap().as_text(), Some(language.tag()));

            let (text, html) = (message.body_text(0).unwrap(), message.body_html(0).unwrap());
            let link = code_link(ORIGIN, &sample());
            for body in [&text, &html] {
                assert!(body.contains(pick(language, "Κανείς δεν πρόκειται να σας τον ζητήσει ποτέ", "Nobody will ever ask you for it")));
                assert!(body.contains(WRITTEN) && body.contains(&link) && body.contains(&time_text::athens(expiry(), language)));
                assert_eq!(has_greek(body), language == Language::El);
            }
            assert!(domain::typed::code_number(&text).unwrap().value == sample(), "the whole email can be pasted");
            assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())));

            let picture = message.parts.iter().find(|part| part.content_id().is_some()).unwrap();
            assert!(html.contains(&format!("src=\"cid:{}\"", picture.content_id().unwrap())));
            assert_eq!(scan(picture.contents()), link);
        }
    }

    #[test]
    fn the_mime_parts_are_in_the_expected_order() {
        let text = String::from_utf8(raw(Language::El)).unwrap();
        let order =
            ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"].map(|part| text.find(part).unwrap());
        assert!(order.is_sorted(), "{order:?}");
        assert_eq!(text.matches("charset=\"utf-8\"").count(), 2);
        assert!(text.lines().all(|line| line.len() <= 998) && text.is_ascii());
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    }

    #[test]
    fn the_same_message_always_has_the_same_bytes() {
        assert_eq!(raw(Language::El), raw(Language::El));
        assert_ne!(raw(Language::El), raw(Language::En));
    }

    proptest::proptest! {
        /// Checks that a mail parser finds exactly one recipient and no injected header in emails to every address that we accept.
        #[test]
        fn an_accepted_address_is_parsed_as_one_recipient(local in "[!#$%&'*+/=?^_`{|}~a-zA-Z0-9-]{1,20}", domain in "[a-z0-9]{1,9}(-[a-z0-9]{1,9})?") {
            // The mail parser takes a local part such as `=?ab?q?x?=` for an encoded word (RFC 2047). No email goes to such an address,
            // because `domain::typed::email` rejects it.
            proptest::prop_assume!(!local.starts_with("=?"));
            let address = format!("{local}@{domain}.gr");
            let to = EmailAddress::parse(&address).unwrap();
            let raw = code(&envelope(&to, Language::El), &sample(), expiry(), ORIGIN).unwrap();
            let message = MessageParser::default().parse(&raw).unwrap();
            let recipients: Vec<_> = message.to().unwrap().iter().map(|recipient| recipient.address().unwrap_or_default()).collect();
            proptest::prop_assert_eq!(recipients, vec![address.as_str()]);
            proptest::prop_assert!(message.cc().is_none() && message.bcc().is_none());
        }
    }

    #[test]
    fn a_message_has_exactly_the_expected_headers() {
        let raw = raw(Language::El);
        let message = MessageParser::default().parse(&raw).unwrap();
        let mut names: Vec<_> = message.headers().iter().map(|header| header.name.as_str().to_owned()).collect();
        names.sort();
        assert_eq!(
            names,
            ["Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]
        );
    }

    #[test]
    fn invalid_values_never_enter_a_header() {
        let to = EmailAddress::parse("maria@example.gr").unwrap();
        let make = |from, message_id| code(&Envelope { from, message_id, ..envelope(&to, Language::En) }, &sample(), expiry(), ORIGIN);
        assert!(matches!(make("x@example.gr\r\nBcc: y@example.gr", MESSAGE_ID), Err(RenderError::Sender)));
        assert!(matches!(make("x@example.gr", "a\r\nb"), Err(RenderError::MessageId)));
    }
}
