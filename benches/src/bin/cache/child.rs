//! A node in a process of its own: this program once more, which is told on its standard input what to look for.

use crate::{
    node::{bare, namespace},
    subjects::runtime,
};
use anyhow::{Context as _, Result, bail, ensure};
use forebay::{
    cache::{Cache, Tag},
    metrics::Meter,
};
use fred::{
    interfaces::{EventInterface as _, PubsubInterface as _},
    types::Message,
};
use rustix::time::{ClockId, clock_gettime};
use std::{env::current_exe, io::Write as _, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{ChildStdin, ChildStdout, Command},
    sync::broadcast::{Receiver, error::TryRecvError},
    time::timeout,
};

/// What tells the program that it is the child: where Redis is and the namespace, with a space between.
const ENVIRONMENT: &str = "FOREBAY_BENCH_CHILD";
/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The other process. Killed when dropped.
pub(crate) struct Child {
    process: tokio::process::Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// What the child's entry depends on.
    pub(crate) fn tag() -> Tag {
        Tag::of("seen", 1)
    }

    /// Where the child listens for bare messages.
    pub(crate) fn channel(name: &str) -> String {
        format!("{name}-bare")
    }

    pub(crate) async fn start(url: &str, name: &str) -> Result<Self> {
        let mut process = Command::new(current_exe()?)
            .env(ENVIRONMENT, format!("{url} {name}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let orders = process.stdin.take().context("it has an input")?;
        let answers = BufReader::new(process.stdout.take().context("it has an output")?).lines();
        let mut child = Self { process, orders, answers };
        ensure!(child.answer().await? == "ready", "the child begins with another word");
        Ok(child)
    }

    /// How long it took from the call of `happen` until the child, which was looking already, saw it.
    pub(crate) async fn sees(
        &mut self,
        what: &str,
        happen: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<Duration> {
        self.orders.write_all(format!("{what}\n").as_bytes()).await?;
        ensure!(self.answer().await? == "looking", "the child does not look for it");
        let began = now();
        happen().await?;
        let seen: u64 = self.answer().await?.parse()?;
        Ok(Duration::from_nanos(seen.saturating_sub(began)))
    }

    pub(crate) async fn end(mut self) -> Result<()> {
        drop(self.orders);
        let status = timeout(PATIENCE, self.process.wait()).await.context("the child does not end")??;
        ensure!(status.success(), "the child ended with {status}");
        Ok(())
    }

    async fn answer(&mut self) -> Result<String> {
        let line = timeout(PATIENCE, self.answers.next_line()).await.context("the child is silent")??;
        line.context("the child ended")
    }
}

/// Does the child's work if this process is the child.
pub(crate) fn is_child() -> Result<bool> {
    let Ok(asked) = std::env::var(ENVIRONMENT) else { return Ok(false) };
    let (url, name) = asked.split_once(' ').context("an address and a name")?;
    runtime()?.block_on(looks(url, name))?;
    Ok(true)
}

async fn looks(url: &str, name: &str) -> Result<()> {
    let space = namespace(url, name).await?;
    // In memory alone: what is timed is the way of the invalidation.
    let rows: Cache<u64, String> =
        Cache::builder("seen").namespace(&space).meter(&Meter::disabled()).build()?;
    let subscriber = bare(url).await?;
    let mut messages = subscriber.message_rx();
    subscriber.subscribe(Child::channel(name)).await?;
    say("ready");
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    while let Some(order) = orders.next_line().await? {
        match order.as_str() {
            "invalidation" => {
                rows.entry(&1).tags(|| [Child::tag()]).insert("old".to_owned()).await;
                ensure!(rows.peek(&1).is_some(), "what was stored is served");
                until(|| Ok(rows.peek(&1).is_none())).await?;
            }
            "message" => until(|| is_there(&mut messages)).await?,
            _ => bail!("`{order}` is nothing to look for"),
        }
    }
    space.shutdown().await;
    Ok(())
}

/// Looks until it is seen, and says when that was.
async fn until(mut is_seen: impl FnMut() -> Result<bool>) -> Result<()> {
    say("looking");
    while !is_seen()? {
        tokio::task::yield_now().await;
    }
    say(&now().to_string());
    Ok(())
}

fn is_there(messages: &mut Receiver<Message>) -> Result<bool> {
    match messages.try_recv() {
        Ok(_) => Ok(true),
        Err(TryRecvError::Empty) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn say(line: &str) {
    // When nobody listens any more the input ends as well.
    let _nobody_listens = writeln!(std::io::stdout(), "{line}");
}

/// Nanoseconds on a clock that all processes of a machine share.
fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}
