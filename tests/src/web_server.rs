//! Web servers that cache, for comparisons.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use rustix::process::Signal;

use crate::choice::{nginx_folder, varnish_folder};
use crate::folder::Folder;
use crate::lab::inside;
use crate::process::{Command, Server, ServerSpec};
use crate::redis::answers;

/// An nginx or a Varnish of one's own. Dropping it ends it and removes its folder.
#[derive(Debug)]
pub struct WebServer {
    server: Server,
}

impl WebServer {
    /// Starts nginx with one worker. `site` is what its `server` block holds, beside `listen`; `files` lie in its folder `files`, by name.
    /// Its cache of upstream responses is `kept`.
    ///
    /// # Errors
    /// A missing program, a folder that cannot be written, or the server's last words.
    pub async fn nginx(site: &str, files: &[(&str, &[u8])]) -> Result<Self> {
        let program = nginx_folder()?.join("nginx");
        let folder = Arc::new(Folder::create(inside().as_deref())?);
        let place = folder.place("nginx")?;
        let served = folder.place("files")?;
        for (name, bytes) in files {
            write(&folder, &served.join(name), bytes)?;
        }
        let command = |port: u16| {
            let file = place.join(format!("{port}.conf"));
            let text = format!(
                "{NGINX}\nserver {{\nlisten 127.0.0.1:{port};\nroot {};\n{site}\n}}\n}}\n",
                served.display()
            );
            // Without its file the program ends at once and says why.
            let _written = write(&folder, &file, text.as_bytes());
            let arguments = ["-p".into(), place.clone().into(), "-c".into(), file.into()];
            let arguments = arguments.into_iter().chain(["-e", "stderr"].map(OsString::from)).collect();
            Command {
                program: program.clone(),
                arguments,
                folder: place.clone(),
                log: folder.path().join("nginx.log"),
                account: folder.account(),
                // Its workers outlive a master that is killed.
                ending: "TERM",
            }
        };
        Self::start(&folder, command).await
    }

    /// Starts Varnish with this configuration in VCL and 64 MiB.
    ///
    /// # Errors
    /// A missing program, a folder that cannot be written, or the server's last words.
    pub async fn varnish(vcl: &str) -> Result<Self> {
        let program = varnish_folder()?.join("varnishd");
        let folder = Arc::new(Folder::create(inside().as_deref())?);
        let place = folder.place("varnish")?;
        let file = place.join("site.vcl");
        write(&folder, &file, vcl.as_bytes())?;
        let command = |port: u16| {
            let command = Command {
                program: program.clone(),
                arguments: vec!["-n".into(), place.join("state").into(), "-f".into(), file.clone().into()],
                folder: place.clone(),
                log: folder.path().join("varnish.log"),
                account: folder.account(),
                ending: "TERM",
            };
            let listen = format!("127.0.0.1:{port}");
            command.arguments(["-F", "-T", "none", "-j", "none", "-s", "malloc,64m", "-a", &listen])
        };
        Self::start(&folder, command).await
    }

    async fn start(folder: &Arc<Folder>, command: impl Fn(u16) -> Command) -> Result<Self> {
        let spec = ServerSpec { folder: folder.clone(), command, ending: Signal::TERM };
        let ready = async |port| Ok(answers(port, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.").await);
        Ok(Self { server: Server::start(spec, ready).await? })
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn addr(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }
}

/// What goes before the `server` block; its folder for temporary files is its own.
const NGINX: &str = "daemon off;
worker_processes 1;
pid nginx.pid;
events {}
http {
access_log off;
default_type application/json;
keepalive_requests 1000000000;
sendfile on;
tcp_nopush on;
open_file_cache max=100;
client_body_temp_path body;
proxy_temp_path proxy;
fastcgi_temp_path fastcgi;
uwsgi_temp_path uwsgi;
scgi_temp_path scgi;
proxy_cache_path cache keys_zone=kept:1m;";

fn write(folder: &Folder, path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes)?;
    folder.account().own(path)
}
