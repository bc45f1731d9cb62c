//! The HTML that people see, in Greek and English, without scripts.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::{TimeZone, get};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;

use crate::World;
use crate::email;
use crate::failures::{Fail, Failure};
use crate::inbox::{Channel, Message};
use crate::people::Person;
use crate::taxisnet::{Authorize, Notice};

const STYLE: &str = include_str!("style.css");
const ATHENS: TimeZone = get!("Europe/Athens");
const INBOX_PAGE: usize = 30;
const REFRESH_SECONDS: &str = "5";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lang {
    El,
    En,
}

impl Lang {
    /// `lang=` of the address, else what the browser prefers, else Greek.
    pub(crate) fn of(wanted: Option<&str>, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match wanted.unwrap_or(accepted).get(..2) {
            Some("en") => Self::En,
            _ => Self::El,
        }
    }

    pub(crate) fn text<'a>(self, el: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::El => el,
            Self::En => en,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::El => "el",
            Self::En => "en",
        }
    }
}

struct Layout<'a> {
    lang: Lang,
    title: &'a str,
    /// This page in the other language.
    other: Option<String>,
    refresh: bool,
}

fn layout(page: &Layout<'_>, body: &Markup) -> Html<String> {
    let lang = page.lang;
    let markup = html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Pictures of emails are put in place as data; nothing is fetched from anywhere.
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-src 'self'";
                @if page.refresh { meta http-equiv="refresh" content=(REFRESH_SECONDS); }
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    a.home href={ "/?lang=" (lang.code()) } { "myPhoto sandbox" }
                    @if let Some(other) = &page.other { a href=(other) { (lang.text("English", "Ελληνικά")) } }
                }
                main { (body) }
            }
        }
    };
    Html(markup.into_string())
}

fn other(lang: Lang, path: &str) -> Option<String> {
    Some(format!("{path}?lang={}", lang.text("en", "el")))
}

pub(crate) fn refusal(lang: Lang, text: &str) -> Html<String> {
    let page = Layout { lang, title: "myPhoto sandbox", other: None, refresh: false };
    layout(&page, &html! { p.notice role="alert" { (text) } })
}

#[derive(Deserialize)]
pub(crate) struct Language {
    lang: Option<String>,
}

/// `GET /`
pub(crate) async fn index(State(world): State<World>, Query(query): Query<Language>, headers: HeaderMap) -> Html<String> {
    let lang = Lang::of(query.lang.as_deref(), &headers);
    let (created, seeded): (Vec<_>, Vec<_>) = world.people.all().into_iter().partition(|person| person.created);
    let body = html! {
        h1 { (lang.text("Ο έξω κόσμος, για δοκιμές", "The outside world, for tests")) }
        p { (lang.text(
            "Παίζει το TAXISnet, τα εθνικά μητρώα και τους παρόχους SMS και email. Όλοι οι άνθρωποι εδώ είναι επινοημένοι.",
            "Stands for TAXISnet, the national registers and the carriers of SMS and email. Everyone here is invented.",
        )) }
        nav {
            a.button href={ "/inbox?lang=" (lang.code()) } { (lang.text("Εισερχόμενα (SMS, email)", "Inbox (SMS, email)")) }
            a.button.quiet href="/inbox.json" { "inbox.json" }
            a.button.quiet href="/people.json" { "people.json" }
        }
        h2 { (lang.text("Άνθρωποι", "People")) }
        p { (lang.text("Σύνδεση: από την υπηρεσία. Νέοι με POST /people.", "They sign in from the service. New ones by POST /people.")) }
        div.cards { @for person in &seeded { (card(lang, person)) } }
        @if !created.is_empty() {
            p { (created.len()) " " (lang.text("ακόμη έγιναν με POST /people.", "more were made by POST /people.")) }
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
    let page = Layout { lang, title: "myPhoto sandbox", other: other(lang, "/"), refresh: false };
    layout(&page, &body)
}

fn failure(lang: Lang, failure: Failure) -> &'static str {
    match failure {
        Failure::Throttling => lang.text("πολλές κλήσεις", "throttled"),
        Failure::InternalError => lang.text("εσωτερικό σφάλμα", "internal error"),
        Failure::Rejected => lang.text("απορρίπτεται", "rejected"),
    }
}

fn times(lang: Lang, fail: Fail) -> String {
    match fail {
        Fail::Always(_) => lang.text("πάντα", "always").to_owned(),
        Fail::First(times) => format!("{} {times}", lang.text("κλήσεις πριν πετύχει:", "calls before one succeeds:")),
    }
}

fn name(person: &Person) -> String {
    format!("{} {}", person.first_name, person.last_name)
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
            h3 { (name(person)) " " small { (person.key) } }
            p { (lang.text(&person.note.el, &person.note.en)) }
            dl {
                @for (label, value) in numbers {
                    @if let Some(value) = value { div { dt { (label) } dd { (value) } } }
                }
                div { dt { (lang.text("Γέννηση", "Born")) } dd { (person.birth_date) } }
                @for business in &person.businesses {
                    div { dt { (lang.text("Επιχείρηση", "Business")) } dd { (business.name) " (" (business.activities.join(", ")) ")" } }
                }
            }
        }
    }
}

