use crate::{
    Mode,
    load::{Address, Connection},
    stats::Stats,
};
use anyhow::{Context, ensure};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// How long a service may take until it is ready.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// A running service of this program in a process of its own; it ends when this is dropped, and by itself
/// should this process be killed.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) url: String,
    pub(super) address: Address,
    /// Killed on drop; its open standard input keeps it running until then.
    _process: Child,
}

/// How to start a service.
#[derive(Debug, Clone)]
pub(super) struct ServiceSpec<'a> {
    pub(super) mode: Mode,
    pub(super) primary_url: &'a str,
    pub(super) replica_urls: &'a [String],
    pub(super) redis_url: &'a str,
    pub(super) namespace: &'a str,
}

impl Service {
    pub(super) async fn start(spec: &ServiceSpec<'_>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe().context("this program's own path")?);
        command.args(["serve", "--until-stdin-closes", "--mode", spec.mode.name()]);
        command.args(["--primary-url", spec.primary_url, "--namespace", spec.namespace]);
        if spec.mode == Mode::Forebay {
            command.args(["--redis-url", spec.redis_url]);
            for url in spec.replica_urls {
                command.args(["--replica-url", url]);
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().context("cannot start the service")?;
        let out = process.stdout.take().context("the service has no standard output")?;
        let mut lines = BufReader::new(out).lines();
        let line = tokio::time::timeout(START_PATIENCE, lines.next_line())
            .await
            .with_context(|| format!("the {} service did not get ready in time", spec.mode.name()))??;
        let url = line.with_context(|| format!("the {} service ended at its start", spec.mode.name()))?;
        Ok(Self { address: Address::parse(&url)?, url, _process: process })
    }
}

/// What a service counted so far. Blocks.
pub(super) fn stats(address: &Address) -> anyhow::Result<Stats> {
    let mut connection = Connection::open(address)?;
    let request = format!("GET /_stats HTTP/1.1\r\nhost: {}\r\n\r\n", address.host);
    let answer = connection.exchange(request.as_bytes())?;
    ensure!(answer.head.status == 200, "/_stats answered {}", answer.head.status);
    Ok(serde_json::from_slice(&answer.decoded()?)?)
}
