//! Whether photos are kept.

use rollcall_directory::photo::{PhotoRule, PhotoSize};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{Object, ObjectBuilder, Type};

/// Whether profile photos are kept, and how large.
///
/// Microsoft Graph tells nobody that a photo has changed. So photos are looked at after each full run, beside all other work, and
/// those of newcomers and of people who are read anew by request (`…/sync`) soon after. Only people with an active account are
/// asked about, and an image is fetched only when it has changed. One that can not be read stays as it was.
///
/// Kept are JPEG, PNG and GIF of at most 102,400 bytes. Others are refused and put on the work-list; no image is shown then, not
/// the one before either. The account shows a digest, `…/users/{person}/photo` the image. Photos of people who have left stay
/// with their accounts and are deleted with them. A preview does not tell of photos, and undoing a run leaves them as they are.
///
/// The permission `User.Read.All`, which every connection has, suffices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PhotoRules)]
pub(crate) struct Photo {
    /// Whether they are kept. Off unless given. **Off destroys**: all photos are deleted after the next full run, without the guard.
    #[schema(default = false)]
    keep: bool,
    /// The size.
    #[schema(schema_with = sizes)]
    size: Size,
}

fn sizes() -> Object {
    let description = "The pixels of a side. Where a photo has not that size, the next smaller one is kept. Another size fetches all \
                       photos anew.";
    let sizes = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(PhotoSize::ALL.iter().copied()));
    sizes.default(Some(PhotoSize::default().pixels().into())).description(Some(description)).build()
}

/// One of the sizes that Graph serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
struct Size(PhotoSize);

impl TryFrom<u16> for Size {
    type Error = &'static str;

    fn try_from(pixels: u16) -> Result<Self, Self::Error> {
        PhotoSize::of(pixels).map(Self).ok_or("must be 48, 64, 96, 120, 240, 360, 432, 504 or 648")
    }
}

impl From<Size> for u16 {
    fn from(size: Size) -> Self {
        size.0.pixels()
    }
}

impl From<Photo> for PhotoRule {
    fn from(photo: Photo) -> Self {
        let Photo { keep, size } = photo;
        Self { keep, size: size.0 }
    }
}

impl From<PhotoRule> for Photo {
    fn from(rule: PhotoRule) -> Self {
        let PhotoRule { keep, size } = rule;
        Self { keep, size: Size(size) }
    }
}
