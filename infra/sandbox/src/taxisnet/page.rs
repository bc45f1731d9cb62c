//! The sign-in page of TAXISnet.

use std::sync::Arc;

use axum::response::Html;
use maud::html;

use super::{Authorize, Notice};
use crate::layout::{Lang, Layout, layout};
use crate::people::Person;

/// Returns the page with a button for each person, and a field for the AFM of others.
pub(super) fn sign_in_page(lang: Lang, query: &Authorize, people: &[Arc<Person>], notice: Notice) -> Html<String> {
    let mut other_language = url::form_urlencoded::Serializer::new(String::from("?"));
    let hidden = [
        ("client_id", query.client_id.as_str()),
        ("redirect_uri", &query.redirect_uri),
        ("response_type", &query.response_type),
        ("scope", &query.scope),
    ];
    other_language.extend_pairs(hidden);
    if let Some(state) = &query.state {
        other_language.append_pair("state", state);
    }
    other_language.append_pair("lang", lang.text("en", "el"));
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
        // The field has a separate form, so that Enter in the field does not press the button of the first person.
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
                        strong { (person.full_name()) }
                        span { (person.afm.as_deref().unwrap_or_default()) " · " (person.key) }
                        span { (lang.text(&person.note.el, &person.note.en)) }
                    }
                }
            }
        }
    };
    let page = Layout { lang, title: "TAXISnet (sandbox)", other_language: Some(other_language.finish()), refreshes: false };
    layout(&page, &body)
}
