//! The email that brings a code number.

use domain::{CodeNumber, EmailAddress, Language, Moment};
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, content_type::ContentType, date::Date, raw::Raw},
    mime::{BodyPart, MimePart},
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

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
    intro: "Ένας φωτογράφος ανέβασε για εσάς στο myPhoto φωτογραφία προσώπου, εικόνα υπογραφής ή και τις δύο. Με τον κωδικάριθμο τις \
            συσχετίζετε με εσάς, ή με ανήλικο του οποίου έχετε την επιμέλεια, για να χρησιμοποιούνται σε υπηρεσίες του Δημοσίου.",
    code: "Κωδικάριθμος",
    qr: "Κωδικός QR που ανοίγει το myPhoto με τον κωδικάριθμο συμπληρωμένο",
    open: "Άνοιγμα του myPhoto",
    valid: "Ισχύει έως",
    deleted: "Αν δεν συσχετιστούν έως τότε, οι φωτογραφίες διαγράφονται.",
    steps_heading: "Τι να κάνετε",
    steps: [
        "Ανοίξτε τον σύνδεσμο ή σαρώστε τον κωδικό QR με το κινητό σας: ο κωδικάριθμος θα είναι συμπληρωμένος.",
        "Συνδεθείτε με τους κωδικούς σας TAXISnet.",
        "Δείτε τις φωτογραφίες, επιβεβαιώστε ότι είναι οι σωστές και συσχετίστε τις.",
    ],
    secret: "Ο κωδικάριθμος είναι μυστικός: όποιος τον έχει μπορεί να δει και να συσχετίσει τις φωτογραφίες σας. Μην τον δώσετε σε αγνώστους και μην \
             προωθήσετε αυτό το μήνυμα.",
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
    secret: "The code number is secret: whoever has it can see and associate your photos. Do not give it to strangers, and do not forward this message.",
    unexpected: "If you did not expect this message, delete it.",
    automatic: "This message was sent automatically. Do not reply to it.",
};

/// Raw MIME: plain text, or HTML with the QR code as a picture inside the message (nothing is fetched when it is opened).
///
/// `message_id` is our own name for the message (a UUID); parts and headers are named after it, so that the same message is always the
/// same bytes.
///
/// # Errors
/// `from` or `message_id` is not fit for a header, or the link is too long for a QR code.
#[expect(clippy::too_many_arguments, reason = "each is a different thing, and there is one caller")]
pub fn code(
    from: &str,
    to: &EmailAddress,
    code: &CodeNumber,
    expires_at: Moment,
    public_origin: &str,
    language: Language,
    message_id: &str,
    date: Moment,
) -> Result<Vec<u8>, RenderError> {
    let from = EmailAddress::parse(from).map_err(|_| RenderError::Sender)?;
    let from_domain = from.expose().rsplit_once('@').map(|(_, domain)| domain).ok_or(RenderError::Sender)?;
    if message_id.is_empty() || message_id.len() > 40 || !message_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(RenderError::MessageId);
    }
    let texts = pick(language, &EL, &EN);
    let link = code_link(public_origin, code);
    let picture = qr::png(&link)?;
    let cid = format!("qr.{message_id}@{from_domain}");
    let (code, until) = (code.expose(), time_text::athens(expires_at, language));

    let related = MimePart::new(
        multipart("multipart/related", "related", message_id).attribute("type", "text/html"),
        vec![
            MimePart::new("text/html", html_body(texts, &code, &until, &link, &cid, language).into_string()).language(language.tag()),
            MimePart::new(ContentType::new("image/png"), BodyPart::Binary(picture.into()))
                .header("Content-Disposition", ContentType::new("inline").attribute("filename", "qr.png"))
                .cid(cid.clone()),
        ],
    );
    let body = MimePart::new(
        multipart("multipart/alternative", "alternative", message_id),
        vec![MimePart::new("text/plain", text_body(texts, &code, &until, &link)).language(language.tag()), related],
    );
    let message = MessageBuilder::new()
        .from(Address::new_address(Some("myPhoto"), from.expose()))
        .to(Address::new_address(None::<&str>, to.expose()))
        .subject(texts.subject)
        .date(Date::new(date.epoch_seconds()))
        .message_id(format!("{message_id}@{from_domain}"))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .header("Content-Language", Raw::new(language.tag()))
        .body(body);
    Ok(message.write_to_vec()?)
}

