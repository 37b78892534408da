//! What people see.
//!
//! Every page works without scripts, loads nothing, and says what to do next. The texts are in `text.rs`, in each language;
//! nothing of a request stands on a page but what was checked, and all of it is escaped.

pub mod consent;
pub mod delegation;

mod language;
mod text;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use language::Language;
use text::Text;

use crate::refusal::Refusal;

/// The style of all pages.
const STYLE: &str = include_str!("style.css");

/// The hash by which a Content-Security-Policy allows the style of our pages, and no other (CSP Level 3, section 6.7.3.3).
#[must_use]
pub fn style_hash() -> String {
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, STYLE.as_bytes())))
}

/// Why somebody does not get in, and what to do. `back` leads to the platform.
#[must_use]
pub fn refusal(refusal: &Refusal, language: Language, back: Option<&str>) -> Markup {
    let Text { title, lines } = text::refusal(refusal, language);
    frame(
        language,
        title,
        &html! {
            @for line in lines { p { (line) } }
            @if let Some(back) = back {
                p { a class="button" href=(back) { (text::back(language)) } }
            }
            p class="small" { (text::reason(language)) " " code { (refusal.shown()) } }
        },
    )
}

/// Asks for an address, by whose domain the organisation is found. `members` are those of the request, which goes on with it.
#[must_use]
pub fn choose<'a>(client: &str, members: impl Iterator<Item = (&'a str, &'a str)>, language: Language) -> Markup {
    let text = text::choose(language);
    frame(
        language,
        text.title,
        &html! {
            p { (text.lead) " " strong { (client) } "." }
            form method="get" action="/authorize" {
                @for (name, value) in members { input type="hidden" name=(name) value=(value); }
                label for="login_hint" { (text.label) }
                input id="login_hint" name="login_hint" type="email" autocomplete="username" required maxlength="320" autofocus
                    aria-describedby="hint";
                p id="hint" class="small" { (text.hint) }
                button type="submit" { (text.button) }
            }
        },
    )
}

/// An account is being made. The page looks again every two seconds.
#[must_use]
pub fn wait(address: &str, language: Language) -> Markup {
    let Text { title, lines } = text::wait(language);
    page(
        language,
        title,
        &html! { meta http-equiv="refresh" content={ "2; url=" (address) }; },
        &html! {
            div role="status" { @for line in lines { p { (line) } } }
            p { a href=(address) { (text::look_now(language)) } }
        },
    )
}

/// Asks whether somebody wants to sign out.
#[must_use]
pub fn confirm_sign_out<'a>(members: impl Iterator<Item = (&'a str, &'a str)>, language: Language) -> Markup {
    let text = text::confirm_sign_out(language);
    frame(
        language,
        text.title,
        &html! {
            p { (text.lead) }
            form method="post" action="/end-session" {
                @for (name, value) in members { input type="hidden" name=(name) value=(value); }
                button type="submit" { (text.button) }
            }
        },
    )
}

/// Somebody has signed out.
#[must_use]
pub fn signed_out(language: Language) -> Markup {
    plain(text::signed_out(language), language)
}

/// Somebody is signed in.
#[must_use]
pub fn signed_in(language: Language) -> Markup {
    let Text { title, lines } = text::signed_in(language);
    frame(
        language,
        title,
        &html! {
            @for line in lines { p { (line) } }
            p { a class="button" href="/end-session" { (text::sign_out(language)) } }
        },
    )
}

/// Nobody is signed in.
#[must_use]
pub fn not_signed_in(language: Language) -> Markup {
    plain(text::not_signed_in(language), language)
}

/// Sign-ins begin at the platform.
#[must_use]
pub fn begin_at_platform(language: Language) -> Markup {
    plain(text::begin_at_platform(language), language)
}

fn plain(Text { title, lines }: Text, language: Language) -> Markup {
    frame(language, title, &html! { @for line in lines { p { (line) } } })
}

fn frame(language: Language, title: &str, content: &Markup) -> Markup {
    page(language, title, &html! {}, content)
}

fn page(language: Language, title: &str, head: &Markup, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                (head)
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (content) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_escaped() {
        let evil = "\"><script>alert(1)</script>";
        let shown = choose(evil, [(evil, evil)].into_iter(), Language::English).into_string()
            + &refusal(&Refusal::NotBegun, Language::German, Some(evil)).into_string()
            + &wait(evil, Language::English).into_string();
        assert!(!shown.contains("<script"), "{shown}");
    }

    #[test]
    fn every_refusal_has_a_page_in_each_language() {
        for language in [Language::English, Language::German] {
            for refusal in text::all_refusals() {
                let shown = super::refusal(&refusal, language, None).into_string();
                assert!(shown.contains(&format!("lang=\"{}\"", language.tag())) && shown.contains("<h1>"), "{shown}");
            }
        }
    }
}
