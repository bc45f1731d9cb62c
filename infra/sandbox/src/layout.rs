//! The common parts of all HTML pages of the sandbox: the language, the layout and the error page.

use axum::http::{HeaderMap, header};
use axum::response::Html;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");
const REFRESH_SECONDS: &str = "5";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lang {
    El,
    En,
}

impl Lang {
    /// Returns the language of the query parameter `lang`. Without the parameter, returns the browser's preferred language. Returns Greek
    /// for every language other than English.
    pub(crate) fn of(parameter: Option<&str>, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match parameter.unwrap_or(accepted).get(..2) {
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

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::El => "el",
            Self::En => "en",
        }
    }
}

pub(crate) struct Layout<'a> {
    pub(crate) lang: Lang,
    pub(crate) title: &'a str,
    /// URL of this page in the other language.
    pub(crate) other_language: Option<String>,
    /// True if the browser reloads the page every few seconds.
    pub(crate) refreshes: bool,
}

pub(crate) fn layout(page: &Layout<'_>, body: &Markup) -> Html<String> {
    let lang = page.lang;
    let markup = html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Pictures of emails are embedded as data, so the page loads nothing from other URLs.
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-src 'self'";
                @if page.refreshes { meta http-equiv="refresh" content=(REFRESH_SECONDS); }
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    a.home href={ "/?lang=" (lang.code()) } { "myPhoto sandbox" }
                    @if let Some(url) = &page.other_language { a href=(url) { (lang.text("English", "Ελληνικά")) } }
                }
                main { (body) }
            }
        }
    };
    Html(markup.into_string())
}

/// Returns the URL of the page at `path` in the other language.
pub(crate) fn in_other_language(lang: Lang, path: &str) -> Option<String> {
    Some(format!("{path}?lang={}", lang.text("en", "el")))
}

/// Returns a page that shows only the text of an error.
pub(crate) fn error_page(lang: Lang, text: &str) -> Html<String> {
    let page = Layout { lang, title: "myPhoto sandbox", other_language: None, refreshes: false };
    layout(&page, &html! { p.notice role="alert" { (text) } })
}
