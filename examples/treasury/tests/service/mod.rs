//! The program under test, as its users run it.

use anyhow::{Context, Result, ensure};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// Small enough to load in seconds, large enough for several ledger pages.
pub(crate) const SCALE: &str = "0.01";

/// Runs one command of the program to its end.
pub(crate) fn treasury(arguments: &[&str]) -> Result<()> {
    let status = Command::new(env!("CARGO_BIN_EXE_treasury")).args(arguments).status()?;
    ensure!(status.success(), "treasury {arguments:?} failed");
    Ok(())
}

/// A running service; it ends when this is dropped.
pub(crate) struct Service {
    pub(crate) url: String,
    process: Child,
}

impl Service {
    pub(crate) fn start(arguments: &[&str]) -> Result<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_treasury"))
            .args(["serve", "--until-stdin-closes"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        let out = process.stdout.take().context("no standard output")?;
        BufReader::new(out).read_line(&mut url)?;
        ensure!(url.starts_with("http://"), "the service did not get ready");
        Ok(Self { url: url.trim().to_owned(), process })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It ends with its standard input; killed all the same, should it hang.
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
