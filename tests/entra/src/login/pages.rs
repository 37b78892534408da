//! The pages that people see: plain HTML that works without scripts.

use super::LoginError;
use super::browsers::SignedIn;
use super::scope::description;
use super::visit::Visit;
use crate::reply::Reply;
use std::collections::BTreeSet;
use std::fmt::Write as _;

const STYLE: &str = "body{font-family:sans-serif;background:#f2f2f2;margin:0}main{background:#fff;max-width:26rem;\
margin:3rem auto;padding:2rem}label{display:block;margin:1rem 0 .2rem}input[type=text],input[type=password]{width:100%;\
padding:.4rem;box-sizing:border-box}button{margin:1rem .5rem 0 0;padding:.5rem 1.5rem}li{margin:.4rem 0}\
[role=alert]{color:#a80000}iframe{display:none}";

/// Text that may stand in HTML and in a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A whole page. `head` and `body` are HTML.
pub(super) fn page(status: u16, title: &str, head: &str, body: &str) -> Reply {
    let title = escape(title);
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n{head}\
         </head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    );
    Reply::bytes(status, "text/html; charset=utf-8", html)
        .header("cache-control", "no-store, no-cache")
        .header("referrer-policy", "strict-origin-when-cross-origin")
        .header("x-frame-options", "DENY")
}

fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
}

/// A form that comes back to the same address with what the app asked.
fn form(visit: &Visit<'_>, fields: &[(&str, &str)], inside: &str) -> String {
    let query = &visit.request.raw_query;
    let separator = if query.is_empty() { "" } else { "?" };
    let action = escape(&format!("{}{separator}{query}", visit.request.path));
    let carried: String = visit.fields.carried().iter().map(|(name, value)| hidden(name, value)).collect();
    let own: String = fields.iter().map(|(name, value)| hidden(name, value)).collect();
    format!("<form method=\"post\" action=\"{action}\">\n{carried}{own}{inside}</form>\n")
}

fn account_value(signed: &SignedIn) -> String {
    format!("{}.{}", signed.account.tenant, signed.account.person)
}

/// The sign-in page.
pub(super) fn sign_in(visit: &Visit<'_>, app: &str, name: Option<&str>, problem: Option<&str>) -> Reply {
    let name = escape(name.unwrap_or_default());
    let alert = problem.map(|text| format!("<p role=\"alert\" id=\"problem\">{}</p>\n", escape(text)));
    let fields = format!(
        "<label for=\"loginfmt\">Email, phone, or Skype</label>\n<input type=\"text\" id=\"loginfmt\" name=\"loginfmt\" \
         value=\"{name}\" autocomplete=\"username\" required>\n<label for=\"passwd\">Password</label>\n<input \
         type=\"password\" id=\"passwd\" name=\"passwd\" autocomplete=\"current-password\" required>\n<button \
         type=\"submit\">Sign in</button>\n"
    );
    let cancel = form(visit, &[("step", "cancel")], "<button type=\"submit\">Cancel</button>\n");
    let body = format!(
        "<h1>Sign in</h1>\n<p>to continue to {}</p>\n{}{}{cancel}",
        escape(app),
        alert.unwrap_or_default(),
        form(visit, &[("step", "login")], &fields)
    );
    page(200, "Sign in to your account", "", &body)
}

/// The account picker.
pub(super) fn accounts(visit: &Visit<'_>, app: &str) -> Reply {
    let mut choices = String::new();
    for signed in &visit.accounts {
        let Some(person) = visit.person(signed) else { continue };
        let shown = person.display_name.as_deref().unwrap_or(&person.principal_name);
        let _ = writeln!(
            choices,
            "<li><button type=\"submit\" name=\"account\" value=\"{}\">{} ({})</button></li>",
            account_value(signed),
            escape(shown),
            escape(&person.principal_name)
        );
    }
    let list = format!("<ul>\n{choices}</ul>\n");
    let other = "<button type=\"submit\">Use another account</button>\n";
    let body = format!(
        "<h1>Pick an account</h1>\n<p>to continue to {}</p>\n{}{}",
        escape(app),
        form(visit, &[("step", "account")], &list),
        form(visit, &[("step", "other")], other)
    );
    page(200, "Pick an account", "", &body)
}

fn permissions(names: &BTreeSet<String>) -> String {
    let rows: String = names
        .iter()
        .map(|name| format!("<li>{} <small>({})</small></li>\n", description(name), escape(name)))
        .collect();
    format!("<ul id=\"permissions\">\n{rows}</ul>\n")
}

