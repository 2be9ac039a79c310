//! One PostgreSQL server.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use rustix::process::Signal;
use tokio_postgres::{Client, NoTls};

use super::files::{USER, command};
use super::segment;
use crate::folder::Folder;
use crate::process::{Server, ServerSpec};
use crate::wait::{Answer, until};

/// A running server and its data.
#[derive(Debug)]
pub(super) struct Node {
    server: Server,
    data: PathBuf,
    password: String,
}

impl Node {
    pub(super) async fn start(
        folder: &Arc<Folder>,
        program: PathBuf,
        data: PathBuf,
        password: &str,
    ) -> Result<Self> {
        let log = format!("{}.log", data.file_name().unwrap_or_default().to_string_lossy());
        let spec = ServerSpec {
            folder: folder.clone(),
            command: |port: u16| {
                command(folder, program.clone(), &log)
                    .arguments(["-p", &port.to_string(), "-D"])
                    .arguments([&data])
            },
            ending: Signal::QUIT,
        };
        let server = Server::start(spec, |port| ready(url(port, password))).await?;
        Ok(Self { server, data, password: password.to_owned() })
    }

    pub(super) fn port(&self) -> u16 {
        self.server.port()
    }

    pub(super) fn folder(&self) -> &Folder {
        self.server.folder()
    }

    /// `postgres://…/postgres`.
    pub(super) fn url(&self) -> String {
        url(self.port(), &self.password)
    }

    pub(super) fn stop(&self) {
        self.server.freeze();
    }

    pub(super) fn resume(&self) {
        self.server.thaw();
    }

    pub(super) fn kill(&self) {
        self.server.kill();
    }

    pub(super) async fn restart(&self) -> Result<()> {
        self.server.restart(|port| ready(url(port, &self.password))).await
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.server.end();
        segment::remove(&self.data);
    }
}

fn url(port: u16, password: &str) -> String {
    format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres")
}

async fn ready(url: String) -> Result<Answer> {
    Ok(match connect(&url).await {
        Ok(_client) => Answer::Ready,
        Err(error) => Answer::NotYet(format!("{error:#}")),
    })
}

/// A connection; its background part ends when the client is dropped.
pub(crate) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move {
        // Its errors reach whoever uses the client.
        let _end = connection.await;
    });
    Ok(client)
}

/// Waits until a standby has replayed all that its primary has written so far.
pub(crate) async fn wait_replayed(primary: &str, standby: &str) -> Result<()> {
    let row = connect(primary).await?.query_one("SELECT pg_current_wal_insert_lsn()::text", &[]).await?;
    let target: String = row.get(0);
    let standby = connect(standby).await?;
    let query = "SELECT coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, true)";
    until("catching up", async || {
        let reached = standby.query_one(query, &[&target]).await?.get(0);
        Ok(Answer::when(reached, "the standby has not replayed the primary's log"))
    })
    .await
}
