//! What can go wrong between us and Microsoft, as rules for the simulated tenant.

use entra::{Fault, FaultRule, Matcher, Plane};
use rollcall_directory::property::Property;

/// What an answer can do to what we believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Candour {
    /// It fails, or tells the truth in an odd form.
    Honest,
    /// It leaves something out, or is old, and looks whole.
    Lying,
}

/// A kind of fault.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) candour: Candour,
    fault: Fault,
    plane: Plane,
    path: Option<&'static str>,
    /// How many times the usual share it meets: what is asked for seldom would else hardly ever go wrong.
    boost: f64,
    /// How many times as often as others it is drawn: what is asked for in few seeds must be in force in many.
    pub(super) weight: f64,
}

/// Pages of many: lists, members and delta rounds. A question about one person is none.
const PAGES: &str = r"(/users|/groups|/members|/delta(\(\))?|/transitiveMembers)$";
/// Pages with `$deltatoken` or `$skiptoken`.
const DELTA: &str = r"/delta(\(\))?$";
/// One group by id, or its members.
const GROUP: &str = r"/groups/[0-9a-f-]{36}(/|$)";
/// One subscription by id.
const SUBSCRIPTION: &str = r"/subscriptions/[0-9a-f-]{36}$";
/// All subscriptions.
const SUBSCRIPTIONS: &str = r"/subscriptions$";
/// One person by id.
const ONE: &str = r"/users/[0-9a-f-]{36}$";

impl Kind {
    /// The rule by which it meets that share of the requests it can meet.
    pub(super) fn rule(&self, share: f64, seed: u64) -> FaultRule {
        let matcher = Matcher {
            plane: self.plane,
            path: self.path.map(str::to_owned),
            probability: Some((share * self.boost).min(1.0)),
            seed,
            ..Matcher::default()
        };
        FaultRule { matcher, times: None, fault: self.fault.clone() }
    }
}

fn kind(name: &'static str, fault: Fault) -> Kind {
    Kind { name, candour: Candour::Honest, fault, plane: Plane::Graph, path: None, boost: 1.0, weight: 1.0 }
}

fn at(path: &'static str, kind: Kind) -> Kind {
    let boost = match path {
        SUBSCRIPTION => 1_000.0,
        SUBSCRIPTIONS => 20.0,
        DELTA | ONE => 4.0,
        _ => kind.boost,
    };
    let weight = if path == SUBSCRIPTION { 5.0 } else { kind.weight };
    Kind { path: Some(path), boost, weight, ..kind }
}

fn login(name: &'static str, fault: Fault) -> Kind {
    Kind { plane: Plane::Login, boost: 20.0, ..kind(name, fault) }
}

fn lie(name: &'static str, path: &'static str, fault: Fault) -> Kind {
    Kind { candour: Candour::Lying, ..at(path, kind(name, fault)) }
}

fn status(status: u16) -> Fault {
    with(status, None, None)
}

fn with(status: u16, retry_after: Option<&str>, code: Option<&str>) -> Fault {
    let (retry_after, code) = (retry_after.map(str::to_owned), code.map(str::to_owned));
    Fault::Status { status, retry_after, code, message: None, nested: false }
}

fn inner(status: u16, code: &str) -> Fault {
    Fault::Status { status, retry_after: None, code: Some(code.to_owned()), message: None, nested: true }
}

/// Faults of single requests.
pub(super) fn kinds() -> Vec<Kind> {
    [transport(), shapes(), paging(), identity(), subscriptions()].concat()
}

fn subscriptions() -> Vec<Kind> {
    vec![
        at(SUBSCRIPTION, kind("D46 a subscription is not found", status(404))),
        at(SUBSCRIPTION, kind("D46 a renewal is denied", with(403, None, Some("ExtensionError")))),
        at(SUBSCRIPTION, kind("D46 a renewal for too long", with(400, None, Some("ExtensionError")))),
        at(SUBSCRIPTION, kind("D46 a renewal is throttled", with(429, Some("5"), None))),
        at(SUBSCRIPTIONS, kind("D46 the validation took too long", with(400, None, Some("ValidationError")))),
        at(SUBSCRIPTIONS, kind("D47 a subscription is made, and the answer lost", Fault::LoseAnswer)),
    ]
}

fn transport() -> Vec<Kind> {
    vec![
        kind("A01 429 in seconds", with(429, Some("7"), None)),
        kind("A02 429 with a date", with(429, Some("date:8"), None)),
        kind("A02 429 with a past date", with(429, Some("date:-90"), None)),
        kind("A02 429 with garbage", with(429, Some("soon"), None)),
        kind("A02 429 negative", with(429, Some("-5"), None)),
        kind("A02 429 for days", with(429, Some("999999"), None)),
        kind("A02 429 without a time", with(429, None, None)),
        kind("A04 warning of throttling", Fault::ThrottlePercentage { value: 1.2 }),
        kind("A05 500", status(500)),
        kind("A05 503", with(503, Some("2"), None)),
        kind("A05 504", status(504)),
        kind("A05 509", status(509)),
        kind("A06 200 with an error", Fault::ErrorWith200),
        kind("A06 a web page", Fault::Html { status: 200 }),
        kind("A06 no body", Fault::EmptyBody),
        kind("A06 another content type", Fault::ContentType { value: "text/plain".to_owned() }),
        kind("A07 reset before the head", Fault::ResetBeforeHead),
        kind("A07 reset in the head", Fault::ResetInHead),
        kind("A07 reset in the body", Fault::ResetInBody { after: 100 }),
        kind("A08 slow head", Fault::SlowHead { millis: 30_000 }),
        kind("A08 slow body", Fault::SlowBody { bytes: 1, millis: 1_000 }),
        kind("A09 truncated JSON", Fault::TruncatedJson),
        kind("A09 wrong length", Fault::ContentLength { extra: 500 }),
        kind("A09 endless body", Fault::Endless),
    ]
}

