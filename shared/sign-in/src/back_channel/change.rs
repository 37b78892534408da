//! What of a change of the table means that sessions have ended.

use jiff::Timestamp;
use rollcall_directory::identity::{ConnectionId, PersonId, UserId};
use rollcall_store::{AccountStamp, ClientId, SessionId, SessionKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::BackChannelLogout;

/// A record of the table's stream, as far as it is read (`DynamoDB`, "`Record`", "`StreamRecord`").
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// `INSERT`, `MODIFY` or `REMOVE`.
    event_name: String,
    /// The change.
    dynamodb: Images,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Images {
    #[serde(default)]
    keys: Item,
    #[serde(default)]
    new_image: Option<Item>,
    #[serde(default)]
    old_image: Option<Item>,
    #[serde(default)]
    sequence_number: String,
}

/// An item as a stream has it: each attribute below the letter of its kind.
type Item = Map<String, Value>;

/// What has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// One session.
    Session(BackChannelLogout),
    /// All sessions of an account but those that began with it as it is now.
    Account {
        /// The connection.
        connection: ConnectionId,
        /// Whose account.
        person: PersonId,
        /// As it is now; none if it is gone.
        stamp: Option<AccountStamp>,
    },
}

impl Record {
    /// The number by which the record is named when it has to come again.
    #[must_use]
    pub fn sequence_number(&self) -> &str {
        &self.dynamodb.sequence_number
    }

    /// What has ended by this change, if anything.
    #[must_use]
    pub fn ended(&self, now: Timestamp) -> Option<Ended> {
        let Images { keys, new_image, old_image, .. } = &self.dynamodb;
        let (connection, kind) = place(text(keys, "pk")?)?;
        let sort = text(keys, "sk")?;
        match (kind, self.event_name.as_str()) {
            ("U", "MODIFY") => {
                let (new, old) = (new_image.as_ref()?, old_image.as_ref()?);
                let was_signed_out = sign_outs(new) != sign_outs(old);
                let person = sort.parse().ok()?;
                was_signed_out.then(|| Ended::Account { connection, person, stamp: stamp(new) })
            }
            ("U", "REMOVE") => Some(Ended::Account { connection, person: sort.parse().ok()?, stamp: None }),
            ("S", "REMOVE") if sort.starts_with("SESSION#") => session(old_image.as_ref()?, now),
            _ => None,
        }
    }
}

/// The connection of a partition, and the letter of what is in it.
fn place(pk: &str) -> Option<(ConnectionId, &str)> {
    let mut parts = pk.strip_prefix("C#")?.split('#');
    Some((parts.next()?.parse().ok()?, parts.next()?))
}

/// A session that was deleted before its time was over. After that the platform's own has ended too.
fn session(old: &Item, now: Timestamp) -> Option<Ended> {
    let ends_at: Timestamp = text(old, "ends_at")?.parse().ok()?;
    let id = |name| text(old, name).and_then(|text| uuid::Uuid::try_parse(text).ok());
    let session = SessionKey {
        connection: ConnectionId(id("connection")?),
        user: UserId(id("user")?),
        person: PersonId(id("person")?),
        session: SessionId(id("session")?),
    };
    (now < ends_at).then_some(Ended::Session(BackChannelLogout { session, client: ClientId(id("client")?) }))
}

fn stamp(account: &Item) -> Option<AccountStamp> {
    Some(AccountStamp { created_at: text(account, "created_at")?.parse().ok()?, sign_outs: sign_outs(account) })
}

fn sign_outs(account: &Item) -> u64 {
    let number = account.get("sign_outs").and_then(|value| value.get("N")).and_then(Value::as_str);
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.get("S")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CONNECTION: &str = "00000000-0000-0000-0000-000000000001";
    const PERSON: &str = "00000000-0000-0000-0000-000000000002";
    const SESSION: &str = "00000000-0000-0000-0000-000000000003";

    fn record(value: Value) -> Record {
        serde_json::from_value(value).unwrap()
    }

    fn account(event: &str, old: u64, new: u64) -> Record {
        let image = |sign_outs: u64| json!({"created_at": {"S": "2026-01-01T00:00:00Z"}, "sign_outs": {"N": sign_outs.to_string()}, "fp": {"B": "AA=="}});
        record(json!({"eventName": event, "eventID": "1", "dynamodb": {
            "Keys": {"pk": {"S": format!("C#{CONNECTION}#U#a")}, "sk": {"S": PERSON}},
            "OldImage": image(old), "NewImage": image(new), "SequenceNumber": "7",
        }}))
    }

    fn session(event: &str, ends_at: &str) -> Record {
        record(json!({"eventName": event, "dynamodb": {
            "Keys": {"pk": {"S": format!("C#{CONNECTION}#S#{PERSON}")}, "sk": {"S": format!("SESSION#{SESSION}")}},
            "OldImage": {
                "connection": {"S": CONNECTION}, "user": {"S": PERSON}, "person": {"S": PERSON}, "session": {"S": SESSION},
                "client": {"S": CONNECTION}, "ends_at": {"S": ends_at},
            },
        }}))
    }

    #[test]
    fn an_account_that_was_signed_out_ends_its_sessions_and_another_change_does_not() {
        let now = Timestamp::UNIX_EPOCH;
        let ended = account("MODIFY", 0, 1).ended(now).unwrap();
        let Ended::Account { connection, person, stamp } = ended else { panic!("{ended:?}") };
        assert_eq!((connection.to_string().as_str(), person.to_string().as_str()), (CONNECTION, PERSON));
        assert_eq!(stamp.map(|stamp| stamp.sign_outs), Some(1));
        assert_eq!(account("MODIFY", 1, 1).ended(now), None);
        assert_eq!(account("INSERT", 0, 0).ended(now), None);
        assert!(matches!(account("REMOVE", 1, 1).ended(now), Some(Ended::Account { stamp: None, .. })));
        assert_eq!(account("MODIFY", 0, 1).sequence_number(), "7");
    }

    #[test]
    fn a_session_that_was_ended_is_told_and_one_whose_time_was_over_is_not() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let ended = session("REMOVE", "2026-01-01T00:00:01Z").ended(now);
        assert!(matches!(ended, Some(Ended::Session(logout)) if logout.session.session.to_string() == SESSION));
        assert_eq!(session("REMOVE", "2026-01-01T00:00:00Z").ended(now), None);
        assert_eq!(session("MODIFY", "2026-01-01T00:00:01Z").ended(now), None);
    }

    #[test]
    fn other_items_are_none_of_its_business() {
        for (pk, sk) in
            [("CONNECTIONS", "x"), ("C#x#U#a", "y"), (&format!("C#{CONNECTION}"), "STATE"), ("CODE#x", "CODE")]
        {
            let other = json!({"eventName": "REMOVE", "dynamodb": {"Keys": {"pk": {"S": pk}, "sk": {"S": sk}}, "OldImage": {}}});
            assert_eq!(record(other).ended(Timestamp::UNIX_EPOCH), None, "{pk}");
        }
    }
}
