//! Each rule by itself.

use super::*;
use uuid::Uuid;

const SMALL: PhotoSize = PhotoSize(48);
const USUAL: PhotoSize = PhotoSize(240);
const JPEG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 1];

fn photo(etag: &str, size: PhotoSize, bytes: &[u8]) -> Photo {
    Photo::fetched(etag.to_owned(), size, bytes)
}

fn seen(etag: &str) -> Seen {
    Seen::Photo(etag.to_owned())
}

#[test]
fn a_photo_that_has_not_changed_is_not_fetched() {
    assert_eq!(step(Some(&photo("a", USUAL, JPEG)), USUAL, seen("a")), Step::Keep);
}

#[test]
fn a_new_photo_another_one_and_another_size_are_fetched() {
    let fetch = |etag: &str| Step::Fetch(etag.to_owned());
    assert_eq!(step(None, USUAL, seen("a")), fetch("a"));
    assert_eq!(step(Some(&photo("a", USUAL, JPEG)), USUAL, seen("b")), fetch("b"));
    assert_eq!(step(Some(&photo("a", USUAL, JPEG)), SMALL, seen("a")), fetch("a"));
}

#[test]
fn a_photo_that_was_refused_is_not_fetched_again_until_it_changes() {
    let refused = photo("a", USUAL, b"<svg/>");
    assert_eq!(step(Some(&refused), USUAL, seen("a")), Step::Keep);
    assert_eq!(step(Some(&refused), USUAL, seen("b")), Step::Fetch("b".to_owned()));
}

#[test]
fn only_an_answer_that_there_is_none_takes_a_photo_away() {
    let kept = photo("a", USUAL, JPEG);
    assert_eq!(step(Some(&kept), USUAL, Seen::Nothing), Step::Clear);
    assert_eq!(step(Some(&kept), USUAL, Seen::Unknown), Step::Keep);
    assert_eq!(step(None, USUAL, Seen::Nothing), Step::Keep);
    assert_eq!(step(None, USUAL, Seen::Unknown), Step::Keep);
}

#[test]
fn a_description_tells_a_photo_from_none_and_from_what_nobody_knows() {
    let described = |etag, side| Seen::described(etag, side, side);
    assert_eq!(described(Some("\"BA09D118\""), Some(648)), seen("\"BA09D118\""));
    assert_eq!(described(Some("\"BA09D118\""), None), seen("\"BA09D118\""));
    assert_eq!(described(Some(""), Some(1)), Seen::Nothing);
    assert_eq!(described(None, Some(1)), Seen::Nothing);
    assert_eq!(described(Some(""), Some(648)), Seen::Unknown);
    assert_eq!(described(None, None), Seen::Unknown);
    assert_eq!(Seen::described(None, Some(1), Some(48)), Seen::Unknown);
    assert_eq!(Seen::described(None, Some(48), Some(1)), Seen::Unknown);
}

#[test]
fn an_entity_tag_without_measure_is_none() {
    let long = "e".repeat(LONGEST_ETAG);
    assert_eq!(Seen::described(Some(&long), None, None), seen(&long));
    assert_eq!(Seen::described(Some(&(long + "e")), Some(1), Some(1)), Seen::Unknown);
}

#[test]
fn of_all_that_is_not_found_only_the_image_is_a_photo_that_is_not_there() {
    assert_eq!(Seen::not_found("ImageNotFound"), Seen::Nothing);
    assert_eq!(Seen::not_found("imageNotFound"), Seen::Nothing);
    for code in ["ErrorNonExistentMailbox", "Request_ResourceNotFound", "ErrorItemNotFound", ""] {
        assert_eq!(Seen::not_found(code), Seen::Unknown, "{code}");
    }
}

#[test]
fn a_format_is_told_by_its_first_bytes() {
    assert_eq!(ImageFormat::of(JPEG), Some(ImageFormat::Jpeg));
    assert_eq!(ImageFormat::of(b"\x89PNG\r\n\x1a\n.."), Some(ImageFormat::Png));
    assert_eq!(ImageFormat::of(b"GIF87a"), Some(ImageFormat::Gif));
    assert_eq!(ImageFormat::of(b"GIF89a.."), Some(ImageFormat::Gif));
    for bytes in
        [&b""[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"GIF88a", b"\x89PNG", b"BM", &[0xff, 0xd8]]
    {
        assert_eq!(ImageFormat::of(bytes), None, "{bytes:?}");
    }
}

#[test]
fn each_format_has_a_media_type() {
    let types = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif].map(ImageFormat::media_type);
    assert_eq!(types, ["image/jpeg", "image/png", "image/gif"]);
}

