//! The demo's story.

use local::Stack;

use crate::Done;

/// Every step compares the whole platform with the directory; the first difference ends it.
pub(crate) async fn the_platform_follows_the_directory_through_the_whole_story(stack: &Stack) -> Done {
    let told = local::story::play(stack, &|text| println!("{text}")).await?;
    if told.is_empty() { Err("the story has no steps".into()) } else { Ok(()) }
}
