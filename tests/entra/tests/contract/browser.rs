//! A browser without scripts: cookies, pages, forms.

use crate::world::World;
use regex::Regex;
use reqwest::Method;
use std::collections::BTreeMap;
use url::Url;

/// What a browser shows, or where it was sent.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) location: Option<String>,
    url: String,
}

impl Page {
    pub(crate) fn title(&self) -> &str {
        let (_, rest) = self.text.split_once("<title>").unwrap_or_default();
        rest.split_once("</title>").unwrap_or_default().0
    }

    /// The parameters with which the app is called.
    pub(crate) fn answer(&self) -> BTreeMap<String, String> {
        let location = self.location.as_ref().unwrap_or_else(|| panic!("no redirect: {}", self.text));
        parameters(location)
    }

    /// Action and hidden fields of each form.
    fn forms(&self) -> Vec<(String, Vec<(String, String)>)> {
        let form = Regex::new(r#"(?s)<form method="post"[^>]*action="([^"]*)">(.*?)</form>"#).unwrap();
        let hidden = Regex::new(r#"<input type="hidden" name="([^"]*)" value="([^"]*)">"#).unwrap();
        let fields = |inside: &str| {
            hidden.captures_iter(inside).map(|found| (unescape(&found[1]), unescape(&found[2]))).collect()
        };
        form.captures_iter(&self.text).map(|found| (unescape(&found[1]), fields(&found[2]))).collect()
    }

    /// Value of the button that says so.
    pub(crate) fn button(&self, text: &str) -> String {
        let button = Regex::new(r#"<button type="submit" name="[^"]*" value="([^"]*)">([^<]*)</button>"#).unwrap();
        let mut all = button.captures_iter(&self.text);
        all.find(|found| found[2].contains(text)).unwrap_or_else(|| panic!("no '{text}': {}", self.text))[1].to_owned()
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// The parameters of a redirect, in query or fragment.
pub(crate) fn parameters(location: &str) -> BTreeMap<String, String> {
    let url = Url::parse(location).unwrap();
    let text = url.fragment().or(url.query()).unwrap_or_default();
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// A browser with its cookies.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) async fn get(&mut self, world: &World, url: &str) -> Page {
        self.send(world, Method::GET, url, &[]).await
    }

    /// Sends the form whose hidden `step` is this one, with more fields.
    pub(crate) async fn submit(&mut self, world: &World, page: &Page, step: &str, fields: &[(&str, &str)]) -> Page {
        let forms = page.forms();
        let form = forms.iter().find(|(_, fields)| fields.iter().any(|(name, value)| name == "step" && value == step));
        let (action, hidden) = form.unwrap_or_else(|| panic!("no form '{step}': {}", page.text));
        let url = Url::parse(&page.url).unwrap().join(action).unwrap();
        let mut all = hidden.clone();
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.send(world, Method::POST, url.as_str(), &all).await
    }

    pub(crate) async fn sign_in(&mut self, world: &World, page: &Page, user: &str) -> Page {
        assert_eq!(page.title(), "Sign in to your account", "{}", page.text);
        self.submit(world, page, "login", &[("loginfmt", user), ("passwd", "secret")]).await
    }

    pub(crate) async fn accept(&mut self, world: &World, page: &Page) -> Page {
        self.submit(world, page, "consent", &[("accept", "true")]).await
    }

    async fn send(&mut self, world: &World, method: Method, url: &str, form: &[(String, String)]) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = world.http.request(method.clone(), url).header("cookie", cookies.join("; "));
        if method == Method::POST {
            request = request.form(form);
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        Page { status, location, url: url.to_owned(), text: response.text().await.unwrap() }
    }
}