fn shapes() -> Vec<Kind> {
    let elsewhere = || "https://evil.example".to_owned();
    let everything = || Property::FIXED.iter().map(|property| property.selected().to_owned()).collect();
    vec![
        kind("A10 invalid UTF-8", Fault::InvalidUtf8),
        kind("A10 byte order mark", Fault::ByteOrderMark),
        kind("A10 NaN", Fault::NotANumber),
        kind("A10 duplicate keys", Fault::DuplicateKeys),
        kind("A10 unknown fields", Fault::UnknownFields),
        lie("A10 nulls everywhere", PAGES, Fault::BlankProperty { names: everything() }),
        lie("A10 an unknown word", PAGES, Fault::SetProperty { name: "userType".to_owned(), value: "future".into() }),
        kind("A11 redirect", Fault::Redirect { status: 302, location: elsewhere() }),
        kind("A11 redirect that keeps the method", Fault::Redirect { status: 307, location: elsewhere() }),
        at(DELTA, kind("A11 foreign link", Fault::ForeignLink { origin: elsewhere() })),
        kind("A13 gzip", Fault::Gzip),
        kind("D47 the answer is lost", Fault::LoseAnswer),
    ]
}

fn paging() -> Vec<Kind> {
    let nothing =
        |names: &[&str]| Fault::BlankProperty { names: names.iter().map(|name| (*name).to_owned()).collect() };
    vec![
        at(PAGES, kind("B14 empty page", Fault::EmptyPage)),
        at(PAGES, kind("B15 rows come twice", Fault::DuplicateRows)),
        at(PAGES, kind("B16 rows in reverse", Fault::ReverseRows)),
        at(PAGES, kind("B18 a link to itself", Fault::LinkToSelf)),
        at(PAGES, kind("B19 both links", Fault::BothLinks)),
        lie("B19 no link", PAGES, Fault::NoLinks),
        at(DELTA, kind("B20 the page is forgotten", with(404, None, Some("UnknownError")))),
        at(DELTA, kind("B20 the page has expired", with(400, None, Some("Directory_ExpiredPageToken")))),
        at(DELTA, kind("B21 410 with a location", Fault::Gone { origin: None })),
        at(DELTA, kind("B21 410 to elsewhere", Fault::Gone { origin: Some("https://evil.example".to_owned()) })),
        at(DELTA, kind("B21 syncStateNotFound", with(400, None, Some("syncStateNotFound")))),
        at(DELTA, kind("B21 resyncRequired inside", inner(410, "resyncRequired"))),
        lie("B28 one person is not found", ONE, status(404)),
        lie("B29 an old copy answers", PAGES, Fault::StaleRead { millis: 240_000 }),
        lie("B31 a group is not found", GROUP, with(404, None, Some("Request_ResourceNotFound"))),
        lie("B32 rows are left out", PAGES, Fault::DropRows { every: 3 }),
        lie("B33 a property is blank", PAGES, nothing(&["department", "jobTitle"])),
        lie("B33 accountEnabled is blank", PAGES, nothing(&["accountEnabled"])),
    ]
}

fn identity() -> Vec<Kind> {
    vec![
        kind("C34 401 once", with(401, None, None)),
        kind("C38 a claims challenge", Fault::ClaimsChallenge),
        login("C39 login 503", status(503)),
        login("C39 login 429", with(429, Some("3"), None)),
        login("C39 login slow", Fault::SlowHead { millis: 20_000 }),
        login("C40 no expires_in", Fault::ExpiresIn { value: None }),
        login("C40 expires_in is a text", Fault::ExpiresIn { value: Some("3599".into()) }),
        login("C40 expires_in is 0", Fault::ExpiresIn { value: Some(0.into()) }),
    ]
}

/// Faults of a whole day: every request of a kind meets them.
pub(super) fn days() -> Vec<Kind> {
    vec![
        kind("A03 429 for everything", with(429, Some("60"), None)),
        kind("A05 503 for everything", status(503)),
        lie("B29 every copy is old", PAGES, Fault::StaleRead { millis: 480_000 }),
        lie("B32 the directory is empty", PAGES, Fault::ZeroRows),
        lie("B32 every page lacks rows", PAGES, Fault::DropRows { every: 2 }),
        lie("B33 a property is blank for all", PAGES, Fault::BlankProperty { names: vec!["department".to_owned()] }),
        at(PAGES, kind("B18 a link to itself for ever", Fault::LinkToSelf)),
        kind("C35 401 for ever", with(401, None, None)),
        login("C36 the secret has expired", Fault::Aadsts { number: 7_000_222 }),
        login("C36 the app is gone", Fault::Aadsts { number: 700_016 }),
        login("C36 the app is disabled", Fault::Aadsts { number: 70_001 }),
        login("C36 the tenant is gone", Fault::Aadsts { number: 90_002 }),
        login("C37 the consent is gone", Fault::Aadsts { number: 65_001 }),
        login("C39 login is down", status(503)),
        kind("C37 403 for everything", with(403, None, Some("Authorization_RequestDenied"))),
        at("/groups", kind("C37 403 for groups", with(403, None, Some("Authorization_RequestDenied")))),
        at("/subscriptions", kind("D46 no subscription is taken", status(403))),
    ]
}

/// How old an answer may be at most, by these rules and the tenants' own delay.
pub(super) const OLDEST_ANSWER_MILLIS: i64 = 720_000;
