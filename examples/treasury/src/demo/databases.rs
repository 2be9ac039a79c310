use crate::{LoadDataArgs, data, terminal};
use anyhow::{Context, bail, ensure};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// The databases of a run, one per mode, so that neither sees the other's payments. An earlier run's are
/// replaced.
pub(super) const BARE: &str = "treasury_demo_bare";
pub(super) const FOREBAY: &str = "treasury_demo_forebay";

/// How long a standby may take to receive what was loaded.
const STANDBY_PATIENCE: Duration = Duration::from_secs(90);

/// The database servers of a run.
#[derive(Debug, Clone)]
pub(super) struct Databases {
    primary: String,
    replicas: Vec<String>,
}

impl Databases {
    pub(super) fn new(primary: &str, replicas: &[String]) -> Self {
        Self { primary: primary.to_owned(), replicas: replicas.to_vec() }
    }

    /// The URL of one of the run's databases on the primary.
    pub(super) fn primary(&self, database: &str) -> anyhow::Result<String> {
        with_database(&self.primary, database)
    }

    /// The same on every standby.
    pub(super) fn replicas(&self, database: &str) -> anyhow::Result<Vec<String>> {
        self.replicas.iter().map(|url| with_database(url, database)).collect()
    }

    /// Makes both databases with the same content, and waits until every standby has them.
    pub(super) async fn prepare(&self, scale: f64) -> anyhow::Result<()> {
        let primary = connect(&self.primary).await.context("the primary")?;
        let is_standby: bool = primary.query_one("SELECT pg_is_in_recovery()", &[]).await?.get(0);
        ensure!(!is_standby, "--primary-url names a standby");
        for name in [BARE, FOREBAY] {
            primary.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        }
        primary.batch_execute(&format!("CREATE DATABASE {BARE}")).await?;
        data::load(&LoadDataArgs { url: self.primary(BARE)?, scale, again: false }).await?;
        terminal::progress("data: a second copy of the database, so that each mode has its own");
        primary
            .batch_execute(&format!("CREATE DATABASE {FOREBAY} TEMPLATE {BARE} STRATEGY file_copy"))
            .await?;
        let end: String = primary.query_one("SELECT pg_current_wal_insert_lsn()::text", &[]).await?.get(0);
        for url in &self.replicas {
            wait_for_standby(url, &end).await?;
        }
        Ok(())
    }

    /// Stops replay on the first `count` standbys and lets it run on the others.
    pub(super) async fn pause_replay(&self, count: usize) -> anyhow::Result<()> {
        for (index, url) in self.replicas.iter().enumerate() {
            let call = if index < count { "pg_wal_replay_pause()" } else { "pg_wal_replay_resume()" };
            let standby = connect(url).await.context("a standby")?;
            standby.batch_execute(&format!("SELECT {call}")).await.context("pausing a standby's replay")?;
        }
        Ok(())
    }

    /// Leaves the servers as they were found. What cannot be undone is told, not an error: the run is over.
    pub(super) async fn clean_up(&self) {
        if let Err(error) = self.pause_replay(0).await {
            terminal::progress(&format!("a standby's replay may still be paused: {error:#}"));
        }
        let drop_both = async {
            let primary = connect(&self.primary).await?;
            for name in [BARE, FOREBAY] {
                primary.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
            }
            anyhow::Ok(())
        };
        if let Err(error) = drop_both.await {
            terminal::progress(&format!("the run's databases are still there: {error:#}"));
        }
    }
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("cannot connect")?;
    tokio::spawn(connection);
    Ok(client)
}

async fn wait_for_standby(url: &str, end: &str) -> anyhow::Result<()> {
    let standby = connect(url).await.context("a standby")?;
    let is_standby: bool = standby.query_one("SELECT pg_is_in_recovery()", &[]).await?.get(0);
    ensure!(is_standby, "a --replica-url names a server that is no standby");
    let begun = Instant::now();
    let reached = "SELECT coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false)";
    while !standby.query_one(reached, &[&end]).await?.get::<_, bool>(0) {
        if begun.elapsed() > STANDBY_PATIENCE {
            bail!("a standby has not received the data within {} s", STANDBY_PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// The same server, another database.
fn with_database(url: &str, database: &str) -> anyhow::Result<String> {
    let (scheme, rest) = url.split_once("://").with_context(|| format!("{url} is not a postgres:// URL"))?;
    let (before_query, query) = rest.split_once('?').map_or((rest, None), |(a, b)| (a, Some(b)));
    let authority = before_query.split_once('/').map_or(before_query, |(authority, _)| authority);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{scheme}://{authority}/{database}{query}"))
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn only_the_database_of_a_url_changes() {
        let other = |url| with_database(url, "x").unwrap();
        assert_eq!(other("postgres://u:p@h:1/db?sslmode=disable"), "postgres://u:p@h:1/x?sslmode=disable");
        assert_eq!(other("postgres://u@h"), "postgres://u@h/x");
        assert!(with_database("host=h", "x").is_err());
    }
}
