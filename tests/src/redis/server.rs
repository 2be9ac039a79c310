//! A Redis server.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::{tls, wire};
use crate::certificates::Certificates;
use crate::choice::redis_folder;
use crate::folder::Folder;
use crate::lab::inside;
use crate::port;
use crate::process::{Command, Greeting, LineServer};

/// What a [`Redis`] keeps on disk, and so what survives [`LineServer::kill`] and [`LineServer::restart`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Persistence {
    /// Nothing: a restart comes back empty. The default.
    #[default]
    None,
    /// Every write, flushed at once.
    AppendOnly,
    /// What `SAVE` wrote last: a restart goes back in time.
    Dump,
}

/// How to start a [`Redis`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RedisSpec {
    /// What survives a restart. Default: nothing.
    pub persistence: Persistence,
    /// More arguments for `redis-server`. Default: none.
    pub arguments: Vec<String>,
    /// Whether it speaks TLS as well, on a port of its own. Default: no.
    pub tls: bool,
}

impl RedisSpec {
    /// Sets what survives a restart. Default: [`Persistence::None`].
    #[must_use]
    pub fn persistence(mut self, persistence: Persistence) -> Self {
        self.persistence = persistence;
        self
    }

    /// Adds arguments for `redis-server`, for example `["--maxmemory", "8mb"]`. Default: none.
    #[must_use]
    pub fn arguments<S: Into<String>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Speaks TLS as well, with a certificate of an authority made for this server. Default: no.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Follows the server on `port`.
    pub(super) fn following(self, port: u16) -> Self {
        self.arguments(["--replicaof".to_owned(), "127.0.0.1".to_owned(), port.to_string()])
    }
}

const GREETING: Greeting = Greeting { sent: "PING\r\n", expected: "+PONG" };

/// A Redis server of one's own; what survives a restart depends on its [`Persistence`]. Dropping it ends it and removes its
/// folder.
#[derive(Debug)]
pub struct Redis {
    server: LineServer,
    /// The port and the files for TLS, if it speaks it.
    tls: Option<(u16, Certificates)>,
}

impl Redis {
    /// Starts a server that keeps nothing on disk.
    ///
    /// # Errors
    /// A missing program, or the server's last words.
    pub async fn start() -> Result<Self> {
        Self::start_with(RedisSpec::default()).await
    }

    /// Starts a server as `spec` says.
    ///
    /// # Errors
    /// A missing program, or the server's last words.
    pub async fn start_with(spec: RedisSpec) -> Result<Self> {
        Self::start_in(&Arc::new(Folder::create(inside().as_deref())?), spec).await
    }

    pub(crate) async fn start_in(folder: &Arc<Folder>, spec: RedisSpec) -> Result<Self> {
        let program = redis_folder()?.join("redis-server");
        let place = folder.place("redis")?;
        let account = folder.account();
        let encrypted =
            if spec.tls { Some((port::free()?, Certificates::write(&place, account)?)) } else { None };
        let command = |port: u16| {
            let keeps = match spec.persistence {
                Persistence::None | Persistence::Dump => "no",
                Persistence::AppendOnly => "yes",
            };
            let command = Command {
                program: program.clone(),
                arguments: Vec::new(),
                folder: place.clone(),
                log: folder.path().join("redis.log"),
                account,
                ending: "KILL",
            };
            command
                .arguments(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
                .arguments(["--appendonly", keeps, "--appendfsync", "always"])
                .arguments(["--daemonize", "no", "--dir"])
                .arguments([place.as_os_str()])
                .arguments(&spec.arguments)
                .arguments(encrypted.iter().flat_map(|(port, files)| tls::arguments(files, *port)))
        };
        Ok(Self { server: LineServer::start(folder, command, GREETING).await?, tls: encrypted })
    }

    /// `redis://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.addr())
    }

    /// `rediss://localhost:PORT`.
    ///
    /// # Panics
    /// When it was not started with [`RedisSpec::tls`].
    #[must_use]
    pub fn tls_url(&self) -> String {
        let (port, _) = self.tls.as_ref().expect("the server was started with TLS");
        format!("rediss://localhost:{port}")
    }

    /// The certificate (PEM) of the authority that vouches for the server.
    ///
    /// # Panics
    /// When it was not started with [`RedisSpec::tls`].
    #[must_use]
    pub fn authority(&self) -> &Path {
        let (_, files) = self.tls.as_ref().expect("the server was started with TLS");
        &files.authority
    }

    /// Sends a command, its words parted by spaces, and gives back the reply as text; the parts of a list in lines.
    ///
    /// # Errors
    /// The server is away, or refuses the command.
    pub async fn command(&self, line: &str) -> Result<String> {
        wire::command(self.port(), line).await
    }

    pub(super) fn port(&self) -> u16 {
        self.server.port()
    }
}

impl Deref for Redis {
    type Target = LineServer;

    fn deref(&self) -> &LineServer {
        &self.server
    }
}
