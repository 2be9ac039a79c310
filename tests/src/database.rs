//! A database for one test.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio_postgres::Client;

use crate::postgres::{connect, wait_replayed};
use crate::wait::{Answer, until};

/// How long dropping a database may hold up the end of a test.
const DROP_PATIENCE: Duration = Duration::from_secs(10);

/// A fresh database, on the primary and every standby. Dropping the value drops it, with whoever is still connected.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    server: String,
    standbys: Vec<String>,
}

impl TestDatabase {
    pub(crate) async fn create(server: &str, standbys: &[String], name: &str) -> Result<Self> {
        connect(server).await?.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        let database = Self { name: name.to_owned(), server: server.to_owned(), standbys: standbys.to_vec() };
        for standby in standbys {
            let client = connect(standby).await?;
            let query = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
            until("the arrival of a database on a standby", async || {
                let there = client.query_one(query, &[&name]).await?.get(0);
                Ok(Answer::when(there, "the standby does not have it yet"))
            })
            .await?;
        }
        Ok(database)
    }

    /// The database's name, unique in the lab.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `postgres://…` of this database on the primary.
    #[must_use]
    pub fn primary_url(&self) -> String {
        at(&self.server, &self.name)
    }

    /// `postgres://…` of this database on each standby.
    #[must_use]
    pub fn replica_urls(&self) -> Vec<String> {
        self.standbys.iter().map(|standby| at(standby, &self.name)).collect()
    }

    /// A plain connection to the primary, to prepare and to check.
    ///
    /// # Panics
    /// When the primary cannot be reached.
    pub async fn client(&self) -> Client {
        connect(&self.primary_url()).await.unwrap_or_else(|error| panic!("{}: {error:#}", self.name))
    }

    /// Runs statements on the primary and waits until every standby has replayed them.
    ///
    /// # Panics
    /// When a statement fails or a server cannot be reached.
    pub async fn execute(&self, statements: &str) {
        let client = self.client().await;
        client.batch_execute(statements).await.unwrap_or_else(|error| panic!("{statements}: {error:?}"));
        self.caught_up().await;
    }

    /// Waits until every standby has replayed all that the primary has written so far.
    ///
    /// # Panics
    /// When a server cannot be reached or a standby does not catch up within a minute.
    pub async fn caught_up(&self) {
        for standby in &self.standbys {
            wait_replayed(&self.server, standby)
                .await
                .unwrap_or_else(|error| panic!("{}: {error:#}", self.name));
        }
    }
}

impl Drop for TestDatabase {
    /// On a thread and runtime of its own: the test's runtime may be the current one, or gone.
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropper = std::thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let dropping = async { anyhow::Ok(connect(&server).await?.batch_execute(&statement).await?) };
                tokio::time::timeout(DROP_PATIENCE, dropping).await.context("the server does not answer")?
            })
        });
        // A database that could not be dropped goes with its lab.
        let _left = dropper.join();
    }
}

/// The same server, another database: the path of the address is replaced, its options stay.
pub(crate) fn at(server: &str, name: &str) -> String {
    let (address, options) = match server.split_once('?') {
        Some((address, options)) => (address, format!("?{options}")),
        None => (server, String::new()),
    };
    let host = address.find("://").map_or(0, |scheme| scheme + 3);
    let address = address[host..].find('/').map_or(address, |slash| &address[..host + slash]);
    format!("{address}/{name}{options}")
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn the_database_of_an_address_is_replaced() {
        assert_eq!(at("postgres://u:p@h:1/postgres", "t"), "postgres://u:p@h:1/t");
        assert_eq!(at("postgres://u:p@h:1", "t"), "postgres://u:p@h:1/t");
        assert_eq!(at("postgres://u@h/x?sslmode=disable", "t"), "postgres://u@h/t?sslmode=disable");
    }
}
