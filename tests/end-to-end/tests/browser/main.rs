//! Signing in with a real browser. The tests themselves are in `browser/`, in the language of their tools; this starts what
//! they need: the deployed stack, and once an independent provider in Entra's place.

mod independent;
mod tools;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use local::{Options, Stack};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::tools::Tools;

/// What a test answers.
type Done = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each starts a stack of its own.
    arguments.test_threads = Some(1);
    let trials = vec![
        trial("the_platform_and_the_provider_are_strict_themselves", || Box::pin(strangers())),
        trial("people_sign_in_and_out_and_a_tenant_is_connected", || Box::pin(deployed())),
        trial("an_independent_provider_takes_the_place_of_entra", || Box::pin(independent::provider())),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

type Running = std::pin::Pin<Box<dyn Future<Output = Done>>>;

fn trial(name: &str, test: fn() -> Running) -> Trial {
    Trial::test(name, move || {
        let runtime = Runtime::new().map_err(|error| Failed::from(error.to_string()))?;
        runtime.block_on(test()).map_err(|error| Failed::from(error.to_string()))
    })
}

/// The sample platform and the independent provider against each other, without Rollcall between them.
async fn strangers() -> Done {
    Tools::install().await?.run(&["tests/"], None).await
}

async fn deployed() -> Done {
    let tools = Tools::install().await?;
    let size = local::tenant::Size { people: 60, groups: 12, ..Default::default() };
    let stack = Stack::start(&Options { size, ..Options::named("browser") }, &|text| println!("{text}")).await?;
    tools.run(&["rollcall/sign-in.test.mjs"], Some(&described(&stack))).await
}

/// The stack, as the tests want to know it.
fn described(stack: &Stack) -> Value {
    let port = stack.platform().rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    json!({
        "url": stack.url(),
        "adminToken": stack.admin_token(),
        "control": format!("{}/control", stack.tenant().origins().login),
        "platformPort": port,
    })
}
