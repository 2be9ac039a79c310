//! A long-running server process on a port of its own.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use rustix::process::Signal;

use super::child::Launched;
use super::launcher::Command;
use crate::folder::Folder;
use crate::port;
use crate::wait::{Answer, until};

const GRACE: Duration = Duration::from_secs(10);
const PORTS_TRIED: usize = 5;

/// How to start a server: the command depends on the port.
pub(crate) struct ServerSpec<C> {
    pub(crate) folder: Arc<Folder>,
    pub(crate) command: C,
    /// The signal for a quick clean end.
    pub(crate) ending: Signal,
}

/// A server that can be frozen, killed and started again on the same port. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    process: Mutex<Option<Launched>>,
    command: Command,
    port: u16,
    ending: Signal,
    folder: Arc<Folder>,
}

impl Server {
    /// Starts a server on a free port and waits until `ready` says yes. A port that someone took meanwhile is replaced.
    pub(crate) async fn start<C, F>(spec: ServerSpec<C>, ready: impl Fn(u16) -> F) -> Result<Self>
    where
        C: Fn(u16) -> Command,
        F: Future<Output = Result<Answer>>,
    {
        let mut attempt = 0;
        loop {
            let port = port::free()?;
            let command = (spec.command)(port);
            let folder = spec.folder.clone();
            let server = Self { process: Mutex::new(None), command, port, ending: spec.ending, folder };
            attempt += 1;
            match server.launch(&ready).await {
                Ok(()) => return Ok(server),
                Err(error) if attempt < PORTS_TRIED && says_port_taken(&error.to_string()) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Starts the process again after [`Self::kill`], or replaces a running one; same port, same data.
    pub(crate) async fn restart<F>(&self, ready: impl Fn(u16) -> F) -> Result<()>
    where
        F: Future<Output = Result<Answer>>,
    {
        self.end();
        self.launch(&ready).await
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(crate) fn freeze(&self) {
        if let Some(process) = &*self.lock() {
            process.freeze();
        }
    }

    pub(crate) fn thaw(&self) {
        if let Some(process) = &*self.lock() {
            process.thaw();
        }
    }

    pub(crate) fn kill(&self) {
        if let Some(process) = self.lock().take() {
            process.kill();
        }
    }

    /// Ends the process cleanly.
    pub(crate) fn end(&self) {
        if let Some(process) = self.lock().take() {
            process.end(self.ending, GRACE);
        }
    }

    async fn launch<F>(&self, ready: &impl Fn(u16) -> F) -> Result<()>
    where
        F: Future<Output = Result<Answer>>,
    {
        let process = Launched::start(&self.command)?;
        self.folder.record(process.identity(), &self.command.program)?;
        *self.lock() = Some(process);
        let name = self.command.program.display().to_string();
        until(&name, async || {
            if let Some(words) = self.failed() {
                bail!("{name} ended while starting, {words}");
            }
            ready(self.port).await
        })
        .await
    }

    fn failed(&self) -> Option<String> {
        match &*self.lock() {
            Some(process) => process.exited().map(|status| format!("{status}: {}", process.last_words())),
            None => Some("it was stopped".to_owned()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Launched>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn says_port_taken(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("address already in use") || message.contains("failed to listen")
}
