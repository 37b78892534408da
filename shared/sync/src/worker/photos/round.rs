//! Goes through all accounts, some at a time.

use rollcall_directory::photo::PhotoSize;
use rollcall_store::commit::Commit;
use rollcall_store::run::Run;
use rollcall_store::state::StateChange;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::super::failure::Failure;
use super::super::session::Session;
use super::{finish, look};

/// Accounts that are looked at at a time.
const AT_ONCE: usize = 100;
/// How often the same accounts are tried while Graph answers nothing, before the round goes on without them.
const ATTEMPTS: u32 = 3;

/// Where a round stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The size of photos with which it began; none where they are deleted. Another size needs another round.
    pub(super) size: Option<PhotoSize>,
    /// Slices that are done.
    pub(super) slice: u64,
    /// The accounts that come next; none at the beginning.
    position: Option<String>,
    /// How often they were tried in vain.
    tried: u32,
}

/// How far a slice came.
pub(super) enum Came {
    /// All accounts are looked at.
    ToTheEnd,
    /// The slice with this number is next.
    To(u64),
}

impl Place {
    /// The beginning.
    pub(super) const fn start(size: Option<PhotoSize>) -> Self {
        Self { size, slice: 0, position: None, tried: 0 }
    }

    /// Where a run stands, if its record can be read.
    pub(super) fn of(run: &Run) -> Option<Self> {
        serde_json::from_str(run.resume.as_deref()?).ok()
    }

    pub(super) fn to_text(&self) -> String {
        // Only a map with keys that are no strings fails.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Looks at one part of the accounts after the other until that moment.
pub(super) async fn slice(session: &mut Session<'_>, mut place: Place, until: Instant) -> Result<Came, Failure> {
    session.run.progress.phase = "photos".to_owned();
    session.run.progress.expected = Some(session.state().active);
    loop {
        session.check_time()?;
        let (accounts, next) =
            session.table().photo_entries(session.connection.id, place.position.as_deref(), AT_ONCE).await?;
        match look::at(session, &accounts).await {
            Ok(_) => {}
            Err(Failure::Graph(error)) => {
                place.tried += 1;
                if place.tried < ATTEMPTS {
                    save(session, &place).await?;
                    return Err(error.into());
                }
                // Whatever it is, it does not keep the others from theirs.
                session.run.counts.photos_unread += accounts.iter().filter(|account| account.active).count() as u64;
            }
            Err(other) => return Err(other),
        }
        place = Place { position: next, tried: 0, ..place };
        if place.position.is_none() {
            let state =
                StateChange { photos: Some(None), has_photos: Some(place.size.is_some()), ..StateChange::default() };
            finish(session, Commit { state, ..Commit::at(session.now()) }).await?;
            return Ok(Came::ToTheEnd);
        }
        if Instant::now() >= until {
            place.slice += 1;
            save(session, &place).await?;
            return Ok(Came::To(place.slice));
        }
    }
}

async fn save(session: &mut Session<'_>, place: &Place) -> Result<(), Failure> {
    session.run.resume = Some(place.to_text());
    session.save(Commit::at(session.now())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_as_it_was() {
        let place = Place { size: PhotoSize::of(96), slice: 3, position: Some("4#".to_owned()), tried: 1 };
        assert_eq!(serde_json::from_str::<Place>(&place.to_text()).unwrap(), place);
    }
}
