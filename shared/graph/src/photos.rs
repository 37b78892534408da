//! Reading profile photos of users.
//!
//! No delta query tells of a photo: whoever wants to know has to ask, person by person. [`GraphClient::batch`] asks 20 at a
//! time.
//!
//! [`GraphClient::batch`]: crate::GraphClient::batch

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use uuid::Uuid;

use crate::request::Request;
use crate::users::READ_USERS;

/// What Graph says of a photo.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ProfilePhoto {
    /// Tells the photo from the one before and the one after.
    #[serde(default, rename = "@odata.mediaEtag")]
    pub etag: Option<String>,
    /// In pixels. Where there is no photo Graph was seen to describe one of 1 x 1, without an entity tag.
    #[serde(default)]
    pub width: Option<u32>,
    /// In pixels.
    #[serde(default)]
    pub height: Option<u32>,
}

/// What there is to say of a user's photo, in the largest size that there is (Graph page "Get profilePhoto").
///
/// A user without a photo answers *not found* with the code `ImageNotFound`; one without a mailbox may answer *not found* with another.
/// Asked about a certain size, Graph describes a photo of 1 x 1 also where only that size is missing: so this asks about none.
pub fn describe(user: Uuid) -> Request<ProfilePhoto> {
    Request::object(Method::GET, "/users/{id}/photo", &[user]).permission(READ_USERS)
}

/// A user's photo in a size, or in the next smaller one that there is. None for a size that Graph does not serve.
pub fn image(user: Uuid, pixels: u16) -> Option<Request<Bytes>> {
    let template = match pixels {
        48 => "/users/{id}/photos/48x48/$value",
        64 => "/users/{id}/photos/64x64/$value",
        96 => "/users/{id}/photos/96x96/$value",
        120 => "/users/{id}/photos/120x120/$value",
        240 => "/users/{id}/photos/240x240/$value",
        360 => "/users/{id}/photos/360x360/$value",
        432 => "/users/{id}/photos/432x432/$value",
        504 => "/users/{id}/photos/504x504/$value",
        648 => "/users/{id}/photos/648x648/$value",
        _ => return None,
    };
    Some(Request::image(template, &[user]).permission(READ_USERS))
}
