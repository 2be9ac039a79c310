//! `cargo xtask demo`

use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use forebay_tests::{Addresses, LabSpec, PostgresSpec, Scratch};
use tokio::process::Command;

use crate::arguments::DemoOptions;
use crate::install::{self, Server};
use crate::interrupt::Interrupts;
use crate::lab;
use crate::process::{Group, exit_code};
use crate::workspace::Workspace;

/// PostgreSQL's own cache in the demo: the whole of its data fits, so that bare is not measured against a disk.
const SHARED_BUFFERS_MB: u32 = 512;

/// Builds the example service, starts servers for it, and runs the comparison.
pub(crate) async fn run(options: &DemoOptions, interrupts: &mut Interrupts) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    install::ensure(&[Server::Postgres, Server::Redis], options.yes, interrupts).await?;

    eprintln!("Building the example service (release) …");
    let scratch = Scratch::create()?;
    let mut build = workspace.cargo(["build", "--release", "--package", "treasury"]);
    build.env("TMPDIR", scratch.path());
    let built = Group::spawn(build.stdin(Stdio::null()))?.wait(interrupts).await?;
    if !built.success() {
        bail!("the example service does not build: run `cargo build --release -p treasury`");
    }

    eprintln!("Starting PostgreSQL with two standbys, and Redis …");
    let postgres = PostgresSpec { shared_buffers_mb: SHARED_BUFFERS_MB, ..PostgresSpec::with_standbys(2) };
    let spec = LabSpec { postgres: Some(postgres), memcached: false, ..LabSpec::default() };
    let lab = lab::start(&spec, interrupts).await?;
    let mut demo = command(&workspace, lab.addresses(), options)?;
    demo.env("TMPDIR", scratch.path());
    let status = Group::spawn(demo.stdin(Stdio::null()))?.wait(interrupts).await?;
    Ok(exit_code(status))
}

/// `treasury demo` on these servers.
fn command(workspace: &Workspace, servers: &Addresses, options: &DemoOptions) -> Result<Command> {
    let program = workspace.target().join("release/treasury");
    let figures = workspace.target().join("bench/service.json");
    let mut command = Command::new(program);
    command.current_dir(workspace.root()).args(arguments(servers, &figures)?);
    if options.keep {
        command.arg("--keep");
    }
    command.args(&options.more);
    Ok(command)
}

fn arguments(servers: &Addresses, figures: &Path) -> Result<Vec<OsString>> {
    let primary = servers.primary.as_deref().context("the demo needs PostgreSQL")?;
    let redis = servers.redis.as_deref().context("the demo needs Redis")?;
    if servers.standbys.is_empty() {
        bail!("the demo needs a standby: name it in FOREBAY_LAB_POSTGRES after the primary and a comma");
    }
    let mut arguments: Vec<OsString> =
        ["demo", "--primary-url", primary, "--redis-url", redis].map(Into::into).into();
    for standby in &servers.standbys {
        arguments.extend(["--replica-url".into(), standby.into()]);
    }
    arguments.extend(["--json".into(), figures.into()]);
    Ok(arguments)
}
