//! A primary with a replica, watched by sentinels.

use std::sync::Arc;

use anyhow::{Context, Result};
use rustix::process::Signal;

use super::server::{Redis, RedisSpec};
use super::wire;
use crate::choice::redis_folder;
use crate::folder::Folder;
use crate::lab::inside;
use crate::process::{Command, Server, ServerSpec};
use crate::wait::{Answer, until};

/// What the sentinels call the pair.
const SERVICE: &str = "main";
/// How long a server may be silent before a sentinel takes it for dead.
const DOWN_AFTER_MS: u32 = 1000;

/// A primary, a replica of it, and three sentinels that promote the replica when the primary is away. Dropping it ends them all.
#[derive(Debug)]
pub struct RedisSentinel {
    sentinels: Vec<Server>,
    /// As started: who is the primary may change.
    servers: [Redis; 2],
}

impl RedisSentinel {
    /// Starts the servers; returns when the replica follows and the sentinels know of it and of each other.
    ///
    /// # Errors
    /// A missing program, or a server's last words.
    pub async fn start() -> Result<Self> {
        let primary = Redis::start().await?;
        let replica = Redis::start_with(RedisSpec::default().following(primary.port())).await?;
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            sentinels.push(start_sentinel(primary.port()).await?);
        }
        let group = Self { sentinels, servers: [primary, replica] };
        until("the sentinels to know all servers", async || group.is_whole().await).await?;
        Ok(group)
    }

    /// `redis-sentinel://…`, with every sentinel.
    #[must_use]
    pub fn url(&self) -> String {
        let [first, others @ ..] = &self.sentinels[..] else { unreachable!("there are three") };
        let others: String =
            others.iter().map(|sentinel| format!("&node=127.0.0.1:{}", sentinel.port())).collect();
        format!("redis-sentinel://127.0.0.1:{}?sentinelServiceName={SERVICE}{others}", first.port())
    }

    /// The server that was the primary at the start, and the one that was its replica.
    #[must_use]
    pub fn servers(&self) -> &[Redis; 2] {
        &self.servers
    }

    /// Hands the primary's role to the replica in an orderly way; returns when the sentinels say so.
    ///
    /// # Errors
    /// The sentinels refuse.
    pub async fn promote(&self) -> Result<()> {
        let before = self.primary_port().await?;
        wire::command(self.sentinels[0].port(), &format!("SENTINEL FAILOVER {SERVICE}")).await?;
        self.promoted(before).await
    }

    /// Kills the present primary; returns when the sentinels have promoted the other server.
    ///
    /// # Errors
    /// They did not.
    pub async fn fail_over(&self) -> Result<()> {
        let before = self.primary_port().await?;
        let primary = self.servers.iter().find(|server| server.port() == before);
        primary.context("the primary is one of ours")?.kill();
        self.promoted(before).await
    }

    async fn promoted(&self, before: u16) -> Result<()> {
        until("another primary", async || {
            let now = self.primary_port().await?;
            let role = match now == before {
                true => String::new(),
                false => wire::command(now, "ROLE").await.unwrap_or_default(),
            };
            Ok(Answer::when(role.starts_with("master"), "the old one"))
        })
        .await
    }

    async fn primary_port(&self) -> Result<u16> {
        let asked = format!("SENTINEL GET-MASTER-ADDR-BY-NAME {SERVICE}");
        let reply = wire::command(self.sentinels[0].port(), &asked).await?;
        let port = reply.lines().nth(1).context("the sentinel names no primary")?;
        Ok(port.parse()?)
    }

    async fn is_whole(&self) -> Result<Answer> {
        let replica = self.servers[1].command("INFO replication").await?;
        if wire::field(&replica, "master_link_status") != Some("up") {
            return Ok(Answer::NotYet("the replica does not follow yet".to_owned()));
        }
        for sentinel in &self.sentinels {
            let info = wire::command(sentinel.port(), "INFO sentinel").await?;
            let master = wire::field(&info, "master0").unwrap_or_default().to_owned();
            if !(master.contains("slaves=1") && master.contains("sentinels=3")) {
                return Ok(Answer::NotYet(master));
            }
        }
        Ok(Answer::Ready)
    }
}

async fn start_sentinel(primary: u16) -> Result<Server> {
    let folder = Arc::new(Folder::create(inside().as_deref())?);
    let program = redis_folder()?.join("redis-server");
    let place = folder.place("sentinel")?;
    // A sentinel keeps what it learns in its configuration, so that is a file it may write.
    let file = place.join("sentinel.conf");
    let monitor = format!(
        "sentinel monitor {SERVICE} 127.0.0.1 {primary} 2\n\
         sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MS}\n\
         sentinel failover-timeout {SERVICE} 4000\n"
    );
    std::fs::write(&file, monitor)?;
    folder.account().own(&file)?;
    let command = |port: u16| {
        let command = Command {
            program: program.clone(),
            arguments: Vec::new(),
            folder: place.clone(),
            log: folder.path().join("sentinel.log"),
            account: folder.account(),
            ending: "KILL",
        };
        command
            .arguments([file.as_os_str()])
            .arguments(["--sentinel", "--port", &port.to_string(), "--bind", "127.0.0.1"])
            .arguments(["--daemonize", "no", "--dir"])
            .arguments([place.as_os_str()])
    };
    let ready = async |port: u16| Ok(wire::answers(port, "PING\r\n", "+PONG").await);
    let spec = ServerSpec { folder: folder.clone(), command, ending: Signal::KILL };
    Server::start(spec, ready).await
}
