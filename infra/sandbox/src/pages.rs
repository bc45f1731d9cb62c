//! The HTML pages of the sandbox, in Greek and English, without scripts: the first page and the inbox.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::{TimeZone, get};
use maud::{Markup, html};
use serde::Deserialize;

use crate::World;
use crate::email;
use crate::failures::{Fail, Failure};
use crate::inbox::{Channel, Message};
use crate::layout::{Lang, Layout, error_page, in_other_language, layout};
use crate::people::Person;

const ATHENS: TimeZone = get!("Europe/Athens");
const INBOX_PAGE: usize = 30;

#[derive(Deserialize)]
pub(crate) struct Language {
    lang: Option<String>,
}

/// `GET /`
pub(crate) async fn index(State(world): State<World>, Query(query): Query<Language>, headers: HeaderMap) -> Html<String> {
    let lang = Lang::of(query.lang.as_deref(), &headers);
    let (created, seeded): (Vec<_>, Vec<_>) = world.people.all().into_iter().partition(|person| person.created);
    let body = html! {
        h1 { (lang.text("Εξωτερικές υπηρεσίες, για δοκιμές", "External services, for tests")) }
        p { (lang.text(
            "Αντικαθιστά το TAXISnet, τα εθνικά μητρώα και τους παρόχους SMS και email. Όλοι οι άνθρωποι εδώ είναι επινοημένοι.",
            "Replaces TAXISnet, the national registers and the providers of SMS and email. All people here are invented.",
        )) }
        nav {
            a.button href={ "/inbox?lang=" (lang.code()) } { (lang.text("Εισερχόμενα (SMS, email)", "Inbox (SMS, email)")) }
            a.button.quiet href="/inbox.json" { "inbox.json" }
            a.button.quiet href="/people.json" { "people.json" }
        }
        h2 { (lang.text("Άνθρωποι", "People")) }
        p { (lang.text("Συνδέονται από την υπηρεσία. Νέους δημιουργεί το POST /people.", "They sign in from the service. POST /people creates new people.")) }
        div.cards { @for person in &seeded { (card(lang, person)) } }
        @if !created.is_empty() {
            p { (created.len()) " " (lang.text("ακόμη δημιουργήθηκαν με POST /people.", "more were created by POST /people.")) }
        }
        h2 { (lang.text("Παραλήπτες με αποτυχίες", "Recipients for whom sending fails")) }
        table {
            @for rule in world.failures.rules() {
                tr {
                    td { code { (rule.to) } }
                    td { (failure(lang, rule.error)) }
                    td { (times(lang, rule.fail)) }
                }
            }
        }
    };
    let page = Layout { lang, title: "myPhoto sandbox", other_language: in_other_language(lang, "/"), refreshes: false };
    layout(&page, &body)
}

fn failure(lang: Lang, failure: Failure) -> &'static str {
    match failure {
        Failure::Throttling => lang.text("πολλές κλήσεις", "throttled"),
        Failure::InternalError => lang.text("εσωτερικό σφάλμα", "internal error"),
        Failure::Rejected => lang.text("απορρίπτεται", "rejected"),
        Failure::LostResponse => lang.text("φτάνει, αλλά χάνεται η απάντηση", "arrives, but the response is lost"),
    }
}

fn times(lang: Lang, fail: Fail) -> String {
    match fail {
        Fail::Always(_) => lang.text("πάντα", "always").to_owned(),
        Fail::First(times) => format!("{} {times}", lang.text("κλήσεις πριν πετύχει:", "calls before one succeeds:")),
    }
}

