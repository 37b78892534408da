//! What has happened to systems that do this job, each as a test that bears its name.
//!
//! The incidents are told by the public issue trackers of those systems. Each test brings about the cause in the simulated
//! tenant, and asks what the people on the platform have afterwards: nobody who is entitled has lost anything, and once the
//! fault is over the platform is what the directory says. Where an incident is about the people who run the system, the test
//! asks what they see.
//!
//! * [`o365_moodle`]: microsoft/o365-moodle. [`firezone`]: firezone/firezone. [`ssosync`]: awslabs/ssosync.
//!   [`idp_scim_sync`]: slashdevops/idp-scim-sync. [`directory_connector`]: bitwarden/directory-connector and
//!   bitwarden/server. [`others`]: one or two each of further systems, and the known issues of Microsoft's own provisioning.
//! * [`scene`]: a world with people and groups that a test can name.
//!
//! # Incidents that share a test
//!
//! o365-moodle 2485: 3383. firezone 9188: 9194; 10892: 10898. ssosync 234: 236; 237: 236. directory-connector 205: 83; 493 and
//! 105: 190; 99: 464. netbird 4223: 1593. authentik 19794 (one bad address stops all): `firezone_one_bad_address`; 21754 (another
//! scope group leads to nothing): `o365_moodle_2630`.
//!
//! # Incidents without a test here, and why
//!
//! Sign-in, and not sync: netbird 5153 (a token without groups took memberships), kortix suna 7297, 7298 and 5097's stale
//! claims. A sign-in reads nothing into the platform here; that the question about one person gives nothing to anybody out of
//! scope is `o365_moodle_2662`.
//!
//! Writing to a target over the network: idp-scim-sync 62 and 75 (members in one PATCH), ssosync 13 (a repeated create is
//! refused), directory-connector 22 (a limit of seats). There is no such target. What they come from on the reading side (many
//! members at once, throttling) has a test under their names.
//!
//! Memory and size: o365-moodle 2316 and 1829, `AzureHound` 6 and 64 (killed for their memory, 200 GB of JSON). The benchmarks
//! measure memory with a million people; the silence about it is `o365_moodle_2930`.
//!
//! Meetings and pages of a learning platform: o365-moodle 2606.
//!
//! Wishes for what to sync: firezone 6154, 10112 and 8381 (groups as scope, which nearly all tests here have), idp-scim-sync 70
//! (`idp_scim_sync_70`), fleet 46374 (nested groups: `o365_moodle_1771`, `ssosync_51`).
//!
//! No cause is told: firezone 9578 (identities missing on a staging system), microsoft-graph-docs-contrib 9003 (how long delta
//! tokens live is not said: `o365_moodle_1841` lets them expire both ways).
//!
//! Requests that this client never makes: graph-explorer 3584 (`$select=*` in delta), firezone 12775 (`aboutMe` in `$select`);
//! what is selected is a test of the rules themselves. msgraph-sdk-javascript 906, pipedream 21434 and alga-psa 3092
//! (subscriptions that ended or can't be renewed) are tests of the subscription round; what a gap does to people is
//! `training_26`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics is a test that fails")]

mod directory_connector;
mod firezone;
mod idp_scim_sync;
mod o365_moodle;
mod others;
mod scene;
mod ssosync;
