//! The headers, MIME structure and HTML layout that all emails share.

use domain::{EmailAddress, Language, Moment};
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, content_type::ContentType, date::Date, raw::Raw},
    mime::MimePart,
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::RenderError;

/// The sender, recipient, language, id and date of an email.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    pub from: &'a str,
    pub to: &'a EmailAddress,
    pub language: Language,
    /// A UUID. Content ids and MIME boundaries are derived from it, so that the same message always has the same bytes.
    pub message_id: &'a str,
    pub date: Moment,
}

impl Envelope<'_> {
    fn sender(&self) -> Result<EmailAddress, RenderError> {
        EmailAddress::parse(self.from).map_err(|_| RenderError::Sender)
    }

    /// Returns a globally unique id for the message or one of its parts (RFC 5322, section 3.6.4).
    pub(super) fn id(&self, part: &str) -> Result<String, RenderError> {
        let sender = self.sender()?;
        let from_domain = sender.expose().rsplit_once('@').map(|(_, domain)| domain).ok_or(RenderError::Sender)?;
        let id = self.message_id;
        if id.is_empty() || id.len() > 40 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(RenderError::MessageId);
        }
        Ok(format!("{part}{id}@{from_domain}"))
    }

    pub(super) fn multipart(&self, content_type: &'static str, part: &str) -> ContentType<'static> {
        ContentType::new(content_type).attribute("boundary", format!("{part}-{}", self.message_id))
    }

    pub(super) fn html_part(&self, html: Markup) -> MimePart<'static> {
        MimePart::new("text/html", html.into_string()).language(self.language.tag())
    }

    /// Renders raw MIME with two alternatives: plain text and `rich`.
    ///
    /// # Errors
    /// [`RenderError::Sender`] or [`RenderError::MessageId`] if the value is invalid in a header.
    pub(super) fn mime(&self, subject: &str, text: String, rich: MimePart<'_>) -> Result<Vec<u8>, RenderError> {
        let body = MimePart::new(
            self.multipart("multipart/alternative", "alternative"),
            vec![MimePart::new("text/plain", text).language(self.language.tag()), rich],
        );
        let sender = self.sender()?;
        let message = MessageBuilder::new()
            .from(Address::new_address(Some("myPhoto"), sender.expose()))
            .to(Address::new_address(None::<&str>, self.to.expose()))
            .subject(subject)
            .date(Date::new(self.date.epoch_seconds()))
            .message_id(self.id("")?)
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .header("Content-Language", Raw::new(self.language.tag()))
            .body(body);
        Ok(message.write_to_vec()?)
    }
}

/// Colours for dark mode. The colours for light mode are in `style` attributes, for mail programs that drop style sheets. Every pair of
/// text and background has a contrast of 4.5 or more.
const DARK_STYLE_SHEET: &str = "@media (prefers-color-scheme: dark) { \
    .page { background: #14181f !important; } .card { background: #1f2630 !important; color: #f2f5f9 !important; border-color: #3a4452 !important; } \
    .code { background: #14181f !important; color: #f2f5f9 !important; border-color: #7fb0e8 !important; } .quiet { color: #b4bfcc !important; } \
    .secret { background: #3a2f10 !important; color: #ffe9b0 !important; } a.link { color: #9cc4f2 !important; } }";

/// Renders a page of one card: heading, body, and small print with the service's URL in full.
pub(super) fn page(language: Language, subject: &str, heading: &str, body: &Markup, small_print: &[&str], link: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="format-detection" content="telephone=no";
                title { (subject) }
                style { (PreEscaped(DARK_STYLE_SHEET)) }
            }
            body.page lang=(language.tag()) style="margin:0; padding:16px; background:#eef2f6; font-family:Arial,Helvetica,sans-serif; font-size:16px; line-height:1.5;" {
                main.card style="max-width:560px; margin:0 auto; padding:24px; background:#ffffff; color:#1b2430; border:1px solid #d5dce4; border-radius:8px;" {
                    p.quiet style="margin:0 0 4px; font-weight:bold; color:#44515f;" { "myPhoto" }
                    h1 style="margin:0 0 12px; font-size:26px; line-height:1.25;" { (heading) }
                    (body)
                    p.quiet style="margin:0; font-size:14px; color:#44515f;" {
                        @for sentence in small_print {
                            (sentence) " "
                        }
                        br;
                        a.link href=(link) style="color:#1f5fa8; overflow-wrap:anywhere;" { (link) }
                    }
                }
            }
        }
    }
}

pub(super) fn paragraph(text: &str) -> Markup {
    html! { p style="margin:0 0 20px;" { (text) } }
}

/// Renders a label with an emphasised date and time, followed by a sentence.
pub(super) fn until(label: &str, moment: &str, after: &str) -> Markup {
    html! { p style="margin:0 0 20px;" { (label) " " strong { (moment) } ". " (after) } }
}

pub(super) fn button(label: &str, link: &str) -> Markup {
    html! {
        p style="margin:0 0 20px; text-align:center;" {
            a href=(link) style="display:inline-block; padding:12px 24px; border-radius:6px; background:#1f5fa8; color:#ffffff; \
                                 font-weight:bold; text-decoration:none;" { (label) }
        }
    }
}

pub(super) fn steps(heading: &str, steps: &[&str]) -> Markup {
    html! {
        h2 style="margin:0 0 8px; font-size:18px;" { (heading) }
        ol style="margin:0 0 20px; padding-left:24px;" {
            @for step in steps {
                li style="margin:0 0 6px;" { (step) }
            }
        }
    }
}

/// Renders a highlighted warning.
pub(super) fn warning(text: &str) -> Markup {
    html! { p.secret style="margin:0 0 20px; padding:12px; border-left:4px solid #c77d00; background:#fff6e0; color:#3d2a00;" { (text) } }
}

/// Renders steps as a numbered list in plain text.
pub(super) fn numbered(steps: &[&str]) -> String {
    steps.iter().zip(1..).map(|(step, number)| format!("{number}. {step}\n")).collect()
}
