//! Ctrl-C and its relatives.

use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for SIGINT, SIGTERM and SIGHUP, which then no longer end this process by themselves.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Interrupts {
    /// From here on the signals are ours.
    pub(crate) fn listen() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) -> Stopped {
        tokio::select! {
            _ = self.interrupt.recv() => Stopped { signal: 2 },
            _ = self.terminate.recv() => Stopped { signal: 15 },
            _ = self.hangup.recv() => Stopped { signal: 1 },
        }
    }

    /// Runs `work` to its end, or drops it at a signal.
    ///
    /// # Errors
    /// [`Stopped`], or the error of `work`.
    pub(crate) async fn guard<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = work => done,
            stopped = self.next() => Err(stopped.into()),
        }
    }
}

/// A signal asked us to end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopped {
    signal: u8,
}

impl Stopped {
    /// Whether it was Ctrl-C.
    pub(crate) fn is_from_keyboard(self) -> bool {
        self.signal == 2
    }

    /// 128 and the signal, as shells have it.
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(128 + self.signal)
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("stopped; nothing is left running")
    }
}

impl std::error::Error for Stopped {}
