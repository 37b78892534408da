//! Five hundred seeds in each run of the tests; `cargo run -p simulation -- --seeds N` plays as many as one likes.

use std::time::Duration;

use simulation::campaign::{Campaign, run};
use simulation::seeds::{Choice, kinds, play};

/// Seeds of one run of the tests.
const SEEDS: u64 = 500;

#[test]
fn whatever_goes_wrong_nobody_is_wronged_and_everything_comes_right() {
    let campaign = Campaign { first: 1, seeds: SEEDS, threads: 2, shrink: Duration::from_secs(20) };
    let outcome = run(&campaign);
    println!("{outcome}");
    assert_eq!(outcome.seeds, SEEDS);
    assert!(outcome.failures.is_empty(), "{outcome}");
    assert_eq!(outcome.convergence.len() as u64, SEEDS, "every seed converges");
    let known = kinds();
    let unknown = outcome.faults.iter().find(|(kind, _)| !known.contains(kind));
    assert_eq!(unknown, None, "every kind of fault is looked for when the campaign tells what came too seldom");
}

#[test]
fn the_same_seed_does_the_same_twice_to_the_byte() {
    for seed in [3, 17, 49] {
        let (one, two) = (play(&Choice::all(seed), true), play(&Choice::all(seed), true));
        assert!(one.trace.len() > 10_000, "seed {seed} does something");
        for (number, (line, again)) in one.trace.lines().zip(two.trace.lines()).enumerate() {
            assert_eq!(line, again, "seed {seed}, line {number}");
        }
        assert_eq!(one.trace, two.trace, "seed {seed}");
        assert_eq!(one.digest, two.digest, "seed {seed}");
    }
}
