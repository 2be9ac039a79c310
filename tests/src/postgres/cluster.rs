//! The primary with its standbys, and their faults.

use std::sync::Arc;

use anyhow::Result;
use rand::RngExt;
use rand::distr::Alphanumeric;

use super::files::{follow, prepare};
use super::node::{Node, connect, wait_replayed};
use super::spec::PostgresSpec;
use crate::certificates::Certificates;
use crate::choice::postgres_folder;
use crate::folder::Folder;
use crate::lab::inside;
use crate::wait::{Answer, until};

/// A PostgreSQL primary with streaming standbys of one's own. Dropping it ends the servers and removes their folder.
///
/// Standbys are numbered from 0; a number that does not exist is a mistake of the test and panics.
#[derive(Debug)]
pub struct Postgres {
    // Standbys first: they end before the primary they follow.
    standbys: Vec<Node>,
    primary: Node,
    certificates: Option<Certificates>,
}

impl Postgres {
    /// Starts a primary and its standbys and waits until all standbys stream.
    ///
    /// # Errors
    /// A missing program, or a server's last words.
    pub async fn start(spec: PostgresSpec) -> Result<Self> {
        Self::start_in(&Arc::new(Folder::create(inside().as_deref())?), &spec).await
    }

    pub(crate) async fn start_in(folder: &Arc<Folder>, spec: &PostgresSpec) -> Result<Self> {
        let programs = postgres_folder()?;
        let password: String = rand::rng().sample_iter(Alphanumeric).take(20).map(char::from).collect();
        let prepared = prepare(folder, &programs, spec, &password).await?;
        let program = programs.join("postgres");
        let primary = Node::start(folder, program.clone(), prepared.primary, &password).await?;
        let mut standbys = Vec::new();
        for (number, data) in prepared.standbys.into_iter().enumerate() {
            follow(primary.folder(), &data, number, primary.port(), &password)?;
            standbys.push(Node::start(folder, program.clone(), data, &password).await?);
        }
        let postgres = Self { standbys, primary, certificates: prepared.certificates };
        postgres.wait_streaming(spec.standbys).await?;
        Ok(postgres)
    }

    /// The address of the primary's database `postgres`, with the superuser's name and password.
    #[must_use]
    pub fn primary_url(&self) -> String {
        self.primary.url()
    }

    /// The same of a standby.
    #[must_use]
    pub fn standby_url(&self, standby: usize) -> String {
        self.standbys[standby].url()
    }

    /// The addresses of all standbys.
    #[must_use]
    pub fn standby_urls(&self) -> Vec<String> {
        self.standbys.iter().map(Node::url).collect()
    }

    /// What the servers speak TLS with, and what a client may show them.
    ///
    /// # Panics
    /// When it was not started with [`PostgresSpec::tls`].
    #[must_use]
    pub fn certificates(&self) -> &Certificates {
        self.certificates.as_ref().expect("the servers were started with TLS")
    }

    /// Freezes the primary and all its processes (SIGSTOP): connections stay open and nothing answers.
    pub fn stop(&self) {
        self.primary.stop();
    }

    /// Undoes [`Self::stop`].
    pub fn resume(&self) {
        self.primary.resume();
    }

    /// Ends the primary and all its processes at once; connections break.
    pub fn kill(&self) {
        self.primary.kill();
    }

    /// Starts the primary again on the same port with its data, ending it first if it runs.
    ///
    /// # Errors
    /// The server's last words.
    pub async fn restart(&self) -> Result<()> {
        self.primary.restart().await
    }

    /// Freezes a standby.
    pub fn stop_standby(&self, standby: usize) {
        self.standbys[standby].stop();
    }

    /// Undoes [`Self::stop_standby`].
    pub fn resume_standby(&self, standby: usize) {
        self.standbys[standby].resume();
    }

    /// Ends a standby at once.
    pub fn kill_standby(&self, standby: usize) {
        self.standbys[standby].kill();
    }

    /// Starts a standby again on the same port, ending it first if it runs.
    ///
    /// # Errors
    /// The server's last words.
    pub async fn restart_standby(&self, standby: usize) -> Result<()> {
        self.standbys[standby].restart().await
    }

    /// Makes a standby a primary of its own and waits until it accepts writes. The old primary is left as it is.
    ///
    /// # Errors
    /// The standby cannot be reached or does not promote.
    pub async fn promote(&self, standby: usize) -> Result<()> {
        let client = connect(&self.standby_url(standby)).await?;
        client.query_one("SELECT pg_promote(true, 60)", &[]).await?;
        until("the promotion", async || {
            let waits: bool = client.query_one("SELECT pg_is_in_recovery()", &[]).await?.get(0);
            Ok(Answer::when(!waits, "the standby is still in recovery"))
        })
        .await
    }

    /// Makes a standby keep receiving and stop applying: it lags until [`Self::resume_replay`].
    ///
    /// # Errors
    /// The standby cannot be reached.
    pub async fn pause_replay(&self, standby: usize) -> Result<()> {
        let client = connect(&self.standby_url(standby)).await?;
        client.query_one("SELECT pg_wal_replay_pause()", &[]).await?;
        until("the pause of replay", async || {
            let row = client.query_one("SELECT pg_get_wal_replay_pause_state() = 'paused'", &[]).await?;
            Ok(Answer::when(row.get(0), "the standby still replays"))
        })
        .await
    }

    /// Undoes [`Self::pause_replay`].
    ///
    /// # Errors
    /// The standby cannot be reached.
    pub async fn resume_replay(&self, standby: usize) -> Result<()> {
        let client = connect(&self.standby_url(standby)).await?;
        client.query_one("SELECT pg_wal_replay_resume()", &[]).await?;
        Ok(())
    }

    /// Waits until a standby has replayed all that the primary has written so far.
    ///
    /// # Errors
    /// A server cannot be reached, or the standby does not catch up within a minute.
    pub async fn caught_up(&self, standby: usize) -> Result<()> {
        wait_replayed(&self.primary_url(), &self.standby_url(standby)).await
    }

    async fn wait_streaming(&self, standbys: usize) -> Result<()> {
        let client = connect(&self.primary_url()).await?;
        let query = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        until("streaming", async || {
            let streaming: i64 = client.query_one(query, &[]).await?.get(0);
            let enough = usize::try_from(streaming).is_ok_and(|streaming| streaming >= standbys);
            Ok(Answer::when(enough, "a standby does not stream yet"))
        })
        .await
    }
}
