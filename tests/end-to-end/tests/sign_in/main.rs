//! Signing in, from outside: a deployed stack, a simulated Entra, browsers and a platform that are ours.
//!
//! Most tests are named after their row in the tables of attacks. They share the stack, one after the other; each looks at what it
//! changed and nothing else. See the crate's documentation.

mod browser;
mod browser_safety;
mod consent;
mod crowd;
mod delegation;
mod issuers_and_keys;
mod leavers;
mod people;
mod platform;
mod provider;
mod scene;
mod secrets_and_logs;
mod state_and_code;
mod tokens;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use scene::Scene;
use tokio::runtime::Runtime;

/// Why a test fails.
type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What a test answers.
type Done = Result<(), Failure>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    if arguments.list {
        return libtest_mimic::run(&arguments, trials(None)).exit_code();
    }
    match scene() {
        Ok((runtime, scene)) => {
            let conclusion = libtest_mimic::run(&arguments, trials(Some((runtime.clone(), scene.clone()))));
            drop(scene);
            conclusion.exit_code()
        }
        Err(error) => {
            eprintln!("error: the scene was not set: {error}");
            ExitCode::FAILURE
        }
    }
}

type Running = (Arc<Runtime>, Arc<Scene>);

fn scene() -> Result<Running, Failure> {
    let runtime = Arc::new(Runtime::new()?);
    let scene = runtime.block_on(Scene::set())?;
    Ok((runtime, Arc::new(scene)))
}

fn trials(running: Option<Running>) -> Vec<Trial> {
    let trial = |name: &str, test: for<'a> fn(&'a Scene) -> std::pin::Pin<Box<dyn Future<Output = Done> + 'a>>| {
        let running = running.clone();
        Trial::test(name, move || {
            let Some((runtime, scene)) = running else { return Err(Failed::from("there is no scene")) };
            runtime.block_on(test(&scene)).map_err(|error| Failed::from(error.to_string()))
        })
    };
    macro_rules! all {
        ($($module:ident :: { $($test:ident),* $(,)? }),* $(,)?) => {
            vec![$($(trial(
                concat!(stringify!($module), "::", stringify!($test)),
                |scene| Box::pin($module::$test(scene)),
            )),*),*]
        };
    }
    all![
        state_and_code::{
            a1_an_answer_without_a_state_of_this_browser_is_refused_before_entra_is_asked,
            a2_a_callback_works_once_also_when_twenty_come_at_the_same_moment,
            a4_every_sign_in_has_a_challenge_of_its_own_and_a_code_of_another_is_worth_nothing,
            a17_a_code_is_not_sent_again_after_an_answer_was_lost,
            a21_fifty_sign_ins_in_one_browser_leave_five_cookies_and_the_last_one_works,
            a22_nothing_of_a_callback_leaks_by_headers_pages_or_the_access_log,
        },
        tokens::{
            a3_a_token_needs_the_nonce_of_this_very_sign_in,
            a7_an_unsigned_token_and_another_algorithm_are_refused,
            a8_a_public_key_is_no_shared_secret,
            a9_a_header_brings_no_key_and_nobody_is_asked_for_one,
            a12_a_key_and_a_tenant_belong_to_one_issuer,
            a14_a_token_is_for_us_alone,
            a15_times_are_whole_numbers_and_two_minutes_may_be_between_clocks,
            a16_a_claim_that_is_there_twice_spoils_the_token,
        },
        issuers_and_keys::{
            a5_an_answer_of_another_issuer_is_refused_and_its_code_goes_nowhere,
            a6_metadata_of_somebody_else_bring_no_keys,
            a11_keys_roll_over_and_old_ones_stay_while_none_can_be_read,
            a10_a_thousand_unknown_keys_cost_one_look_at_most,
        },
        people::{
            a13_a_tenant_that_nobody_connected_does_not_get_in,
            a23_an_address_in_a_token_leads_to_nobodys_account,
            a24_only_a_plain_address_leads_to_an_organisation,
            a25_guests_and_personal_accounts_do_not_get_in,
            a26_a_swap_of_addresses_moves_no_account,
            a27_whoever_left_gets_in_no_more_and_their_session_is_over,
            a28_where_groups_are_is_never_taken_from_a_token,
            a_connection_with_an_application_of_its_own_is_found_by_the_tenant_too,
            whoever_has_no_account_waits_for_one_in_their_own_browser_or_is_refused,
        },
        consent::{
            a29_nobody_binds_a_connection_who_may_not_consent,
            a29_a_tenant_comes_from_the_token_of_an_administrator_and_stays,
        },
        delegation::{
            somebody_lets_the_application_act_for_them_and_nobody_else_does,
        },
        browser_safety::{
            a18_people_are_sent_to_registered_places_only,
            a19_a_session_that_was_there_before_is_over,
            a20_every_cookie_is_bound_to_the_host_and_the_table_does_not_know_it,
            a30_host_and_forwarding_headers_change_no_address,
            a31_what_entra_says_of_an_error_is_never_shown,
            a32_no_page_can_be_framed,
            b5_another_site_signs_nobody_out,
        },
        provider::{
            the_provider_says_of_itself_what_is_true,
            a_code_works_once_and_its_second_use_ends_the_session,
            a_code_needs_its_verifier_its_address_and_its_client,
            b4_a_client_proves_who_it_is_and_an_assertion_works_once,
            a_request_that_names_an_unknown_address_leads_nowhere,
            a_refresh_token_is_good_for_its_client_until_it_is_revoked,
            userinfo_tells_nothing_after_a_sign_out,
            the_end_of_a_session_leads_back_to_a_registered_address,
            a_silent_sign_in_shows_no_page,
        },
        leavers::{
            a_leaver_is_refused_everywhere_within_seconds,
        },
        crowd::{
            a_thousand_people_sign_in_fifty_at_a_time_and_none_gets_the_session_of_another,
        },
        secrets_and_logs::{
            a_sign_in_and_its_end_are_in_the_logs_by_ids_alone,
            e3_what_people_send_makes_no_line_of_its_own_in_a_log,
            e2_no_name_and_no_address_is_in_a_log,
            e1_no_secret_of_all_these_sign_ins_is_in_a_log_the_table_or_a_queue,
        },
    ]
}
