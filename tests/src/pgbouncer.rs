//! A PgBouncer in front of a PostgreSQL server.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use rustix::process::Signal;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::choice::pgbouncer_folder;
use crate::database::at;
use crate::folder::Folder;
use crate::lab::inside;
use crate::postgres::connect;
use crate::process::{Command, Server, ServerSpec};
use crate::wait::Answer;

/// A PgBouncer of one's own in transaction mode, in front of the server of one address. Dropping it ends it and removes its folder.
#[derive(Debug)]
pub struct PgBouncer {
    server: Server,
    credentials: String,
}

impl PgBouncer {
    /// Starts one in front of the server at `url`, `postgres://USER:PASSWORD@HOST:PORT/…`, for all its databases. `settings` are lines of
    /// the section `[pgbouncer]`: `default_pool_size = 1` makes clients share one session.
    ///
    /// # Errors
    /// A missing program, an address without one of its parts, or the server's last words.
    pub async fn start(url: &str, settings: &[&str]) -> Result<Self> {
        let target: Config = url.parse()?;
        let folder = Arc::new(Folder::create(inside().as_deref())?);
        let program = pgbouncer_folder()?.join("pgbouncer");
        let place = folder.place("pgbouncer")?;
        let user = target.get_user().context("the address names no user")?;
        let password = String::from_utf8_lossy(target.get_password().context("the address has no password")?)
            .into_owned();
        write(&folder, &place.join("users.txt"), &format!("\"{user}\" \"{password}\"\n"))?;
        let (Some(Host::Tcp(host)), Some(port)) = (target.get_hosts().first(), target.get_ports().first())
        else {
            anyhow::bail!("the address names no host and port");
        };
        let behind =
            format!("[databases]\n* = host={host} port={port}\n[pgbouncer]\n{}\n", settings.join("\n"));
        let command = |listen: u16| {
            let file = place.join(format!("{listen}.ini"));
            let text = format!("{behind}listen_addr = 127.0.0.1\nlisten_port = {listen}\n{SETTINGS}");
            // Without its file the program ends at once and says why.
            let _written = write(&folder, &file, &text);
            Command {
                program: program.clone(),
                arguments: vec![file.into()],
                folder: place.clone(),
                log: folder.path().join("pgbouncer.log"),
                account: folder.account(),
                ending: "KILL",
            }
        };
        let credentials = format!("{user}:{password}");
        let spec = ServerSpec { folder: folder.clone(), command, ending: Signal::KILL };
        let server =
            Server::start(spec, |port| ready(format!("postgres://{credentials}@127.0.0.1:{port}/postgres")))
                .await?;
        Ok(Self { server, credentials })
    }

    /// `postgres://…` of a database of the server behind it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        at(&format!("postgres://{}@127.0.0.1:{}/postgres", self.credentials, self.server.port()), database)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.server.end();
    }
}

/// The users' passwords are for the server behind; whoever reaches the port may pass.
const SETTINGS: &str =
    "pool_mode = transaction\nauth_type = trust\nauth_file = users.txt\nunix_socket_dir =\n";

fn write(folder: &Folder, path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text)?;
    folder.account().own(path)
}

async fn ready(url: String) -> Result<Answer> {
    Ok(match async { anyhow::Ok(connect(&url).await?.simple_query("SELECT 1").await?) }.await {
        Ok(_) => Answer::Ready,
        Err(error) => Answer::NotYet(format!("{error:#}")),
    })
}
