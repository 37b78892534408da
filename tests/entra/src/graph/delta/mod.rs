//! `GET /users/delta` and `GET /groups/delta`.
//!
//! A round has fixed ends in the log, so that the same link always names the same rows; what the rows show is the
//! directory at the time of the request. Replaying any page of a round is therefore harmless, as Microsoft promises.

mod first;
mod round;
mod row;
mod token;

pub(crate) use round::Rounds;

use super::listing::{open, open_page, seal, write_link};
use super::{Call, GraphError, Outcome, access};
use crate::directory::{Kind, View};
use crate::reply::Reply;
use crate::settings::DeltaSettings;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use token::{Stage, Token, Tracked};

/// Rows of a page, written, and where the next page starts.
struct Written {
    rows: Vec<Vec<u8>>,
    next: Option<Stage>,
    /// The number in the log from which the next round starts.
    end: u64,
}

pub(super) fn answer(call: &Call<'_>, kind: Kind) -> Outcome {
    call.need(if kind == Kind::User { access::READ_USERS } else { access::READ_GROUPS })?;
    let token = match link_token(call) {
        Some(("$skiptoken", text)) => continued(call, kind, text)?,
        Some((_, "latest")) => {
            let token = token::start(call, kind)?;
            let since = call.with_view(|view| call.visible(view));
            return Ok(page(
                call,
                &Token { stage: Stage::Since(since), ..token },
                Written { rows: Vec::new(), next: None, end: since },
            ));
        }
        Some((_, text)) if !text.is_empty() => resumed(call, kind, text)?,
        _ => token::start(call, kind)?,
    };
    let settings = call.tenant.settings().delta;
    let tracked = Tracked::new(kind, token.select.as_deref())?;
    call.with_view(|view| {
        let written = write(call, view, &token, &tracked, &settings);
        Ok(page(call, &token, written))
    })
}

fn link_token<'call>(call: &'call Call<'_>) -> Option<(&'static str, &'call str)> {
    let option = |name: &'static str| Some((name, call.request.option(name)?));
    option("$skiptoken").or_else(|| option("$deltatoken"))
}

/// A nextLink. No query option may be added to it.
fn continued(call: &Call<'_>, kind: Kind, text: &str) -> Result<Token, GraphError> {
    if call.request.query.iter().filter(|(name, _)| name.starts_with('$')).count() > 1 {
        return Err(GraphError::bad_request(
            "Query options cannot be combined with $skiptoken: use the link as it was given.",
        ));
    }
    check(call, kind, open(text))
}

/// A deltaLink. `$select` may be added to it, and `Prefer: return=minimal` counts from here on.
fn resumed(call: &Call<'_>, kind: Kind, text: &str) -> Result<Token, GraphError> {
    let mut token = check(call, kind, open(text))?;
    if let Some(select) = call.request.option("$select") {
        token.select = Some(super::query::names(select));
    }
    token.minimal = call.request.header("prefer").is_some_and(|prefer| prefer.contains("return=minimal"));
    if let Stage::Since(from) = token.stage {
        let to = call.with_view(|view| call.visible(view)).max(from);
        token.stage = Stage::Changes { from, to, next: 0, after_empty: false };
    }
    Ok(token)
}

fn check(call: &Call<'_>, kind: Kind, token: Option<Token>) -> Result<Token, GraphError> {
    let token = token
        .filter(|token| token.kind == kind.type_name() && token.tenant == call.tenant.id)
        .ok_or_else(|| GraphError::bad_request("Badly formed token."))?;
    let settings = call.tenant.settings().delta;
    if token.epoch != call.tenant.delta_epoch() {
        let location = format!("{}{}?$deltatoken=", call.request.origin, call.request.path);
        return Err(GraphError::new(
            410,
            "resyncRequired",
            "Resync required. Start over with the link in the Location header.",
        )
        .header("location", location));
    }
    if call.now - token.issued > settings.life_days * 86_400_000 {
        let message =
            "The sync state generation is not found. The delta token is expired and data must be synchronized again.";
        return Err(GraphError::new(settings.expired_status, "syncStateNotFound", message));
    }
    Ok(token)
}

fn write(call: &Call<'_>, view: &View<'_>, token: &Token, tracked: &Tracked, settings: &DeltaSettings) -> Written {
    match &token.stage {
        Stage::First { to, next, open, after_empty } => {
            let mut random = random(settings, *to, u64::from(*next) ^ (u64::try_from(open.len()).unwrap_or(0) << 32));
            if empty(settings, *after_empty, &mut random) {
                let next = Stage::First { to: *to, next: *next, open: open.clone(), after_empty: true };
                return Written { rows: Vec::new(), next: Some(next), end: *to };
            }
            first::write(view, token, tracked, settings, &mut random, (*to, *next, open))
        }
        Stage::Changes { from, to, next, after_empty } => {
            let mut random = random(settings, *to, *next);
            if empty(settings, *after_empty, &mut random) {
                let next = Stage::Changes { from: *from, to: *to, next: *next, after_empty: true };
                return Written { rows: Vec::new(), next: Some(next), end: *to };
            }
            round::write(call, view, token, tracked, settings, &mut random, (*from, *to, *next))
        }
        Stage::Since(since) => Written { rows: Vec::new(), next: None, end: *since },
    }
}

/// Everything random about a page follows from its place, so that asking again gives the same page.
fn random(settings: &DeltaSettings, to: u64, place: u64) -> StdRng {
    StdRng::seed_from_u64(settings.seed ^ to.rotate_left(20) ^ place.rotate_left(40))
}

fn empty(settings: &DeltaSettings, after_empty: bool, random: &mut StdRng) -> bool {
    !after_empty && random.random_range(0..100) < settings.empty_page_percent
}

fn page_size(settings: &DeltaSettings, random: &mut StdRng) -> usize {
    let most = settings.page_size.max(1);
    usize::try_from(if settings.random_page_size { random.random_range(1..=most) } else { most }).unwrap_or(1)
}

fn page(call: &Call<'_>, token: &Token, written: Written) -> Reply {
    let context = match &token.select {
        Some(names) => format!("{}({})", super::objects::collection(token.kind()), names.join(",")),
        None => super::objects::collection(token.kind()).to_owned(),
    };
    let mut out = Vec::with_capacity(512 + written.rows.iter().map(Vec::len).sum::<usize>());
    open_page(&mut out, call, &context);
    let issued = call.now;
    let (annotation, option, stage) = match written.next {
        Some(stage) => ("@odata.nextLink", "$skiptoken", stage),
        None => ("@odata.deltaLink", "$deltatoken", Stage::Since(written.end)),
    };
    let sealed = seal(&Token { stage, issued, ..token.clone() });
    write_link(&mut out, annotation, &format!("{}{}?{option}={sealed}", call.request.origin, call.request.path));
    out.extend_from_slice(b",\"value\":[");
    out.extend_from_slice(&written.rows.join(&b','));
    out.extend_from_slice(b"]}");
    Reply::bytes(200, super::JSON, out)
}