/// The consent page. `everybody` offers consent on behalf of the organisation.
pub(super) fn consent(
    visit: &Visit<'_>,
    signed: &SignedIn,
    app: &str,
    names: &BTreeSet<String>,
    title: &str,
    everybody: bool,
) -> Reply {
    let account = account_value(signed);
    let choice = if everybody {
        "<label><input type=\"checkbox\" name=\"everybody\" value=\"true\"> Consent on behalf of your organization</label>\n"
    } else {
        ""
    };
    let accept = format!("{choice}<button type=\"submit\" name=\"accept\" value=\"true\">Accept</button>\n");
    let cancel = "<button type=\"submit\" name=\"accept\" value=\"false\">Cancel</button>\n";
    let fields = [("step", "consent"), ("account", account.as_str())];
    let body = format!(
        "<h1>{}</h1>\n<p><strong>{}</strong> would like to:</p>\n{}{}{}",
        escape(title),
        escape(app),
        permissions(names),
        form(visit, &fields, &accept),
        form(visit, &fields, cancel)
    );
    page(200, title, "", &body)
}

/// The page of people who need an administrator.
pub(super) fn approval(visit: &Visit<'_>, app: &str, names: &BTreeSet<String>) -> Reply {
    let back = "<button type=\"submit\">Return to the application without granting consent</button>\n";
    let other = "<button type=\"submit\">Have an admin account? Sign in with that account</button>\n";
    let body = format!(
        "<h1>Need admin approval</h1>\n<p><strong>{}</strong> needs permission to access resources in your organization \
         that only an admin can grant. Please ask an admin to grant permission to this app before you can use it.</p>\n\
         {}<p>AADSTS90094: Admin consent is required for the permissions requested by this application.</p>\n{}{}",
        escape(app),
        permissions(names),
        form(visit, &[("step", "other")], other),
        form(visit, &[("step", "cancel")], back)
    );
    page(200, "Need admin approval", "", &body)
}

/// The page of an error that no app is told of.
pub(super) fn error(error: &LoginError, now: jiff::Timestamp) -> Reply {
    let text = escape(&error.description(now)).replace("\r\n", "<br>\n");
    let body = format!(
        "<h1>Sign in</h1>\n<p>Sorry, but we’re having trouble signing you in.</p>\n<p role=\"alert\">{text}</p>\n"
    );
    page(400, "Sign in to your account", "", &body)
}

/// A form that sends itself to an app.
pub(super) fn posting(uri: &str, fields: &[(String, String)]) -> Reply {
    let inside: String = fields.iter().map(|(name, value)| hidden(name, value)).collect();
    let body = format!(
        "<form method=\"post\" name=\"hiddenform\" action=\"{}\">\n{inside}<noscript><p>Script is disabled. Click Submit \
         to continue.</p><button type=\"submit\">Submit</button></noscript>\n</form>\n<script>document.forms[0].submit();</script>\n",
        escape(uri)
    );
    page(200, "Working...", "", &body)
}

/// The page after sign-out, with a hidden frame for each address, which then leads on.
pub(super) fn signed_out(frames: &[String], next: Option<&str>) -> Reply {
    let frames: String = frames
        .iter()
        .map(|address| format!("<iframe src=\"{}\" title=\"Signing out of an app\"></iframe>\n", escape(address)))
        .collect();
    // Not at once: the frames need time to load.
    let (head, link) = next.map_or_else(Default::default, |next| {
        let next = escape(next);
        (
            format!("<meta http-equiv=\"refresh\" content=\"2;url={next}\">\n"),
            format!("<p><a href=\"{next}\">Continue</a></p>\n"),
        )
    });
    let body = format!(
        "<h1>You signed out of your account</h1>\n<p>It’s a good idea to close all browser windows.</p>\n{link}{frames}"
    );
    page(200, "Sign out", &head, &body)
}

/// The apps that a person may start.
pub(super) fn my_apps(links: &[(String, String)]) -> Reply {
    let rows: String = links
        .iter()
        .map(|(name, address)| format!("<li><a href=\"{}\">{}</a></li>\n", escape(address), escape(name)))
        .collect();
    page(200, "My Apps", "", &format!("<h1>My Apps</h1>\n<ul>\n{rows}</ul>\n"))
}
