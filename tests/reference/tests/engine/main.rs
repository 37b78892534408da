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

use reference::World;

const WORLDS: u64 = 100_000;

/// What is wrong with what the engine makes of this world; a panic is wrong too.
fn fault(world: &World) -> Option<String> {
    catch_unwind(AssertUnwindSafe(|| check::check(world).err()))
        .unwrap_or_else(|panic| Some(format!("panic: {:?}", panic.downcast_ref::<String>())))
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
                if fault(&world).is_some() {
                    let (small, fault) = shrink::shrink(world, fault);
                    panic!("{}", report(seed, &small, &fault));
                }
                seen.add(&world);
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

/// The comparison can fail: every single thing that the model says is looked at.
#[test]
fn a_difference_is_found_and_made_small() {
    let world = generate::world(1);
    let (small, fault) = shrink::shrink(world, |world| (!world.directory.people.is_empty()).then(|| "somebody".into()));
    assert_eq!(fault, "somebody");
    assert_eq!((small.directory.people.len(), small.directory.groups.len()), (1, 0));
    assert!(small.before.accounts.is_empty() && small.existing.is_empty());
}
