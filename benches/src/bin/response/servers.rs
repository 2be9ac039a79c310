//! Caching web servers that send the same bytes, beside ours and beside a server that has them ready. nginx has one worker, which
//! is one thread; Varnish has as many threads as it wants.

use crate::{
    bodies,
    client::{Answer, Client, compare},
    hits::{READY, ours, ready, ready_server},
    server::Server,
};
use anyhow::Context as _;
use axum::http::{HeaderValue, header};
use bytes::Bytes;
use forebay_benches::{Aim, PAIRS, Report};
use forebay_tests::{Choice, WebServer};
use std::{net::SocketAddr, path::PathBuf, process::Command};
use tokio::runtime::Runtime;

const REQUESTS: usize = 4_000;
/// Varnish knows no other coding.
const ACCEPTS: &str = "accept-encoding: gzip\r\n";

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    let body = Bytes::from(bodies::api(10_000, 1));
    let server = ours(&body)?;
    let (mut hit, mut answer) = Client::connect(server, "/cached", ACCEPTS)?;
    let (mut bytes, _) = ready(&answer)?;
    bytes.time(REQUESTS);
    report.same_against_same("response.gzip_ready_bytes", PAIRS, || bytes.time(REQUESTS));
    let name = "response.cached_gzip_hit_vs_ready_bytes";
    compare(report, name, Aim::None, PAIRS, REQUESTS, &mut hit, &mut bytes);

    for own in ["age", "cache-status"] {
        answer.headers.remove(own);
    }
    answer.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    let origin = ready_server(&answer)?;
    if let Some(version) = version(report, "nginx", Choice::nginx(), "nginx", "-v") {
        report.peer("nginx", &version);
        let files: [(&str, &[u8]); 2] = [("ready.json", &body), ("ready.json.gz", &answer.body)];
        let site = format!(
            "gzip_static on;\nlocation /kept {{\nproxy_pass http://{}{READY};\nproxy_cache kept;\nproxy_http_version 1.1;\n\
             proxy_set_header Connection \"\";\nproxy_set_header Accept-Encoding $http_accept_encoding;\n}}",
            origin.at
        );
        let nginx = runtime.block_on(WebServer::nginx(&site, &files))?;
        beside(report, "nginx_gzip_static", &nginx, "/ready.json", &answer, &mut bytes)?;
        beside(report, "nginx_proxy_cache", &nginx, "/kept", &answer, &mut bytes)?;
    }
    if let Some(version) = version(report, "varnish", Choice::varnish(), "varnishd", "-V") {
        report.peer("varnish", &version);
        let (host, port) = (origin.at.ip(), origin.at.port());
        let vcl = format!("vcl 4.1;\nbackend default {{ .host = \"{host}\"; .port = \"{port}\"; }}\n");
        let varnish = runtime.block_on(WebServer::varnish(&vcl))?;
        beside(report, "varnish", &varnish, READY, &answer, &mut bytes)?;
    }
    Ok(())
}

fn beside(
    report: &mut Report,
    name: &str,
    server: &WebServer,
    path: &str,
    expected: &Answer,
    ready: &mut Client,
) -> anyhow::Result<()> {
    let at: SocketAddr = server.addr().parse()?;
    let (mut theirs, answer) = Client::connect(Server::elsewhere(at), path, ACCEPTS)?;
    anyhow::ensure!(answer.body == expected.body, "{name} sends the same bytes: {:?}", answer.headers);
    let name = format!("response.{name}_vs_ready_bytes");
    compare(report, &name, Aim::None, PAIRS, REQUESTS, &mut theirs, ready);
    Ok(())
}

/// What the program calls its version; nothing when it is not there, which is then said.
fn version(
    report: &mut Report,
    name: &str,
    choice: anyhow::Result<Choice>,
    program: &str,
    asked: &str,
) -> Option<String> {
    match choice.and_then(|choice| spoken(choice, program, asked)) {
        Ok(version) => Some(version),
        Err(missing) => {
            report.peer(name, &format!("missing: {missing:#}"));
            None
        }
    }
}

fn spoken(choice: Choice, program: &str, asked: &str) -> anyhow::Result<String> {
    let Choice::Start(folder) = choice else { anyhow::bail!("addresses are of no use here, programs are") };
    let program: PathBuf = folder.join(program);
    let output = Command::new(&program).arg(asked).output().with_context(|| program.display().to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // `nginx version: nginx/1.22.1`, `varnishd (varnish-7.1.1 revision …)`.
    let version =
        said.split(['/', '-', ' ', '\n']).find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    version.map(str::to_owned).with_context(|| format!("{} says no version: {said}", program.display()))
}