fn card(lang: Lang, person: &Person) -> Markup {
    let numbers = [
        (lang.text("ΑΦΜ", "AFM"), person.afm.as_deref()),
        (lang.text("ΑΜΚΑ", "AMKA"), person.amka.as_deref()),
        (lang.text("ΠΑΑΥΠΑ", "PAAYPA"), person.paaypa.as_deref()),
        (lang.text("Κινητό", "Mobile"), person.mobile.as_deref()),
    ];
    html! {
        article {
            h3 { (person.full_name()) " " small { (person.key) } }
            p { (lang.text(&person.note.el, &person.note.en)) }
            dl {
                @for (label, value) in numbers {
                    @if let Some(value) = value { div { dt { (label) } dd { (value) } } }
                }
                div { dt { (lang.text("Γέννηση", "Born")) } dd { (person.birth_date) } }
                @for business in &person.businesses {
                    div { dt { (lang.text("Επιχείρηση", "Business")) } dd { (business.name) " (" (business.activities.join(", ")) ")" } }
                }
                @for office in &person.offices {
                    div {
                        dt { (lang.text("Υπάλληλος", "Clerk")) }
                        dd {
                            (office.name) " (" (office.id) ")"
                            @if let Some(until) = office.until { ", " (lang.text("έως", "until")) " " (until) }
                        }
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Paging {
    lang: Option<String>,
    to: Option<String>,
    before: Option<u64>,
    refresh: Option<String>,
}

/// `GET /inbox`: the messages, newest first.
pub(crate) async fn inbox(State(world): State<World>, Query(query): Query<Paging>, headers: HeaderMap) -> Html<String> {
    let lang = Lang::of(query.lang.as_deref(), &headers);
    let to = query.to.as_deref().filter(|to| !to.is_empty());
    let messages = world.inbox.page(query.before, to, INBOX_PAGE);
    let refreshes = query.before.is_none() && query.refresh.as_deref() != Some("off");
    let url = |lang: Lang, more: &[(&str, &str)]| {
        let mut url = url::form_urlencoded::Serializer::new(String::from("/inbox?"));
        url.append_pair("lang", lang.code());
        if let Some(to) = to {
            url.append_pair("to", to);
        }
        url.extend_pairs(more);
        url.finish()
    };
    let title = lang.text("Εισερχόμενα", "Inbox");
    let body = html! {
        h1 { (title) }
        form.entry method="get" {
            input type="hidden" name="lang" value=(lang.code());
            label for="to" { (lang.text("Παραλήπτης", "Recipient")) }
            input #to name="to" value=[to] autocomplete="off";
            button { (lang.text("Εμφάνιση", "Show")) }
        }
        p.quiet {
            @if refreshes {
                (lang.text("Ανανεώνεται κάθε 5 δευτερόλεπτα. ", "Refreshed every 5 seconds. "))
                a href=(url(lang, &[("refresh", "off")])) { (lang.text("Διακοπή", "Stop")) }
            } @else {
                a href=(url(lang, &[])) { (lang.text("Τα νεότερα", "The newest")) }
            }
        }
        @if messages.is_empty() { p { (lang.text("Κανένα μήνυμα.", "No message.")) } }
        @for message in &messages { (message_article(lang, message, "preview")) }
        @if messages.len() == INBOX_PAGE {
            @if let Some(last) = messages.last() {
                a href=(url(lang, &[("before", &last.seq.to_string())])) { (lang.text("Παλαιότερα", "Older")) }
            }
        }
    };
    let switched = match lang {
        Lang::El => Lang::En,
        Lang::En => Lang::El,
    };
    let page = Layout { lang, title, other_language: Some(url(switched, &[])), refreshes };
    layout(&page, &body)
}

/// `GET /inbox/{seq}`: one message, shown larger than in the inbox and without automatic reload.
pub(crate) async fn message(
    State(world): State<World>,
    Path(seq): Path<u64>,
    Query(query): Query<Language>,
    headers: HeaderMap,
) -> Response {
    let lang = Lang::of(query.lang.as_deref(), &headers);
    let Some(message) = world.inbox.one(seq) else {
        let text = lang.text("Δεν υπάρχει τέτοιο μήνυμα.", "There is no such message.");
        return (StatusCode::NOT_FOUND, error_page(lang, text)).into_response();
    };
    let title = lang.text("Μήνυμα", "Message");
    let body = html! {
        p { a href={ "/inbox?lang=" (lang.code()) } { "← " (lang.text("Εισερχόμενα", "Inbox")) } }
        (message_article(lang, &message, "whole"))
    };
    let page = Layout { lang, title, other_language: in_other_language(lang, &format!("/inbox/{seq}")), refreshes: false };
    layout(&page, &body).into_response()
}

/// `GET /inbox/{seq}/raw`: the MIME message of an email, as it was sent.
pub(crate) async fn raw(State(world): State<World>, Path(seq): Path<u64>) -> Response {
    let raw = world.inbox.one(seq).and_then(|message| message.sent.raw).and_then(|raw| STANDARD.decode(raw).ok());
    match raw {
        Some(raw) => {
            let kind = HeaderValue::from_static("message/rfc822");
            ([(header::CONTENT_TYPE, kind)], raw).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Returns a message as an element of a page. `size` is the CSS class of an email's frame.
fn message_article(lang: Lang, message: &Message, size: &str) -> Markup {
    let sent = &message.sent;
    let email = sent.raw.as_ref().and_then(|raw| STANDARD.decode(raw).ok()).and_then(|raw| email::render(&raw));
    let channel = match sent.channel {
        Channel::Sms => "SMS",
        Channel::Email => "Email",
    };
    html! {
        article.message {
            p.meta {
                strong { (channel) } " → " (sent.to)
                @if let Some(from) = &sent.from { " · " (lang.text("από", "from")) " " (from) }
                " · " time datetime=(message.at) { (athens(message.at)) }
                " · " a href={ "/inbox/" (message.seq) "?lang=" (lang.code()) } { "#" (message.seq) }
            }
            @if let Some(subject) = &sent.subject { h2 { (subject) } }
            @match email.as_ref().and_then(|email| email.html.as_ref()) {
                // The frame has no scripts and an opaque origin. Its links open in a new tab.
                Some(html) => iframe class=(size) sandbox="allow-popups allow-popups-to-escape-sandbox"
                    title=(lang.text("Το email", "The email"))
                    srcdoc={ "<base target=_blank>" (html) } {},
                None => p.text { (with_links(&sent.text)) }
            }
            @if sent.ses.as_ref().is_some_and(|ses| ses.configuration_set.is_some()) {
                p.quiet {
                    (lang.text("Για να επιστραφεί αυτό το email: ", "To make this email come back: "))
                    code { "make bounce TO=" (sent.to) }
                }
            }
            @if let Some(email) = &email {
                @for (name, data) in &email.attachments {
                    p { a href=(data) download=(name) { (name) } }
                    @if data.starts_with("data:image/") { img src=(data) alt=(name); }
                }
                p.quiet { a href={ "/inbox/" (message.seq) "/raw" } { (lang.text("Το MIME όπως στάλθηκε", "The MIME as sent")) } }
            }
        }
    }
}

fn athens(at: Timestamp) -> String {
    at.to_zoned(ATHENS).strftime("%d/%m/%Y %H:%M:%S").to_string()
}

/// Returns the text with its http(s) URLs as links, as a phone shows an SMS.
fn with_links(text: &str) -> Markup {
    html! {
        @for piece in text.split_inclusive(char::is_whitespace) {
            @let word = piece.trim_end();
            @if word.starts_with("http://") || word.starts_with("https://") {
                a href=(word) rel="noreferrer" { (word) } (piece.get(word.len()..).unwrap_or_default())
            } @else { (piece) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_in_a_text_become_links() {
        assert_eq!(
            with_links("Code <b>: http://x.localhost/#a&b\nend").into_string(),
            "Code &lt;b&gt;: <a href=\"http://x.localhost/#a&amp;b\" rel=\"noreferrer\">http://x.localhost/#a&amp;b</a>\nend"
        );
    }
}
