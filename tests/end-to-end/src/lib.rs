//! Tests against the deployed local stack: the real template, the real binaries, from outside.
//!
//! `tests/browser` signs people in with a real browser; its tests are in `browser/`, in the language of their tools.
//! `tests/deployed` starts one stack and runs its tests against it, one after the other, each on what the
//! one before left. Nothing of the product is linked.
//!
//! * `story`: the demo's story, with its comparison after every step.
//! * `webhook`: attacks on the receiver of notifications, by the rows of the security tables.
//! * `bad_input`: malformed events and requests to everything that takes any.
//! * `secrets`: what was seeded as a secret is found nowhere else.
//!
//! `tests/sign_in` starts another one, with two customers, the platform's own application and a platform that listens, and attacks
//! sign-ins by the rows of the security tables: `state_and_code`, `tokens`, `issuers_and_keys`, `people`, `consent`, `browser_safety`,
//! `provider`, `delegation`, `secrets_and_logs`. `leavers` and `crowd` measure. `scene`, `browser`, `platform` and `watch` are what they work with.
