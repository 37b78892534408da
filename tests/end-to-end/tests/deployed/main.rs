//! One deployed stack, and everything that is tested against it. See the crate's documentation.

mod bad_input;
mod described;
mod secrets;
mod story;
mod webhook;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use local::{Options, Stack};
use tokio::runtime::Runtime;

/// What a test answers.
type Done = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // The tests share the stack, and each one goes on from where the one before stopped.
    arguments.test_threads = Some(1);
    if arguments.list {
        return libtest_mimic::run(&arguments, trials(None)).exit_code();
    }
    match stack() {
        Ok((runtime, stack)) => {
            let conclusion = libtest_mimic::run(&arguments, trials(Some((runtime.clone(), stack.clone()))));
            drop(stack);
            conclusion.exit_code()
        }
        Err(error) => {
            eprintln!("error: the stack did not start: {error}");
            ExitCode::FAILURE
        }
    }
}

type Running = (Arc<Runtime>, Arc<Stack>);

fn stack() -> Result<Running, Box<dyn std::error::Error + Send + Sync>> {
    let runtime = Arc::new(Runtime::new()?);
    let stack = runtime.block_on(Stack::start(&Options::named("end-to-end"), &|text| println!("{text}")))?;
    Ok((runtime, Arc::new(stack)))
}

fn trials(running: Option<Running>) -> Vec<Trial> {
    let trial = |name: &str, test: for<'a> fn(&'a Stack) -> std::pin::Pin<Box<dyn Future<Output = Done> + 'a>>| {
        let running = running.clone();
        Trial::test(name, move || {
            let Some((runtime, stack)) = running else { return Err(Failed::from("there is no stack")) };
            runtime.block_on(test(&stack)).map_err(|error| Failed::from(error.to_string()))
        })
    };
    macro_rules! all {
        ($($module:ident :: $test:ident),* $(,)?) => {
            vec![$(trial(
                concat!(stringify!($module), "::", stringify!($test)),
                |stack| Box::pin($module::$test(stack)),
            )),*]
        };
    }
    all![
        story::the_platform_follows_the_directory_through_the_whole_story,
        webhook::c1_a_validation_token_comes_back_as_plain_text_and_markup_never,
        webhook::c3_a_forged_notification_is_answered_like_a_true_one_and_starts_nothing,
        webhook::c5_a_body_that_is_too_large_is_refused_before_it_is_read,
        webhook::c6_malformed_json_is_refused_without_a_crash,
        bad_input::no_request_to_the_api_without_the_token_gets_in,
        bad_input::no_malformed_request_to_the_api_is_our_error,
        bad_input::no_malformed_event_brings_a_function_down,
        described::the_api_is_as_it_describes_itself,
        secrets::what_was_seeded_as_a_secret_is_found_nowhere_else,
    ]
}
