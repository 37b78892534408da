//! Profile photos of users: `/users/{key}/photo` and `/users/{key}/photos/{size}`, each with `/$value`.
//!
//! They live apart from the directory: a change of one is no change of the user, so neither delta nor notifications tell of it.

use super::objects::find;
use super::{Call, GraphError, Outcome, access};
use crate::directory::Kind;
use crate::reply::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use uuid::Uuid;

/// The sizes that Graph serves, by the pixels of a side.
const SIZES: [u16; 9] = [48, 64, 96, 120, 240, 360, 432, 504, 648];

/// A photo that somebody uploads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Photo {
    /// The image. It is taken as it is.
    #[serde(rename = "data", deserialize_with = "from_base64")]
    pub bytes: Vec<u8>,
    /// What Graph calls it.
    #[serde(default = "jpeg")]
    pub content_type: String,
    /// The pixels of a side: larger sizes are not there.
    #[serde(default = "largest")]
    pub side: u16,
}

fn jpeg() -> String {
    "image/jpeg".to_owned()
}

const fn largest() -> u16 {
    648
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}

/// The photos of a tenant.
#[derive(Debug, Default)]
pub(crate) struct Photos {
    kept: BTreeMap<Uuid, Kept>,
    /// How many were ever set.
    set: u64,
}

#[derive(Clone, Debug)]
struct Kept {
    photo: Photo,
    etag: String,
}

impl Photos {
    /// Gives a person another photo, or none. The entity tag is another one each time.
    pub(crate) fn set(&mut self, person: Uuid, photo: Option<Photo>) {
        self.set += 1;
        match photo {
            Some(photo) => {
                let mut hasher = DefaultHasher::new();
                (&photo.bytes, self.set).hash(&mut hasher);
                let etag = format!("\"{:08X}\"", hasher.finish() & 0xffff_ffff);
                self.kept.insert(person, Kept { photo, etag });
            }
            None => drop(self.kept.remove(&person)),
        }
    }
}

/// What of a photo is asked for.
enum Asked {
    /// The largest that there is.
    Largest,
    /// A side of so many pixels.
    Side(u16),
}

/// `GET /users/{key}/photo…`
pub(super) fn answer(call: &Call<'_>, key: &str, rest: &[&str]) -> Outcome {
    if !call.may(access::READ_PHOTOS) {
        return Err(GraphError::new(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."));
    }
    let sized = call.request.segments.iter().any(|segment| segment == "photos");
    let (asked, value) = match (sized, rest) {
        (false, []) => (Asked::Largest, false),
        (false, ["$value"]) => (Asked::Largest, true),
        (true, [size]) => (Asked::Side(side(size)?), false),
        (true, [size, "$value"]) => (Asked::Side(side(size)?), true),
        _ => return Err(super::no_segment(rest.last().copied().unwrap_or_default())),
    };
    let person = call.with_view(|view| find(view, Kind::User, key).map(|(_, object)| object.id))?;
    let kept = crate::sync::lock(&call.tenant.photos).kept.get(&person).cloned();
    match kept {
        Some(kept) if value => Ok(image(&kept, &asked)),
        Some(kept) => Ok(Reply::json(200, &description(call, person, &kept, &asked))),
        None if !value && call.tenant.settings().photo_placeholder => Ok(Reply::json(200, &placeholder(call, person))),
        None => {
            let message =
                "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.";
            Err(GraphError::new(404, "ImageNotFound", message))
        }
    }
}

/// `240x240`, in either case.
fn side(text: &str) -> Result<u16, GraphError> {
    let (width, height) = text.split_once(['x', 'X']).unwrap_or_default();
    let side = width.parse().ok().filter(|side| width == height && SIZES.contains(side));
    side.ok_or_else(|| GraphError::new(400, "ErrorInvalidImageId", "The size is not one of those that are served."))
}

/// The side that is served: what is not there falls to the next smaller size that is.
fn served(photo: &Photo, asked: &Asked) -> u16 {
    match asked {
        Asked::Side(side) if *side < photo.side => *side,
        Asked::Largest | Asked::Side(_) => photo.side,
    }
}

fn image(kept: &Kept, asked: &Asked) -> Reply {
    let Kept { photo, etag } = kept;
    let length = photo.bytes.len() * usize::from(served(photo, asked)) / usize::from(photo.side.max(1));
    let bytes = photo.bytes.get(..length.max(16)).unwrap_or(&photo.bytes).to_vec();
    Reply::bytes(200, &photo.content_type, bytes).header("etag", etag)
}

fn description(call: &Call<'_>, person: Uuid, kept: &Kept, asked: &Asked) -> Value {
    let Kept { photo, etag } = kept;
    match asked {
        // "If the specified size is unavailable, the size 1x1 is returned with the rest of the metadata."
        Asked::Side(side) if *side > photo.side => shown(call, person, &photo.content_type, etag, 1),
        asked => shown(call, person, &photo.content_type, etag, served(photo, asked)),
    }
}

fn placeholder(call: &Call<'_>, person: Uuid) -> Value {
    shown(call, person, "image/gif", "", 1)
}

fn shown(call: &Call<'_>, person: Uuid, content_type: &str, etag: &str, side: u16) -> Value {
    let origin = &call.request.origin;
    json!({
        "@odata.context": format!("{origin}/v1.0/$metadata#users('{person}')/photo/$entity"),
        "@odata.id": format!("{origin}/v1.0/users('{person}')/photo"),
        "@odata.mediaContentType": content_type,
        "@odata.mediaEtag": etag,
        "id": format!("{side}x{side}"),
        "width": side,
        "height": side,
    })
}
