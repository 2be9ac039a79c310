//! The data folders: one `initdb`, copied for each standby before the primary first starts.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};

use super::spec::{PostgresSpec, line};
use crate::certificates::Certificates;
use crate::folder::Folder;
use crate::process::{Command, Launched};

/// The superuser of every cluster.
pub(super) const USER: &str = "forebay";

/// What `initdb` made.
pub(super) struct Prepared {
    pub(super) primary: PathBuf,
    pub(super) standbys: Vec<PathBuf>,
    pub(super) certificates: Option<Certificates>,
}

/// Makes the primary's data folder and a copy for each standby: a stopped server's folder is a base backup.
pub(super) async fn prepare(
    folder: &Arc<Folder>,
    programs: &Path,
    spec: &PostgresSpec,
    password: &str,
) -> Result<Prepared> {
    let primary = folder.place("primary")?;
    let secret = folder.path().join("password");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&secret)?;
    file.write_all(password.as_bytes())?;
    folder.account().own(&secret)?;
    let initdb = command(folder, programs.join("initdb"), "initdb.log")
        .arguments(["--username", USER, "--encoding", "UTF8", "--locale", "C", "--auth", "password"])
        .arguments(["--no-sync", "--pgdata"])
        .arguments([primary.as_os_str(), OsStr::new("--pwfile"), secret.as_os_str()]);
    Launched::run(&initdb).await?;
    std::fs::remove_file(&secret)?;
    append(&primary, "postgresql.conf", &spec.configuration())?;
    prepend(&primary, "pg_hba.conf", &spec.logins)?;
    let certificates = if spec.tls { Some(speak_tls(folder, &primary)?) } else { None };
    let mut standbys = Vec::new();
    for number in 0..spec.standbys {
        let standby = folder.place(&format!("standby{number}"))?;
        let copy = command(folder, "cp".into(), "copy.log").arguments([
            OsStr::new("-a"),
            primary.join(".").as_os_str(),
            standby.as_os_str(),
        ]);
        Launched::run(&copy).await?;
        standbys.push(standby);
    }
    Ok(Prepared { primary, standbys, certificates })
}

/// Makes a data folder that of a standby of the primary on `port`.
pub(super) fn follow(folder: &Folder, data: &Path, number: usize, port: u16, password: &str) -> Result<()> {
    let conninfo = format!(
        "host=127.0.0.1 port={port} user={USER} password={password} application_name=standby{number}"
    );
    append(data, "postgresql.conf", &line("primary_conninfo", &conninfo))?;
    let signal = data.join("standby.signal");
    File::create(&signal)?;
    folder.account().own(&signal)
}

/// A command of PostgreSQL in the lab's folder. SIGQUIT is its immediate shutdown, which also frees its shared memory.
pub(super) fn command(folder: &Folder, program: PathBuf, log: &str) -> Command {
    Command {
        program,
        arguments: Vec::new(),
        folder: folder.path().to_owned(),
        log: folder.path().join(log),
        account: folder.account(),
        ending: "QUIT",
    }
}

/// Makes certificates and tells the server of them.
fn speak_tls(folder: &Folder, data: &Path) -> Result<Certificates> {
    let files = Certificates::write(&folder.place("certificates")?, folder.account())?;
    let mut text = line("ssl", "on");
    for (name, file) in [
        ("ssl_cert_file", &files.certificate),
        ("ssl_key_file", &files.key),
        ("ssl_ca_file", &files.authority),
    ] {
        text.push_str(&line(name, &file.to_string_lossy()));
    }
    append(data, "postgresql.conf", &text)?;
    Ok(files)
}

/// Puts lines before those of a file of a data folder: of `pg_hba.conf` the first that fits decides.
fn prepend(data: &Path, file: &str, lines: &[String]) -> Result<()> {
    let path = data.join(file);
    let text = std::fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // Written over, so that it stays the account's.
    Ok(std::fs::write(&path, lines + &text)?)
}

fn append(data: &Path, file: &str, text: &str) -> Result<()> {
    let path = data.join(file);
    let mut file =
        OpenOptions::new().append(true).open(&path).with_context(|| format!("no {}", path.display()))?;
    Ok(file.write_all(text.as_bytes())?)
}
