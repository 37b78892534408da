//! `cargo local up`: a process in the background owns the stack; this one waits for it and tells where everything is.

use super::{interrupted, options, say};
use crate::Settings;
use local::error::{Error, Result};
use local::layout::Layout;
use local::process::tail;
use local::sample_platform::{SamplePlatform, Trial};
use local::stack::prepare;
use local::state::State;
use local::{Options, Stack, prerequisites};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Name of the stack that stays.
pub(super) const NAME: &str = "up";

/// Starts the stack in the background and prints its addresses.
pub(crate) async fn up(settings: &Settings) -> Result<()> {
    let layout = Layout::new(NAME)?;
    if let Some(state) = State::read(&State::path(&layout)) {
        if state.is_alive() {
            return Err(Error::AlreadyRunning(state.owner));
        }
        say("the last local stack ended without `cargo local down`; what it left is cleaned up");
        super::down::forget(&layout, &state);
    }
    prerequisites::check()?;
    // Here and not in the background, so that its progress can be seen.
    prepare(&layout, &options(NAME, settings), &say).await?;
    let state = started(&layout, background(&layout, settings)?).await?;
    print(&state).await
}

/// What runs in the background.
pub(crate) async fn serve(settings: &Settings) -> Result<()> {
    let options = Options { prepared: true, ..options(NAME, settings) };
    let stack = tokio::select! {
        stack = Stack::start(&options, &say) => stack?,
        () = interrupted() => return Ok(()),
    };
    let platform = if settings.elsewhere().is_some() {
        Err(Error::Story("the tenant is served elsewhere: connect it first".into()))
    } else {
        tokio::select! {
            platform = SamplePlatform::start(&stack) => platform,
            () = interrupted() => return Ok(()),
        }
    };
    State::of(&stack).with_platform(&platform).write(stack.layout())?;
    interrupted().await;
    // A file that is gone already is as good.
    let _ = std::fs::remove_file(State::path(stack.layout()));
    Ok(())
}

fn background(layout: &Layout, settings: &Settings) -> Result<Child> {
    let log = layout.log("serve");
    let output = File::create(&log).map_err(Error::file(&log))?;
    let errors = output.try_clone().map_err(Error::file(&log))?;
    let program = std::env::current_exe().map_err(Error::file("cargo local"))?;
    let mut command = Command::new(program);
    // A group of its own, so that Ctrl-C in this terminal does not reach it.
    command.arg("serve").args(settings.arguments()).process_group(0);
    command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().map_err(Error::file("cargo local serve"))
}

async fn started(layout: &Layout, mut server: Child) -> Result<State> {
    loop {
        if let Some(state) = State::read(&State::path(layout)).filter(|state| state.owner == server.id()) {
            return Ok(state);
        }
        if server.try_wait().map_err(Error::file("cargo local serve"))?.is_some() {
            let log = layout.log("serve");
            return Err(Error::Story(tail(&log, 20).trim_start_matches("error: ").to_owned()));
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
            () = interrupted() => {
                // It ends by itself on the signal, with all it started.
                let _ = Command::new("kill").arg(server.id().to_string()).status();
                let _ = server.wait();
                return Err(Error::Story("interrupted".into()));
            }
        }
    }
}

async fn print(state: &State) -> Result<()> {
    let aws = local::emulator::Aws::at(&state.emulator);
    let token = aws.secret(&format!("/{}/admin-token", local::deploy::STACK)).await?;
    say(&format!(
        "
API            {api}
               {api}/openapi.json
webhook        {api}/webhooks/graph
Graph          {graph}
login          {login}
AWS emulator   {emulator}   (AWS_ENDPOINT_URL; any credentials; region {region})
mails          {emulator}/_ministack/ses/messages
admin token    {token}

    curl -H 'Authorization: Bearer {token}' {api}/connections

{sign_in}

stop it with   cargo local down",
        api = state.api,
        graph = state.graph,
        login = state.login,
        emulator = state.emulator,
        region = local::emulator::REGION,
        sign_in = sign_in(state),
    ));
    Ok(())
}

/// How to try a sign-in, or why that can't be done.
fn sign_in(state: &State) -> String {
    match &state.sign_in {
        Some(Ok(Trial { link, platform, person })) => format!(
            "sign in        {link}
               as {person}, with any password
platform       {platform}   (a sample, which the link leads to)"
        ),
        Some(Err(reason)) => format!("sign in        can't be tried: {}", reason.trim_end_matches('.')),
        None => "sign in        can't be tried".to_owned(),
    }
}
