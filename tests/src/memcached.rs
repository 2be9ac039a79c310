//! A Memcached server.

use std::sync::Arc;

use anyhow::Result;
use rustix::process::Signal;

use crate::choice::memcached_folder;
use crate::folder::Folder;
use crate::lab::inside;
use crate::process::{Command, Server, ServerSpec};
use crate::redis::answers;
use crate::wait::Answer;

/// A Memcached server of one's own. Dropping it ends it and removes its folder.
#[derive(Debug)]
pub struct Memcached {
    server: Server,
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
        let server = ServerSpec { folder: folder.clone(), command, ending: Signal::KILL };
        Ok(Self { server: Server::start(server, ready).await? })
    }

    /// `memcache://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("memcache://{}", self.addr())
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn addr(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    /// Freezes the server (SIGSTOP): connections stay open and nothing answers.
    pub fn stop(&self) {
        self.server.freeze();
    }

    /// Undoes [`Self::stop`].
    pub fn resume(&self) {
        self.server.thaw();
    }

    /// Ends the server at once; its connections break.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Starts the server again on the same port; it comes back empty.
    ///
    /// # Errors
    /// The server's last words.
    pub async fn restart(&self) -> Result<()> {
        self.server.restart(ready).await
    }
}

async fn ready(port: u16) -> Result<Answer> {
    Ok(answers(port, "version\r\n", "VERSION").await)
}
