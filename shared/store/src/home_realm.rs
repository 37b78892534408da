//! Which connection a tenant or an e-mail domain leads to.
//!
//! A tenant stands here as a digest under a key of Secrets Manager: the table tells nobody who the customers are.

use rollcall_directory::identity::ConnectionId;
use serde::{Deserialize, Serialize};

use crate::digest::SecretDigest;
use crate::error::Error;
use crate::item::{from_item, text, to_item};
use crate::keys::{Item, Key};
use crate::table::{Condition, Table};

const TENANT: &str = "tenant";
const DOMAIN: &str = "domain";

#[derive(Serialize, Deserialize)]
struct Row {
    /// In conditions no attribute may be called `connection` (`DynamoDB`, "Reserved words").
    leads_to: ConnectionId,
}

impl Table {
    /// The connection by which people of a tenant sign in where none is named.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn connection_of_tenant(&self, tenant: &SecretDigest) -> Result<Option<ConnectionId>, Error> {
        self.leads_to(TENANT, &Key::tenant(tenant)).await
    }

    /// The connection by which people with an address in this domain sign in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what reading an item can meet.
    pub async fn connection_of_domain(&self, domain: &str) -> Result<Option<ConnectionId>, Error> {
        self.leads_to(DOMAIN, &Key::domain(domain)).await
    }

    /// Lets a tenant lead to a connection, if it leads to none or to this one.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it leads to another one; [`Error::Unavailable`].
    pub async fn lead_tenant(&self, tenant: &SecretDigest, connection: ConnectionId) -> Result<(), Error> {
        self.lead(TENANT, &Key::tenant(tenant), connection).await
    }

    /// Lets a domain lead to a connection, if it leads to none or to this one.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it leads to another one; [`Error::Unavailable`].
    pub async fn lead_domain(&self, domain: &str, connection: ConnectionId) -> Result<(), Error> {
        self.lead(DOMAIN, &Key::domain(domain), connection).await
    }

    /// Lets a tenant lead to this connection no more.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn stop_leading_tenant(&self, tenant: &SecretDigest, connection: ConnectionId) -> Result<(), Error> {
        self.stop_leading(&Key::tenant(tenant), connection).await
    }

    /// Lets a domain lead to this connection no more.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn stop_leading_domain(&self, domain: &str, connection: ConnectionId) -> Result<(), Error> {
        self.stop_leading(&Key::domain(domain), connection).await
    }

    async fn leads_to(&self, kind: &'static str, key: &Key) -> Result<Option<ConnectionId>, Error> {
        let found = self.get(key).await?.map(|item| from_item::<Row>(kind, item)).transpose()?;
        Ok(found.map(|row| row.leads_to))
    }

    async fn lead(&self, kind: &'static str, key: &Key, connection: ConnectionId) -> Result<(), Error> {
        let item = to_item(kind, key, &Row { leads_to: connection })?;
        let values = Item::from([(":connection".to_owned(), text(connection.to_string()))]);
        let expression = "attribute_not_exists(pk) OR leads_to = :connection";
        self.put(kind, item, Some(Condition { expression, values: Some(values) })).await
    }

    async fn stop_leading(&self, key: &Key, connection: ConnectionId) -> Result<(), Error> {
        let call = self
            .client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(key.item()))
            .condition_expression("leads_to = :connection")
            .expression_attribute_values(":connection", text(connection.to_string()));
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(Error::of_sdk("DeleteItem", &error)),
        }
    }
}
