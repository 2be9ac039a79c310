//! A server that greets back, line by line.

use std::sync::Arc;

use anyhow::Result;
use rustix::process::Signal;

use super::launcher::Command;
use super::server::{Server, ServerSpec};
use crate::folder::Folder;
use crate::redis::answers;
use crate::wait::Answer;

/// What a server is sent to find out whether it is there, and what it answers then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Greeting {
    pub(crate) sent: &'static str,
    pub(crate) expected: &'static str,
}

/// The process of a [`Redis`](crate::Redis) or a [`Memcached`](crate::Memcached): where it is, and what happens to it.
#[derive(Debug)]
pub struct LineServer {
    server: Server,
    greeting: Greeting,
}

impl LineServer {
    /// Starts a server that is ready when it greets back.
    pub(crate) async fn start(
        folder: &Arc<Folder>,
        command: impl Fn(u16) -> Command,
        greeting: Greeting,
    ) -> Result<Self> {
        let spec = ServerSpec { folder: folder.clone(), command, ending: Signal::KILL };
        let server = Server::start(spec, |port| ready(port, greeting)).await?;
        Ok(Self { server, greeting })
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn addr(&self) -> String {
        format!("127.0.0.1:{}", self.port())
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

    /// Starts the server again on the same port, with what it keeps on disk.
    ///
    /// # Errors
    /// The server's last words.
    pub async fn restart(&self) -> Result<()> {
        self.server.restart(|port| ready(port, self.greeting)).await
    }
}

async fn ready(port: u16, greeting: Greeting) -> Result<Answer> {
    Ok(answers(port, greeting.sent, greeting.expected).await)
}