/// The sign-in page of TAXISnet.
pub(crate) fn authorize(lang: Lang, query: &Authorize, people: &[Arc<Person>], notice: Notice) -> Html<String> {
    let mut address = url::form_urlencoded::Serializer::new(String::from("?"));
    let hidden = [
        ("client_id", query.client_id.as_str()),
        ("redirect_uri", &query.redirect_uri),
        ("response_type", &query.response_type),
        ("scope", &query.scope),
    ];
    address.extend_pairs(hidden);
    if let Some(state) = &query.state {
        address.append_pair("state", state);
    }
    address.append_pair("lang", lang.text("en", "el"));
    let fields = html! {
        @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
        @if let Some(state) = &query.state { input type="hidden" name="state" value=(state); }
        input type="hidden" name="lang" value=(lang.code());
    };
    let body = html! {
        h1 { "TAXISnet " small { "(sandbox)" } }
        p { (lang.text("Ποιος συνδέεται;", "Who signs in?")) }
        @match notice {
            Notice::None => {}
            Notice::UnknownAfm => {
                p.notice role="alert" { (lang.text("Το TAXISnet δεν γνωρίζει αυτόν τον ΑΦΜ.", "TAXISnet does not know this AFM.")) }
            }
        }
        // A form of its own: Enter in the field must not press the first person's button.
        form.entry method="post" {
            (fields)
            label for="afm" { (lang.text("ΑΦΜ", "AFM")) }
            input #afm name="afm" inputmode="numeric" autocomplete="off" maxlength="9" required;
            button { (lang.text("Σύνδεση", "Sign in")) }
        }
        form method="post" {
            (fields)
            button.quiet name="deny" value="1" { (lang.text("Άρνηση", "Deny")) }
            div.people {
                @for person in people {
                    button.person name="afm" value=[person.afm.as_deref()] {
                        strong { (name(person)) }
                        span { (person.afm.as_deref().unwrap_or_default()) " · " (person.key) }
                        span { (lang.text(&person.note.el, &person.note.en)) }
                    }
                }
            }
        }
    };
    let page = Layout { lang, title: "TAXISnet (sandbox)", other: Some(address.finish()), refresh: false };
    layout(&page, &body)
}

#[derive(Deserialize)]
pub(crate) struct Paging {
    lang: Option<String>,
    to: Option<String>,
    before: Option<u64>,
    refresh: Option<String>,
}

/// `GET /inbox`: newest first.
pub(crate) async fn inbox(State(world): State<World>, Query(query): Query<Paging>, headers: HeaderMap) -> Html<String> {
    let lang = Lang::of(query.lang.as_deref(), &headers);
    let to = query.to.as_deref().filter(|to| !to.is_empty());
    let messages = world.inbox.page(query.before, to, INBOX_PAGE);
    let refresh = query.before.is_none() && query.refresh.as_deref() != Some("off");
    let address = |lang: Lang, more: &[(&str, &str)]| {
        let mut address = url::form_urlencoded::Serializer::new(String::from("/inbox?"));
        address.append_pair("lang", lang.code());
        if let Some(to) = to {
            address.append_pair("to", to);
        }
        address.extend_pairs(more);
        address.finish()
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
            @if refresh {
                (lang.text("Ανανεώνεται κάθε 5 δευτερόλεπτα. ", "Refreshed every 5 seconds. "))
                a href=(address(lang, &[("refresh", "off")])) { (lang.text("Διακοπή", "Stop")) }
            } @else {
                a href=(address(lang, &[])) { (lang.text("Τα νεότερα", "The newest")) }
            }
        }
        @if messages.is_empty() { p { (lang.text("Κανένα μήνυμα.", "No message.")) } }
        @for message in &messages { (shown(lang, message, "preview")) }
        @if messages.len() == INBOX_PAGE {
            @if let Some(last) = messages.last() {
                a href=(address(lang, &[("before", &last.seq.to_string())])) { (lang.text("Παλαιότερα", "Older")) }
            }
        }
    };
    let switched = match lang {
        Lang::El => Lang::En,
        Lang::En => Lang::El,
    };
    let page = Layout { lang, title, other: Some(address(switched, &[])), refresh };
    layout(&page, &body)
}

/// `GET /inbox/{seq}`: one message, larger and without refreshing.
pub(crate) async fn message(
    State(world): State<World>,
    Path(seq): Path<u64>,
    Query(query): Query<Language>,
    headers: HeaderMap,
) -> Response {
    let lang = Lang::of(query.lang.as_deref(), &headers);
    let Some(message) = world.inbox.one(seq) else {
        let text = lang.text("Δεν υπάρχει τέτοιο μήνυμα.", "There is no such message.");
        return (StatusCode::NOT_FOUND, refusal(lang, text)).into_response();
    };
    let title = lang.text("Μήνυμα", "Message");
    let body = html! {
        p { a href={ "/inbox?lang=" (lang.code()) } { "← " (lang.text("Εισερχόμενα", "Inbox")) } }
        (shown(lang, &message, "whole"))
    };
    let page = Layout { lang, title, other: other(lang, &format!("/inbox/{seq}")), refresh: false };
    layout(&page, &body).into_response()
}

/// `GET /inbox/{seq}/raw`: the email's MIME as it was sent.
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

fn shown(lang: Lang, message: &Message, size: &str) -> Markup {
    let sent = &message.sent;
    let email = sent.raw.as_ref().and_then(|raw| STANDARD.decode(raw).ok()).and_then(|raw| email::show(&raw));
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
                // No scripts and no same origin inside; links open beside the page.
                Some(html) => iframe class=(size) sandbox="allow-popups allow-popups-to-escape-sandbox"
                    title=(lang.text("Το email", "The email"))
                    srcdoc={ "<base target=_blank>" (html) } {},
                None => p.text { (linked(&sent.text)) }
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

/// The text with its http(s) addresses as links, as a phone shows an SMS.
fn linked(text: &str) -> Markup {
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
            linked("Code <b>: http://x.localhost/#a&b\nend").into_string(),
            "Code &lt;b&gt;: <a href=\"http://x.localhost/#a&amp;b\" rel=\"noreferrer\">http://x.localhost/#a&amp;b</a>\nend"
        );
    }
}
