//! Mail to owners, through SES.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::DisplayErrorContext;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use futures::future::BoxFuture;
use rollcall_sync::ports::{Letter, Mail, MailError};

use crate::clients::Clients;
use crate::config::MailConfig;

/// SES takes at most this many recipients for one mail.
const MOST_RECIPIENTS: usize = 50;

/// Mail to owners.
#[derive(Clone, Debug)]
pub struct SesMail {
    client: Client,
    from: String,
}

impl SesMail {
    /// Mail from the configured sender.
    #[must_use]
    pub fn new(clients: &Clients, config: &MailConfig) -> Self {
        Self { client: Client::new(clients.config()), from: config.from.clone() }
    }

    async fn post(&self, letter: &Letter) -> Result<(), MailError> {
        let recipients = recipients(letter);
        if recipients.is_empty() {
            return Err(MailError("no owner has a usable address".to_owned()));
        }
        for some in recipients.chunks(MOST_RECIPIENTS) {
            self.request(letter, some)?
                .send()
                .await
                .map_err(|error| MailError(DisplayErrorContext(error).to_string()))?;
        }
        Ok(())
    }

    fn request(&self, letter: &Letter, to: &[String]) -> Result<SendEmailFluentBuilder, MailError> {
        let message = Message::builder()
            .subject(text(&one_line(&letter.subject))?)
            .body(Body::builder().text(text(&letter.body)?).build())
            .build();
        Ok(self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().set_to_addresses(Some(to.to_vec())).build())
            .content(EmailContent::builder().simple(message).build()))
    }
}

impl Mail for SesMail {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(self.post(letter))
    }
}

fn text(data: &str) -> Result<Content, MailError> {
    Content::builder().data(data).charset("UTF-8").build().map_err(|error| MailError(error.to_string()))
}

/// Addresses that can be put in a header. The API refuses others; a row may still hold one.
fn recipients(letter: &Letter) -> Vec<String> {
    let usable =
        |address: &&String| address.contains('@') && !address.chars().any(|c| c.is_control() || c.is_whitespace());
    letter.to.iter().filter(usable).cloned().collect()
}

/// A subject is one header line: what would start another becomes a space.
fn one_line(subject: &str) -> String {
    subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_subject_nor_address_can_add_a_header() {
        let letter = Letter {
            to: vec!["a@example.com".to_owned(), "b@example.com\r\nBcc: evil@example.com".to_owned()],
            subject: "Paused\r\nBcc: evil@example.com".to_owned(),
            body: String::new(),
        };
        assert_eq!(recipients(&letter), ["a@example.com"]);
        assert_eq!(one_line(&letter.subject), "Paused  Bcc: evil@example.com");
    }
}
