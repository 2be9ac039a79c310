//! `cargo xtask matrix [AREA…]`: the tests that depend on PostgreSQL's version, on each version that is supported.

mod programs;

use std::process::ExitCode;

use anyhow::{Result, bail};
use tokio::process::Command;

use crate::arguments::MatrixOptions;
use crate::install::{self, Server};
use crate::interrupt::Interrupts;
use crate::steps::Steps;
use crate::workspace::Workspace;
use programs::Programs;

/// Areas whose behaviour depends on PostgreSQL's version.
const AREAS: [&str; 1] = ["sql"];

/// Runs the areas' tests on every version that was asked for, the servers' programs installed under `target/matrix` first.
///
/// # Errors
/// A program cannot be installed, or a test fails: the version is in the message, and the versions behind it were not reached.
pub(crate) async fn run(options: &MatrixOptions, interrupts: &mut Interrupts) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    let areas = areas(&options.area)?;
    let versions = Programs::of(&options.postgres)?;
    install::ensure(&[Server::Redis, Server::Memcached], options.yes, interrupts).await?;

    let mut names = vec!["install"];
    names.extend(versions.iter().map(Programs::name));
    let mut steps = Steps::new(names)?;
    let folder = workspace.target().join("matrix");
    let missing: Vec<_> = versions.iter().filter(|programs| !programs.are_in(&folder)).collect();
    if !missing.is_empty() {
        programs::check_npm()?;
    }
    let installing = missing.into_iter().flat_map(|programs| programs.installing(&folder)).collect();
    steps.run(installing, interrupts).await?;
    for programs in versions {
        let mut lab = Command::new(std::env::current_exe()?);
        lab.args(["lab", "--", "cargo", "test", "--all-features", "--no-fail-fast"]);
        for area in &areas {
            lab.args(["--package", &format!("forebay-{area}")]);
        }
        lab.current_dir(workspace.root()).env("CARGO_TARGET_DIR", workspace.target());
        lab.env(Server::Postgres.variable(), programs.folder(&folder));
        steps.run(vec![lab], interrupts).await?;
    }
    println!("{}", steps.summary());
    Ok(ExitCode::SUCCESS)
}

/// The areas to test; all when none is named.
fn areas(asked: &[String]) -> Result<Vec<&str>> {
    if asked.is_empty() {
        return Ok(AREAS.to_vec());
    }
    if let Some(unknown) = asked.iter().find(|area| !AREAS.contains(&area.as_str())) {
        bail!("nothing of `{unknown}` depends on PostgreSQL's version; the areas are {}", AREAS.join(", "));
    }
    Ok(asked.iter().map(String::as_str).collect())
}
