//! `cargo xtask matrix [AREA…]`: the tests that depend on PostgreSQL's version, on each version that is supported.

mod area;
mod programs;
mod ran;

use std::process::ExitCode;

use anyhow::{Result, bail};
use tokio::process::Command;

use crate::arguments::MatrixOptions;
use crate::install::{self, Server};
use crate::interrupt::Interrupts;
use crate::steps::Steps;
use crate::workspace::Workspace;
use area::Area;
use programs::Programs;
use ran::Ran;

/// Runs the areas' tests on every version that was asked for, the servers' programs installed under `target/matrix` first.
///
/// # Errors
/// A program cannot be installed, a test fails, or a version takes longer than it may: the version is in the message, and the
/// versions behind it were not reached.
pub(crate) async fn run(options: &MatrixOptions, interrupts: &mut Interrupts) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    let areas = Area::of(&options.area)?;
    let versions = Programs::of(&options.postgres)?;
    install::ensure(&[Server::Redis, Server::Memcached], options.yes, interrupts).await?;

    let mut names = vec!["install", "build"];
    names.extend(versions.iter().map(Programs::name));
    let mut steps = Steps::new(names)?;
    let folder = workspace.target().join("matrix");
    let missing: Vec<_> = versions.iter().filter(|programs| !programs.are_in(&folder)).collect();
    if !missing.is_empty() {
        programs::check_npm()?;
    }
    let installing = missing.into_iter().flat_map(|programs| programs.installing(&folder)).collect();
    steps.run(installing, interrupts).await?;
    // So that the time of each version is that of its tests.
    steps.run(areas.iter().map(|area| area.building(&workspace)).collect(), interrupts).await?;
    let mut results = Vec::new();
    for programs in versions {
        let mut labs = Vec::new();
        for area in &areas {
            let mut lab = Command::new(std::env::current_exe()?);
            lab.args(["lab", "--", "cargo"]).args(area.arguments(&workspace));
            lab.current_dir(workspace.root()).env("CARGO_TARGET_DIR", workspace.target());
            lab.env(Server::Postgres.variable(), programs.folder(&folder));
            labs.push(lab);
        }
        let mut ran = Ran::default();
        steps.limit(options.limit);
        let ended = steps.run_heard(labs, interrupts, &mut |line| ran.hear(line)).await;
        let name = programs.name();
        let result = format!("{name}: {}", ran.words());
        println!("    {result}");
        ended?;
        if ran.is_none() {
            bail!("no test ran on {name}");
        }
        results.push(result);
    }
    println!("{}\n{}", steps.summary(), results.join("\n"));
    Ok(ExitCode::SUCCESS)
}
