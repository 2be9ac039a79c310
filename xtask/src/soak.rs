//! `cargo xtask soak AREA`

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::{SoakArea, SoakOptions};
use crate::interrupt::Interrupts;
use crate::process::{Group, exit_code};
use crate::workspace::Workspace;

/// How long the test runs, in minutes.
const MINUTES: &str = "FOREBAY_SOAK_MINUTES";

/// Runs the area's soak test, optimised, for as long as was asked.
pub(crate) async fn run(options: &SoakOptions, interrupts: &mut Interrupts) -> Result<ExitCode> {
    let (package, target, test) = match options.area {
        SoakArea::Cache => ("forebay-cache", "history_keeps_the_rule", "in_histories_nobody_has_seen"),
    };
    let workspace = Workspace::load()?;
    let mut command = workspace.cargo(["test", "--release", "--package", package, "--test", target, test]);
    command.env(MINUTES, (options.limit.as_secs_f64() / 60.0).to_string());
    let status = Group::spawn(&mut command)?.wait(interrupts).await?;
    Ok(exit_code(status))
}
