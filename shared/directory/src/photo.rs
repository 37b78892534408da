//! Profile photos: when one is fetched, what is accepted, and what is told of a change.
//!
//! A photo is no part of a [`User`](crate::user::User): no delta query tells of it, no run compares it with the rest of an
//! account, and none of the guard's limits counts it. It is looked at by itself, after everything else is done.
//!
//! **No doubt ever takes a photo away**: only an answer that says that there is none clears what is kept.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::identity::{PersonId, UserId};

/// The most bytes of a photo that is kept. An item of the table may have 400 KB, and a photo of 648 x 648 pixels has some 60.
pub const MOST_BYTES: usize = 100 * 1024;
/// The longest entity tag that is believed to be one.
const LONGEST_ETAG: usize = 256;
/// Bytes of a digest: enough to tell the photos of one person apart.
const DIGEST_BYTES: usize = 16;

/// Whether photos are kept, and how large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhotoRule {
    /// Off: no photo is asked for, and those that were kept are deleted.
    pub keep: bool,
    /// The size that is asked for.
    pub size: PhotoSize,
}

impl PhotoRule {
    /// The size in which photos are kept, if they are.
    #[must_use]
    pub const fn wanted(self) -> Option<PhotoSize> {
        if self.keep { Some(self.size) } else { None }
    }
}

/// A size that Graph serves, by the pixels of a side (Graph, "profilePhoto resource type").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
pub struct PhotoSize(u16);

impl PhotoSize {
    /// All of them.
    pub const ALL: &'static [u16] = &[48, 64, 96, 120, 240, 360, 432, 504, 648];

    /// The size of so many pixels, if there is one.
    #[must_use]
    pub fn of(pixels: u16) -> Option<Self> {
        Self::ALL.contains(&pixels).then_some(Self(pixels))
    }

    /// The pixels of a side.
    #[must_use]
    pub const fn pixels(self) -> u16 {
        self.0
    }
}

impl Default for PhotoSize {
    fn default() -> Self {
        Self(240)
    }
}

/// Read tolerantly: a size that a newer version may have added is the next smaller one here.
impl From<u16> for PhotoSize {
    fn from(pixels: u16) -> Self {
        Self(Self::ALL.iter().copied().rfind(|size| *size <= pixels).unwrap_or(48))
    }
}

impl From<PhotoSize> for u16 {
    fn from(size: PhotoSize) -> Self {
        size.0
    }
}

/// What is known of somebody's photo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// By what Graph tells this photo from the one before and the one after.
    pub etag: String,
    /// The size that was asked for.
    pub size: PhotoSize,
    /// What came.
    pub content: Content,
}

/// What came when a photo was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// An image, which is kept.
    Image(Image),
    /// Something that is not kept. It is remembered, so that it is not fetched every day.
    Refused(Refusal),
}

/// An image that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its format.
    pub format: ImageFormat,
    /// How many bytes it has.
    pub bytes: u32,
    /// A digest of its bytes.
    pub digest: String,
}

/// A format of images that is kept: what every browser shows, and what can carry no script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
}

impl ImageFormat {
    /// The format of these bytes, by how they begin. What the sender calls them is not believed.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
        }
    }
}

/// Why a photo is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It has more than [`MOST_BYTES`].
    TooLarge,
    /// It is of none of the formats that are kept.
    UnknownFormat,
}

/// What Graph says of somebody's photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// There is one, with this entity tag.
    Photo(String),
    /// There is none.
    Nothing,
    /// Nothing that can be relied on: no answer, or one that leaves it open.
    Unknown,
}

impl Seen {
    /// What a photo's description says. For people without a photo Graph describes one of a single pixel, without an
    /// entity tag, or says "not found" (Graph, "Get profilePhoto").
    #[must_use]
    pub fn described(etag: Option<&str>, width: Option<u32>, height: Option<u32>) -> Self {
        match etag.filter(|etag| !etag.is_empty()) {
            Some(etag) if etag.len() <= LONGEST_ETAG => Self::Photo(etag.to_owned()),
            None if width == Some(1) && height == Some(1) => Self::Nothing,
            _ => Self::Unknown,
        }
    }

    /// What the error code of a "not found" says. Others than this one (no mailbox, no such person) leave it open.
    #[must_use]
    pub fn not_found(code: &str) -> Self {
        if code.eq_ignore_ascii_case("ImageNotFound") { Self::Nothing } else { Self::Unknown }
    }
}

/// What to do about somebody's photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is as it was, or nobody knows.
    Keep,
    /// It has changed: fetch it. It has this entity tag then.
    Fetch(String),
    /// It is gone.
    Clear,
}

/// What to do about a photo of which this is kept and that is seen.
#[must_use]
pub fn step(kept: Option<&Photo>, size: PhotoSize, seen: Seen) -> Step {
    match seen {
        Seen::Unknown => Step::Keep,
        Seen::Nothing if kept.is_none() => Step::Keep,
        Seen::Nothing => Step::Clear,
        Seen::Photo(etag) if kept.is_some_and(|kept| kept.etag == etag && kept.size == size) => Step::Keep,
        Seen::Photo(etag) => Step::Fetch(etag),
    }
}

impl Photo {
    /// What becomes of the bytes that came for a photo.
    #[must_use]
    pub fn fetched(etag: String, size: PhotoSize, bytes: &[u8]) -> Self {
        let count = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= MOST_BYTES);
        let content = match (count, ImageFormat::of(bytes)) {
            (None, _) => Content::Refused(Refusal::TooLarge),
            (_, None) => Content::Refused(Refusal::UnknownFormat),
            (Some(bytes_kept), Some(format)) => {
                Content::Image(Image { format, bytes: bytes_kept, digest: digest(bytes) })
            }
        };
        Self { etag, size, content }
    }

    /// A photo that was too large even to be read.
    #[must_use]
    pub const fn too_large(etag: String, size: PhotoSize) -> Self {
        Self { etag, size, content: Content::Refused(Refusal::TooLarge) }
    }

    /// The image that is kept, if one is.
    #[must_use]
    pub const fn image(&self) -> Option<&Image> {
        match &self.content {
            Content::Image(image) => Some(image),
            Content::Refused(_) => None,
        }
    }

    /// Why no image is kept, if none is.
    #[must_use]
    pub const fn refusal(&self) -> Option<Refusal> {
        match self.content {
            Content::Image(_) => None,
            Content::Refused(refusal) => Some(refusal),
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// A change of somebody's photo, as the history shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoChange {
    /// The account.
    pub user: UserId,
    /// The person whose it is.
    pub person: PersonId,
    /// Digest of the image before, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Digest of the image after, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl PhotoChange {
    /// What anybody sees of the change; none where the image is the same.
    #[must_use]
    pub fn between(user: UserId, person: PersonId, before: Option<&Photo>, after: Option<&Photo>) -> Option<Self> {
        let shown = |photo: Option<&Photo>| photo.and_then(Photo::image).map(|image| image.digest.clone());
        let (before, after) = (shown(before), shown(after));
        (before != after).then_some(Self { user, person, before, after })
    }
}

#[cfg(test)]
mod tests;
