//! What reads the catalogue on a session of its own.

use super::Session;
use tokio_postgres::Client;

impl Session {
    /// The driver's client, for a session that is never lent to a caller.
    pub(crate) fn catalog_client(&self) -> &Client {
        &self.client
    }
}
