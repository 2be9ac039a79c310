//! Making sure the servers' programs are there.

mod debian;
mod extension;
mod server;

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Result, bail};

use crate::interrupt::{Interrupts, Stopped};
pub(crate) use server::Server;

/// Installs the programs that are missing, after asking; or says what to do.
///
/// # Errors
/// One sentence: what is missing and how to get it.
pub(crate) async fn ensure(servers: &[Server], yes: bool, interrupts: &mut Interrupts) -> Result<()> {
    programs_of(servers, yes, interrupts).await?;
    if servers == Server::ALL {
        hypopg(yes, interrupts).await?;
    }
    Ok(())
}

/// Installs HypoPG where PostgreSQL is the distribution's. Index advice without it is a case of its own, so that its absence is no
/// error: the tests that need it say that they were left out.
async fn hypopg(yes: bool, interrupts: &mut Interrupts) -> Result<()> {
    let (Some(package), Some(installer)) = (extension::missing(), debian::Installer::find()) else {
        return Ok(());
    };
    if !debian::is_this() {
        return Ok(());
    }
    eprintln!("Index advice is tested with HypoPG. To install:\n    {}", installer.shown(&[&package]));
    if !yes && std::io::stdin().is_terminal() && !agreed(interrupts).await? {
        return Ok(());
    }
    match installer.install(&[&package], interrupts).await {
        Err(error) if !error.is::<Stopped>() => {
            eprintln!("Going on without {package}: {error:#}");
            Ok(())
        }
        done => done,
    }
}

async fn programs_of(servers: &[Server], yes: bool, interrupts: &mut Interrupts) -> Result<()> {
    let missing: Vec<Server> = servers.iter().copied().filter(|server| !server.is_there()).collect();
    if missing.is_empty() {
        for server in servers {
            server.check()?;
        }
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|server| server.package()).collect();
    if !debian::is_this() {
        bail!(
            "this needs {}: install {} with your system's package manager and see that {} in PATH, or set {} to what you have",
            names(&missing),
            packages.join(", "),
            programs(&missing),
            variables(&missing),
        );
    }
    let Some(installer) = debian::Installer::find() else {
        bail!(
            "this needs {}, and installing it needs root: run `apt-get install {}` as root, or set {} to what you have",
            names(&missing),
            packages.join(" "),
            variables(&missing),
        );
    };
    eprintln!("This needs {}. To install:\n    {}", names(&missing), installer.shown(&packages));
    eprintln!("No service is started or enabled, and no database cluster is created.");
    if !yes && std::io::stdin().is_terminal() && !agreed(interrupts).await? {
        bail!("nothing was installed: this needs {}", names(&missing));
    }
    installer.install(&packages, interrupts).await?;
    match missing.into_iter().find_map(|server| server.check().err()) {
        Some(error) => Err(error.context("the packages were installed, but")),
        None => Ok(()),
    }
}

/// Installs what is missing if it can be had; else says what the run goes on without.
///
/// # Errors
/// Only a signal that asked us to end.
pub(crate) async fn offer(servers: &[Server], yes: bool, interrupts: &mut Interrupts) -> Result<()> {
    match ensure(servers, yes, interrupts).await {
        Err(error) if !error.is::<Stopped>() => {
            eprintln!("Going on without what is missing: {error:#}");
            Ok(())
        }
        done => done,
    }
}

async fn agreed(interrupts: &mut Interrupts) -> Result<bool> {
    eprint!("Go ahead? [Y/n] ");
    std::io::stderr().flush()?;
    // On a plain thread: at Ctrl-C nobody waits for the line.
    let (sender, answer) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        let _nobody_waits = sender.send(read.map(|length| (length, line)));
    });
    let (length, line) = interrupts.guard(async { Ok(answer.await??) }).await?;
    Ok(length > 0 && matches!(line.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}

fn names(servers: &[Server]) -> String {
    servers.iter().map(|server| server.name()).collect::<Vec<_>>().join(", ")
}

fn programs(servers: &[Server]) -> String {
    let programs: Vec<&str> = servers.iter().map(|server| server.program()).collect();
    let verb = if programs.len() == 1 { "is" } else { "are" };
    format!("`{}` {verb}", programs.join("`, `"))
}

fn variables(servers: &[Server]) -> String {
    servers.iter().map(|server| server.variable()).collect::<Vec<_>>().join(", ")
}
