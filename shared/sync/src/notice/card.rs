//! A notice as a message that Teams' Workflows post in a channel.
//!
//! The envelope is a message with one adaptive card (Learn page "Create an Incoming Webhook", "Send Adaptive Cards using an
//! Incoming Webhook"; it is what the trigger "When a Teams webhook request is received" takes). Version 1.4 of cards is one
//! that Teams shows everywhere; it goes up to 1.5.
//!
//! Everything is in text runs, which know no Markdown (Adaptive Cards schema, `TextRun`): a name that somebody gave to a
//! connection can't become a link.

use serde_json::{Value, json};

use super::words::{Tone, Words};

/// The message.
#[must_use]
pub fn message(words: &Words) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": content(words),
        }],
    })
}

fn content(words: &Words) -> Value {
    let Words { tone, subject, answers, reminder, connection } = words;
    let title = json!({ "type": "TextRun", "text": subject, "weight": "Bolder", "size": "Medium" });
    let mut body = vec![json!({
        "type": "Container",
        "style": style(*tone),
        "bleed": true,
        "items": [{ "type": "RichTextBlock", "inlines": [title] }],
    })];
    body.extend(answers.iter().map(|(question, answer)| pair(question, answer)));
    body.extend(reminder.iter().map(|reminder| quiet(reminder)));
    body.push(quiet(&format!("Connection: {connection}")));
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": { "width": "Full" },
        "body": body,
    })
}

fn pair(question: &str, answer: &str) -> Value {
    let question = json!({ "type": "TextRun", "text": format!("{question}: "), "weight": "Bolder" });
    json!({ "type": "RichTextBlock", "inlines": [question, { "type": "TextRun", "text": answer }] })
}

fn quiet(text: &str) -> Value {
    json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text, "isSubtle": true, "size": "Small" }] })
}

const fn style(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "attention",
        Tone::Warning => "warning",
        Tone::Good => "good",
    }
}
