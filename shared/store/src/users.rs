//! Reading accounts and team members.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, PersonId, TeamSource, TenantId, UserId};
use rollcall_directory::user::User;

use crate::error::Error;
use crate::item::{read_id, text};
use crate::keys::{Item, Key, Shard, roster, user_partition};
use crate::page::{Page, PageRequest};
use crate::table::{Span, Table};
use crate::user::{self, INDEX, IndexEntry, StoredUser, state_word};
use crate::write::Change;

/// Shards that are read at the same time.
const AT_ONCE: usize = 4;
/// Queries of one page at most: a filter that few accounts pass must not read on and on.
const QUERIES: usize = 24;

impl Table {
    /// The accounts of these people, as they are now. Who has none is left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn users_by_person(
        &self,
        connection: ConnectionId,
        tenant: TenantId,
        people: &[PersonId],
    ) -> Result<BTreeMap<PersonId, User>, Error> {
        let mut found = BTreeMap::new();
        let mut keys: Vec<Key> = people
            .iter()
            .map(|person| Key::user(connection, Shard::of(UserId::derive(tenant, *person)), *person))
            .collect();
        keys.sort_by(|one, other| (&one.pk, &one.sk).cmp(&(&other.pk, &other.sk)));
        // A batch that names a key twice is refused.
        keys.dedup();
        for item in self.get_many(&keys).await? {
            let user = user::read(item)?.user;
            found.insert(user.person, user);
        }
        Ok(found)
    }

    /// One account with its times, by person.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn user(
        &self,
        connection: ConnectionId,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Option<StoredUser>, Error> {
        let key = Key::user(connection, Shard::of(UserId::derive(tenant, person)), person);
        self.get(&key).await?.map(user::read).transpose()
    }

    /// Protects an account, or protects it no more: a protected one is never deactivated nor deleted by a sync.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is no such account; [`Error::Unavailable`].
    pub async fn protect(
        &self,
        connection: ConnectionId,
        tenant: TenantId,
        person: PersonId,
        protected: bool,
    ) -> Result<(), Error> {
        let key = Key::user(connection, Shard::of(UserId::derive(tenant, person)), person);
        let item = Item::from([("protected".to_owned(), aws_sdk_dynamodb::types::AttributeValue::Bool(protected))]);
        let change = Change::set("user", key, item, &[]).require("sk", text(person.to_string()));
        self.update("user", change).await.map(drop)
    }

    /// Signs a person out everywhere: every session of theirs is dead at once, and the platform is told.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is no such account; [`Error::Unavailable`].
    pub async fn sign_out_everywhere(
        &self,
        connection: ConnectionId,
        tenant: TenantId,
        person: PersonId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let key = Key::user(connection, Shard::of(UserId::derive(tenant, person)), person);
        let item = Item::from([("signed_out_at".to_owned(), text(now.to_string()))]);
        let change = Change::set("user", key, item, &[]).raise("sign_outs").require("sk", text(person.to_string()));
        self.update("user", change).await.map(drop)
    }

    /// A line for every account, sorted by person.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn user_index(&self, connection: ConnectionId) -> Result<Vec<IndexEntry>, Error> {
        let mut index: Vec<IndexEntry> = Vec::new();
        self.visit_user_index(connection, |entry| index.push(entry)).await?;
        index.sort_unstable_by_key(|entry| entry.person);
        Ok(index)
    }

    /// Shows a line for every account, in no particular order: for whoever keeps them otherwise than in a list.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn visit_user_index(
        &self,
        connection: ConnectionId,
        mut visit: impl FnMut(IndexEntry),
    ) -> Result<(), Error> {
        let shards = stream::iter(Shard::all()).map(|shard| self.shard_index(connection, shard));
        let mut shards = shards.buffer_unordered(AT_ONCE);
        while let Some(entries) = shards.try_next().await? {
            entries.into_iter().for_each(&mut visit);
        }
        Ok(())
    }

    async fn shard_index(&self, connection: ConnectionId, shard: Shard) -> Result<Vec<IndexEntry>, Error> {
        let mut span = Span { only: Some(INDEX), ..Span::of(user_partition(connection, shard)) };
        let mut entries = Vec::new();
        loop {
            let (items, last) = self.query(&span).await?;
            for item in &items {
                entries.push(user::index_entry(item)?);
            }
            match last {
                Some(last) => span.after = Some(last),
                None => return Ok(entries),
            }
        }
    }

    /// Accounts with their times, all or only those active or not. The order is fixed but has no meaning.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn users_page(
        &self,
        connection: ConnectionId,
        request: &PageRequest,
        active: Option<bool>,
    ) -> Result<Page<StoredUser>, Error> {
        let state = active.map(state_word);
        let list = format!("users {connection} {}", state.unwrap_or("all"));
        let partition = |shard| Span { state, ..Span::of(user_partition(connection, shard)) };
        let (items, next) = self.sharded_page(&list, request, partition).await?;
        Ok(Page { items: items.into_iter().map(user::read).collect::<Result<_, _>>()?, next })
    }

    /// Members of a team: the people with an active account in it.
    ///
    /// # Errors
    /// [`Error::BadCursor`], [`Error::Unavailable`] and what reading an item can meet.
    pub async fn team_members(
        &self,
        connection: ConnectionId,
        team: TeamSource,
        request: &PageRequest,
    ) -> Result<Page<PersonId>, Error> {
        let list = format!("members {connection} {}", team.id());
        let (items, next) = self.sharded_page(&list, request, |shard| roster_span(connection, team, shard)).await?;
        let (_, prefix) = roster(connection, team, Shard::FIRST);
        let people = items.iter().map(|item| read_id("member", item, "sk", &prefix)).collect::<Result<_, _>>()?;
        Ok(Page { items: people, next })
    }

    /// How many people with an active account are in a team.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn team_size(&self, connection: ConnectionId, team: TeamSource) -> Result<u64, Error> {
        let counts = stream::iter(Shard::all())
            .map(|shard| self.count(roster_span(connection, team, shard)))
            .buffer_unordered(AT_ONCE);
        counts.try_fold(0, |sum, count| async move { Ok(sum + count) }).await
    }

    /// Whether anybody but these people is in a team.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn has_members_besides(
        &self,
        connection: ConnectionId,
        team: TeamSource,
        besides: &BTreeSet<PersonId>,
    ) -> Result<bool, Error> {
        // One more than those who don't count: if a shard has so many, one of them does.
        let limit = Some(besides.len() + 1);
        let first = |shard| Span { limit, only: Some("sk"), ..roster_span(connection, team, shard) };
        let (_, prefix) = roster(connection, team, Shard::FIRST);
        let spans: Vec<Span> = Shard::all().map(first).collect();
        let mut found = stream::iter(&spans).map(|span| self.query(span)).buffer_unordered(AT_ONCE);
        while let Some((items, _)) = found.try_next().await? {
            for item in &items {
                if !besides.contains(&read_id("member", item, "sk", &prefix)?) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// A page over all shards, one after the other. A position is the digit of the shard and
    /// the sort key after which to go on.
    async fn sharded_page(
        &self,
        list: &str,
        request: &PageRequest,
        partition: impl Fn(Shard) -> Span,
    ) -> Result<(Vec<Item>, Option<String>), Error> {
        let cursors = self.cursors()?;
        let mut at = match &request.cursor {
            Some(cursor) => Position::parse(&cursors.open(list, cursor)?)?,
            None => Position::START,
        };
        let mut found = Vec::new();
        for _ in 0..QUERIES {
            let limit = Some(request.size() - found.len());
            let span = Span { after: at.after.clone(), limit, ..partition(at.shard) };
            let (items, last) = self.query(&span).await?;
            found.extend(items);
            match at.next(last) {
                Some(next) => at = next,
                None => return Ok((found, None)),
            }
            if found.len() >= request.size() {
                break;
            }
        }
        Ok((found, Some(cursors.seal(list, &at.to_string()))))
    }
}

fn roster_span(connection: ConnectionId, team: TeamSource, shard: Shard) -> Span {
    let (pk, prefix) = roster(connection, team, shard);
    Span::prefixed(pk, &prefix)
}

/// Where a list over all shards stands.
pub(crate) struct Position {
    pub(crate) shard: Shard,
    pub(crate) after: Option<String>,
}

impl Position {
    pub(crate) const START: Self = Self { shard: Shard::FIRST, after: None };

    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let (digit, after) = text.split_once('#').ok_or(Error::BadCursor)?;
        let shard = Shard::from_digit(digit).ok_or(Error::BadCursor)?;
        Ok(Self { shard, after: (!after.is_empty()).then(|| after.to_owned()) })
    }

    /// The position after a query that stopped at `last`, or at the end of its shard.
    pub(crate) fn next(&self, last: Option<String>) -> Option<Self> {
        match last {
            Some(last) => Some(Self { shard: self.shard, after: Some(last) }),
            None => self.shard.next().map(|shard| Self { shard, after: None }),
        }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.shard, self.after.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_leads_through_all_shards_and_ends() {
        let mut at = Position::START;
        let mut shards = 1;
        while let Some(next) = at.next(None) {
            at = Position::parse(&next.to_string()).unwrap();
            shards += 1;
        }
        assert_eq!(shards, 16);
    }

    #[test]
    fn a_position_within_a_shard_keeps_its_place() {
        let at = Position::START.next(Some("person".to_owned())).unwrap();
        let at = Position::parse(&at.to_string()).unwrap();
        assert_eq!((at.shard, at.after.as_deref()), (Shard::FIRST, Some("person")));
    }
}