fn multipart(content_type: &'static str, part: &str, message_id: &str) -> ContentType<'static> {
    ContentType::new(content_type).attribute("boundary", format!("{part}-{message_id}"))
}

fn text_body(texts: &Texts, code: &str, until: &str, link: &str) -> String {
    let [first, second, third] = texts.steps;
    format!(
        "{heading}\n\n{intro}\n\n{code_label}: {code}\n{valid}: {until}\n{deleted}\n\n{open}:\n{link}\n\n{steps_heading}\n1. {first}\n2. {second}\n3. {third}\n\n\
         {secret}\n\n{unexpected}\n{automatic}\n",
        heading = texts.heading,
        intro = texts.intro,
        code_label = texts.code,
        valid = texts.valid,
        deleted = texts.deleted,
        open = texts.open,
        steps_heading = texts.steps_heading,
        secret = texts.secret,
        unexpected = texts.unexpected,
        automatic = texts.automatic,
    )
}

/// Colours are set both ways (`style` for programs that drop the sheet, the sheet for a dark screen), all with a contrast of 4.5 or more.
const SHEET: &str = "@media (prefers-color-scheme: dark) { \
    .page { background: #14181f !important; } .card { background: #1f2630 !important; color: #f2f5f9 !important; border-color: #3a4452 !important; } \
    .code { background: #14181f !important; color: #f2f5f9 !important; border-color: #7fb0e8 !important; } .quiet { color: #b4bfcc !important; } \
    .secret { background: #3a2f10 !important; color: #ffe9b0 !important; } a.link { color: #9cc4f2 !important; } }";

fn html_body(texts: &Texts, code: &str, until: &str, link: &str, cid: &str, language: Language) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="format-detection" content="telephone=no";
                title { (texts.subject) }
                style { (PreEscaped(SHEET)) }
            }
            body.page lang=(language.tag()) style="margin:0; padding:16px; background:#eef2f6; font-family:Arial,Helvetica,sans-serif; font-size:16px; line-height:1.5;" {
                main.card style="max-width:560px; margin:0 auto; padding:24px; background:#ffffff; color:#1b2430; border:1px solid #d5dce4; border-radius:8px;" {
                    p.quiet style="margin:0 0 4px; font-weight:bold; color:#44515f;" { "myPhoto" }
                    h1 style="margin:0 0 12px; font-size:26px; line-height:1.25;" { (texts.heading) }
                    p style="margin:0 0 20px;" { (texts.intro) }
                    p.quiet style="margin:0 0 4px; font-size:14px; color:#44515f;" { (texts.code) }
                    p.code style="margin:0 0 12px; padding:12px; border:2px solid #1f5fa8; border-radius:6px; background:#f4f8fc; color:#0b1f36; \
                                  font-family:Consolas,Menlo,'DejaVu Sans Mono','Courier New',monospace; font-size:20px; font-weight:bold; \
                                  text-align:center; overflow-wrap:anywhere;" { (code) }
                    p style="margin:0 0 20px;" { (texts.valid) " " strong { (until) } ". " (texts.deleted) }
                    p style="margin:0 0 20px; text-align:center;" {
                        a href=(link) style="display:inline-block; padding:12px 24px; border-radius:6px; background:#1f5fa8; color:#ffffff; \
                                             font-weight:bold; text-decoration:none;" { (texts.open) }
                    }
                    p style="margin:0 0 20px; text-align:center;" {
                        // The picture has its own white margin: scanners need it on a dark background too.
                        img src=(format!("cid:{cid}")) alt=(texts.qr) width="240" height="240" style="width:240px; height:240px; max-width:100%; background:#ffffff; border-radius:6px;";
                    }
                    h2 style="margin:0 0 8px; font-size:18px;" { (texts.steps_heading) }
                    ol style="margin:0 0 20px; padding-left:24px;" {
                        @for step in texts.steps {
                            li style="margin:0 0 6px;" { (step) }
                        }
                    }
                    p.secret style="margin:0 0 20px; padding:12px; border-left:4px solid #c77d00; background:#fff6e0; color:#3d2a00;" { (texts.secret) }
                    p.quiet style="margin:0; font-size:14px; color:#44515f;" {
                        (texts.unexpected) " " (texts.automatic) br;
                        a.link href=(link) style="color:#1f5fa8; overflow-wrap:anywhere;" { (link) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders};

    use super::*;
    use crate::{
        qr::tests::scan,
        testing::{ORIGIN, WRITTEN, at, code as sample, expiry, has_greek},
    };

    const MESSAGE_ID: &str = "01939b1c-7a5e-7c3d-9d2a-1f0e5b6c7d8e";

    fn raw(language: Language) -> Vec<u8> {
        let to = EmailAddress::parse("maria@example.gr").unwrap();
        code("no-reply@myphoto.example.gr", &to, &sample(), expiry(), ORIGIN, language, MESSAGE_ID, at("2026-11-21T22:18:02Z")).unwrap()
    }

    #[test]
    fn a_mail_program_finds_everything_in_it() {
        for language in [Language::El, Language::En] {
            let raw = raw(language);
            let message = MessageParser::default().parse(&raw).unwrap();
            assert_eq!(message.from().unwrap().first().unwrap().address(), Some("no-reply@myphoto.example.gr"));
            assert_eq!(message.from().unwrap().first().unwrap().name(), Some("myPhoto"));
            assert_eq!(message.to().unwrap().first().unwrap().address(), Some("maria@example.gr"));
            assert_eq!(has_greek(message.subject().unwrap()), language == Language::El);
            assert!(!message.subject().unwrap().contains(WRITTEN), "subjects show on locked screens");
            assert_eq!(message.message_id(), Some(format!("{MESSAGE_ID}@myphoto.example.gr").as_str()));
            assert_eq!(message.date().unwrap().to_timestamp(), at("2026-11-21T22:18:02Z").epoch_seconds());
            assert_eq!(message.header("Auto-Submitted").unwrap().as_text(), Some("auto-generated"));
            assert_eq!(message.header("Content-Language").unwrap().as_text(), Some(language.tag()));

            let (text, html) = (message.body_text(0).unwrap(), message.body_html(0).unwrap());
            let link = code_link(ORIGIN, &sample());
            for body in [&text, &html] {
                assert!(body.contains(WRITTEN) && body.contains(&link) && body.contains(&time_text::athens(expiry(), language)));
                assert_eq!(has_greek(body), language == Language::El);
            }
            assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())));

            let picture = message.parts.iter().find(|part| part.content_id().is_some()).unwrap();
            assert!(html.contains(&format!("src=\"cid:{}\"", picture.content_id().unwrap())));
            assert_eq!(scan(picture.contents()), link);
        }
    }

    #[test]
    fn the_parts_stand_as_mail_programs_expect_them() {
        let text = String::from_utf8(raw(Language::El)).unwrap();
        let order =
            ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"].map(|part| text.find(part).unwrap());
        assert!(order.is_sorted(), "{order:?}");
        assert_eq!(text.matches("charset=\"utf-8\"").count(), 2);
        assert!(text.lines().all(|line| line.len() <= 998) && text.is_ascii());
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    }

    #[test]
    fn the_same_message_is_always_the_same_bytes() {
        assert_eq!(raw(Language::El), raw(Language::El));
        assert_ne!(raw(Language::El), raw(Language::En));
    }

    #[test]
    fn nothing_unfit_enters_a_header() {
        let to = EmailAddress::parse("maria@example.gr").unwrap();
        let make = |from, id| code(from, &to, &sample(), expiry(), ORIGIN, Language::En, id, expiry());
        assert!(matches!(make("x@example.gr\r\nBcc: y@example.gr", MESSAGE_ID), Err(RenderError::Sender)));
        assert!(matches!(make("x@example.gr", "a\r\nb"), Err(RenderError::MessageId)));
    }
}
