//! The engine against the reference model, over many random worlds.
//!
//! A world is a directory, the settings of a connection, and a platform. Of each one the engine
//! must make what the model says, in one pass; a second pass must find nothing to do; the plan
//! must not depend on the order of the inputs, nor touch anything that is not among them.
//!
//! A failing world is made as small as it can be and printed together with its seed.
//! `WORLDS` and `FIRST_SEED` choose other worlds than the usual 100,000.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

mod check;
mod dice;
mod engine;
mod generate;
mod settings;
mod shrink;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};

use reference::{Account, Expected, Status, World, expected};

const WORLDS: u64 = 100_000;

/// What the engine and the model make of this world, or what is wrong. A panic is wrong too.
fn tried(world: &World) -> Result<Expected, String> {
    catch_unwind(AssertUnwindSafe(|| check::check(world)))
        .unwrap_or_else(|panic| Err(format!("panic: {:?}", panic.downcast_ref::<String>())))
}

fn report(seed: u64, world: &World, fault: &str) -> String {
    format!("seed {seed}: {fault}\n\nin this world, made as small as it can be:\n{world:#?}")
}

fn number(name: &str, otherwise: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "this is the rim of a test")]
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn the_engine_makes_of_every_world_what_the_model_says() {
    let (first, worlds) = (number("FIRST_SEED", 0), number("WORLDS", WORLDS));
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let seen = std::thread::scope(|scope| {
        let run = |thread: u64| {
            let mut seen = check::Coverage::default();
            for seed in (first..first + worlds).skip(thread as usize).step_by(threads as usize) {
                let world = generate::world(seed);
                match tried(&world) {
                    Ok(expected) => seen.add(&world, &expected),
                    Err(_) => {
                        let (small, fault) = shrink::shrink(world, |world| tried(world).err());
                        panic!("{}", report(seed, &small, &fault));
                    }
                }
            }
            seen
        };
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || run(thread))).collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(seen) => seen,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.fold(check::Coverage::default(), check::Coverage::plus)
    });
    println!("{worlds} worlds; in how many something happened: {seen:#?}");
    if worlds >= WORLDS {
        assert!(seen.rarest() >= worlds / 1_000, "worlds that never ask something prove nothing: {seen:#?}");
    }
}

/// A way to be wrong.
type Error = (&'static str, fn(&mut Expected));

const ERRORS: &[Error] = &[
    ("an account less", |expected| drop(expected.platform.accounts.pop_last())),
    ("another status", |expected| of_each(expected, |account| account.status = Status::Active)),
    ("no attributes", |expected| of_each(expected, |account| account.attributes.clear())),
    ("no address", |expected| of_each(expected, |account| account.email = None)),
    ("no language", |expected| of_each(expected, |account| account.language = None)),
    ("no manager", |expected| of_each(expected, |account| account.manager = None)),
    ("no teams", |expected| of_each(expected, |account| account.teams.clear())),
    ("no manager's team", |expected| of_each(expected, |account| account.manager_team = None)),
    ("nothing linked", |expected| of_each(expected, |account| account.linked = None)),
    ("nobody protected", |expected| of_each(expected, |account| account.protected = false)),
    ("a team less", |expected| drop(expected.platform.teams.pop_first())),
    ("another name", |expected| expected.platform.teams.values_mut().for_each(|team| team.name.push('x'))),
    ("no team ends", |expected| expected.platform.teams.values_mut().for_each(|team| team.active = true)),
    ("no supervisor", |expected| expected.platform.teams.values_mut().for_each(|team| team.supervisor = None)),
    ("no members", |expected| expected.platform.teams.values_mut().for_each(|team| team.members.clear())),
    ("a problem less", |expected| drop(expected.problems.pop_first())),
    ("no address shared", |expected| expected.shared_emails.clear()),
    ("a loss less", |expected| drop(expected.losses.pop_first())),
];

fn of_each(expected: &mut Expected, change: impl Fn(&mut Account)) {
    expected.platform.accounts.values_mut().for_each(change);
}

#[test]
fn the_comparison_sees_every_difference() {
    for (what, make_wrong) in ERRORS {
        let mut wrong_ones = 0;
        for world in (0..500).map(generate::world) {
            let right = expected(&world);
            let mut wrong = right.clone();
            make_wrong(&mut wrong);
            if wrong != right {
                wrong_ones += 1;
                let pass = engine::pass(&world, &engine::stored(&world.before), check::PLAIN);
                assert!(check::as_expected(&wrong, &world, &pass).is_err(), "{what} was not seen in {world:#?}");
            }
        }
        assert!(wrong_ones > 0, "{what}: no world to try it in");
    }
}

#[test]
fn a_failing_world_is_made_small() {
    let world = generate::world(1);
    let (small, fault) = shrink::shrink(world, |world| (!world.directory.people.is_empty()).then(|| "somebody".into()));
    assert_eq!(fault, "somebody");
    assert_eq!((small.directory.people.len(), small.directory.groups.len()), (1, 0));
    assert!(small.before.accounts.is_empty() && small.existing.is_empty());
}
