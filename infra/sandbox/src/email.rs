//! Parses and composes MIME messages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_builder::MessageBuilder;
use mail_parser::{Address, MessageParser, MessagePart, MimeHeaders, PartType};

pub(crate) struct Email {
    pub(crate) from: Option<String>,
    pub(crate) to: Vec<String>,
    pub(crate) subject: Option<String>,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
}

/// Parses a MIME message. Returns `None` if it is not MIME or has no header.
pub(crate) fn parse(raw: &[u8]) -> Option<Email> {
    let message = MessageParser::default().parse(raw)?;
    let to = [message.to(), message.cc(), message.bcc()].into_iter().flatten().flat_map(addresses).collect();
    let html = message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.to_string()),
        // If a message has no HTML, `html_bodies` returns its plain text. So only a part of the type HTML is used.
        PartType::Text(_) | PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => None,
    });
    Some(Email {
        from: message.from().and_then(|from| addresses(from).next()),
        to,
        subject: message.subject().map(str::to_owned),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html,
    })
}

fn addresses<'a>(header: &'a Address<'_>) -> impl Iterator<Item = String> + 'a {
    header.iter().filter_map(|address| address.address().map(str::to_owned))
}

/// An email as the inbox shows it.
pub(crate) struct Rendered {
    /// The HTML. Pictures that belong to the message are embedded as `data:` URLs.
    pub(crate) html: Option<String>,
    /// The name and `data:` URL of each attachment that is not embedded in the HTML.
    pub(crate) attachments: Vec<(String, String)>,
}

/// Renders a MIME message for the inbox. Returns `None` if it cannot be parsed.
pub(crate) fn render(raw: &[u8]) -> Option<Rendered> {
    let message = MessageParser::default().parse(raw)?;
    let mut html = parse(raw)?.html;
    let mut attachments = Vec::new();
    for part in &message.parts {
        let (PartType::Binary(_) | PartType::InlineBinary(_)) = part.body else {
            continue;
        };
        let data = data_url(part);
        let reference = part.content_id().map(|id| format!("cid:{id}"));
        match (&mut html, reference) {
            (Some(html), Some(cid)) if html.contains(&cid) => *html = html.replace(&cid, &data),
            _ => attachments.push((part.attachment_name().unwrap_or("?").to_owned(), data)),
        }
    }
    Some(Rendered { html, attachments })
}

fn data_url(part: &MessagePart<'_>) -> String {
    let kind = part.content_type().map_or_else(
        || "application/octet-stream".to_owned(),
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")),
    );
    // The type comes from the sender and becomes part of an HTML attribute, so only letters, digits and `/-+.` remain.
    let kind: String = kind.chars().filter(|c| c.is_ascii_alphanumeric() || "/-+.".contains(*c)).collect();
    format!("data:{kind};base64,{}", STANDARD.encode(part.contents()))
}

/// Composes a MIME message from a subject and bodies, as SES does.
pub(crate) fn compose(from: &str, to: &[String], subject: &str, text: Option<&str>, html: Option<&str>) -> std::io::Result<Vec<u8>> {
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    let mut message = MessageBuilder::new().from(from).to(to).subject(subject);
    if let Some(text) = text {
        message = message.text_body(text);
    }
    if let Some(html) = html {
        message = message.html_body(html);
    }
    message.write_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_the_html_refers_to_is_embedded() {
        let raw = MessageBuilder::new()
            .from(("myPhoto", "no-reply@myphoto.example"))
            .to("someone@example.org")
            .subject("Ο κωδικάριθμός σας")
            .text_body("κείμενο")
            .html_body("<img src=\"cid:qr@myphoto\"> γεια")
            .inline("image/png", "cid:qr@myphoto", &b"\x89PNG"[..])
            .write_to_vec()
            .unwrap();
        // The builder writes the content ID with the scheme `cid:`. The usual form has no scheme.
        let raw = String::from_utf8(raw).unwrap().replace("<cid:qr@myphoto>", "<qr@myphoto>");
        let email = parse(raw.as_bytes()).unwrap();
        assert_eq!(email.from.as_deref(), Some("no-reply@myphoto.example"));
        assert_eq!(email.to, ["someone@example.org"]);
        assert_eq!(email.subject.as_deref(), Some("Ο κωδικάριθμός σας"));
        assert_eq!(email.text.trim(), "κείμενο");
        let rendered = render(raw.as_bytes()).unwrap();
        assert_eq!(rendered.html.unwrap().trim(), "<img src=\"data:image/png;base64,iVBORw==\"> γεια");
        assert!(rendered.attachments.is_empty());
    }

    #[test]
    fn an_email_with_only_text_has_no_html() {
        let to = ["a@example.org".to_owned()];
        let raw = compose("b@example.org", &to, "s", Some("plain"), None).unwrap();
        let email = parse(&raw).unwrap();
        assert_eq!((email.text.trim(), email.html), ("plain", None));
    }
}
