//! A Memcached server.

use std::ops::Deref;
use std::sync::Arc;

use anyhow::Result;

use crate::choice::memcached_folder;
use crate::folder::Folder;
use crate::lab::inside;
use crate::process::{Command, Greeting, LineServer};

/// A Memcached server of one's own; a restart comes back empty. Dropping it ends it and removes its folder.
#[derive(Debug)]
pub struct Memcached {
    server: LineServer,
}

impl Memcached {
    /// Starts a server with 64 MiB.
    ///
    /// # Errors
    /// A missing program, or the server's last words.
    pub async fn start() -> Result<Self> {
        Self::start_in(&Arc::new(Folder::create(inside().as_deref())?)).await
    }

    pub(crate) async fn start_in(folder: &Arc<Folder>) -> Result<Self> {
        let program = memcached_folder()?.join("memcached");
        let place = folder.place("memcached")?;
        let command = |port: u16| {
            let command = Command {
                program: program.clone(),
                arguments: Vec::new(),
                folder: place.clone(),
                log: folder.path().join("memcached.log"),
                account: folder.account(),
                ending: "KILL",
            };
            command.arguments(["-l", "127.0.0.1", "-p", &port.to_string(), "-U", "0", "-m", "64", "-t", "2"])
        };
        let greeting = Greeting { sent: "version\r\n", expected: "VERSION" };
        Ok(Self { server: LineServer::start(folder, command, greeting).await? })
    }

    /// `memcache://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("memcache://{}", self.addr())
    }
}

impl Deref for Memcached {
    type Target = LineServer;

    fn deref(&self) -> &LineServer {
        &self.server
    }
}