#[test]
fn an_image_is_kept_up_to_a_limit() {
    let mut bytes = JPEG.to_vec();
    bytes.resize(102_400, 7);
    let kept = photo("a", USUAL, &bytes);
    let image = kept.image().unwrap();
    assert_eq!((image.format, image.bytes, kept.refusal()), (ImageFormat::Jpeg, 102_400, None));
    assert_eq!((kept.etag.as_str(), kept.size), ("a", USUAL));
    bytes.push(7);
    let refused = photo("a", USUAL, &bytes);
    assert_eq!((refused.image(), refused.refusal()), (None, Some(Refusal::TooLarge)));
    assert_eq!(refused, Photo::too_large("a".to_owned(), USUAL));
}

#[test]
fn what_is_no_image_is_refused_whatever_it_is_called() {
    assert_eq!(photo("a", USUAL, b"<script>").refusal(), Some(Refusal::UnknownFormat));
    assert_eq!(photo("a", USUAL, b"").refusal(), Some(Refusal::UnknownFormat));
}

#[test]
fn a_digest_is_of_the_bytes_and_the_same_on_every_machine() {
    let digest = |bytes: &[u8]| photo("a", USUAL, bytes).image().unwrap().digest.clone();
    assert_eq!(digest(JPEG).len(), 32);
    assert_ne!(digest(JPEG), digest(b"GIF87a"));
}

#[test]
fn the_history_tells_what_anybody_sees() {
    let (user, person) = (UserId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
    let change = |before: Option<&Photo>, after: Option<&Photo>| {
        let change = PhotoChange::between(user, person, before, after)?;
        assert_eq!((change.user, change.person), (user, person));
        Some((change.before, change.after))
    };
    let (one, other) = (photo("a", USUAL, JPEG), photo("b", USUAL, b"GIF87a"));
    let digest = |photo: &Photo| photo.image().map(|image| image.digest.clone());
    assert_eq!(change(None, Some(&one)), Some((None, digest(&one))));
    assert_eq!(change(Some(&one), Some(&other)), Some((digest(&one), digest(&other))));
    assert_eq!(change(Some(&one), None), Some((digest(&one), None)));
    // A new entity tag for the same image, and a refused photo where none was, are nothing to see.
    assert_eq!(change(Some(&one), Some(&photo("c", SMALL, JPEG))), None);
    assert_eq!(change(None, Some(&photo("c", USUAL, b"?"))), None);
    assert_eq!(change(Some(&one), Some(&photo("c", USUAL, b"?"))), Some((digest(&one), None)));
    assert_eq!(change(None, None), None);
}

#[test]
fn photos_are_off_unless_somebody_says_otherwise() {
    assert_eq!(PhotoRule::default().wanted(), None);
    assert_eq!(PhotoRule { keep: true, ..PhotoRule::default() }.wanted(), Some(USUAL));
    assert_eq!(PhotoRule { keep: false, size: SMALL }.wanted(), None);
}

#[test]
fn there_are_nine_sizes_and_others_are_read_as_the_next_smaller() {
    assert_eq!(PhotoSize::ALL.iter().filter_map(|pixels| PhotoSize::of(*pixels)).count(), 9);
    assert_eq!((PhotoSize::of(100), PhotoSize::of(0)), (None, None));
    assert_eq!(PhotoSize::of(648).map(PhotoSize::pixels), Some(648));
    for (text, pixels) in [("1000", 648), ("241", 240), ("240", 240), ("47", 48), ("0", 48)] {
        assert_eq!(serde_json::from_str::<PhotoSize>(text).unwrap().pixels(), pixels, "{text}");
    }
    assert_eq!(serde_json::to_string(&USUAL).unwrap(), "240");
}

#[test]
fn the_stored_form_is_fixed_and_comes_back() {
    let photos = [photo("a", USUAL, JPEG), photo("b", SMALL, b"?")];
    let text = serde_json::to_string(&photos).unwrap();
    assert_eq!(serde_json::from_str::<[Photo; 2]>(&text).unwrap(), photos);
    insta::assert_json_snapshot!(photos);
}
