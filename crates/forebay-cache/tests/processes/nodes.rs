use super::{
    MARK, REDIS, ROWS,
    record::{Record, violation},
    rows::{Rows, words},
};
use anyhow::{Context, Result, ensure};
use forebay_tests::{FaultProxy, eventually};
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// Three processes and the database they share.
pub(crate) struct Nodes {
    rows: Rows,
    processes: Vec<Process>,
}

/// Killed when dropped.
struct Process {
    _child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Nodes {
    /// One behind each proxy; they have joined the chain.
    pub(crate) async fn start(proxies: &[FaultProxy; 3]) -> Result<Self> {
        let rows = Rows::start().await?;
        let mut processes = Vec::new();
        for proxy in proxies {
            processes.push(Process::start(proxy, &rows)?);
        }
        for process in &mut processes {
            ensure!(process.answer().await? == "ready");
        }
        Ok(Self { rows, processes })
    }

    /// Has all of them read and write until each has done `things` more.
    pub(crate) async fn work(&mut self, things: usize) -> Result<()> {
        for process in &mut self.processes {
            let goal = process.count().await? + things;
            process.tell("work").await?;
            eventually("a node did its work", async || process.count().await.is_ok_and(|done| done >= goal))
                .await;
        }
        Ok(())
    }

    /// Ends the work, waits until every row is read everywhere as it is, and holds what was recorded against the rule.
    pub(crate) async fn judge(mut self) -> Result<()> {
        for process in &mut self.processes {
            process.tell("rest").await?;
        }
        for process in &mut self.processes {
            eventually("every row is read as it is", async || {
                // What was under way may still write.
                let newest = words(&self.rows.versions());
                process.ask(&format!("current {newest}")).await.is_ok_and(|answer| answer == "yes")
            })
            .await;
        }
        for (number, process) in self.processes.iter_mut().enumerate() {
            let records = process.records().await?;
            ensure!(records.iter().any(|record| matches!(record, Record::Ack { .. })), "nothing was written");
            if let Some(seen) = violation(&records) {
                anyhow::bail!("process {number} got {seen}");
            }
        }
        Ok(())
    }
}

impl Process {
    /// This program once more, as a node.
    fn start(proxy: &FaultProxy, rows: &Rows) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["a_node_of_its_own", "--exact", "--nocapture"])
            .env(REDIS, proxy.url_for("redis"))
            .env(ROWS, &rows.addr)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let orders = child.stdin.take().context("it has an input")?;
        let answers = BufReader::new(child.stdout.take().context("it has an output")?).lines();
        Ok(Self { _child: child, orders, answers })
    }

    async fn tell(&mut self, order: &str) -> Result<()> {
        Ok(self.orders.write_all(format!("{order}\n").as_bytes()).await?)
    }

    async fn answer(&mut self) -> Result<String> {
        loop {
            let line = self.answers.next_line().await?.context("a node ended")?;
            if let Some(answer) = line.strip_prefix(MARK) {
                return Ok(answer.to_owned());
            }
        }
    }

    async fn ask(&mut self, order: &str) -> Result<String> {
        self.tell(order).await?;
        self.answer().await
    }

    async fn count(&mut self) -> Result<usize> {
        Ok(self.ask("count").await?.parse()?)
    }

    async fn records(&mut self) -> Result<Vec<Record>> {
        self.tell("records").await?;
        let mut records = Vec::new();
        loop {
            let line = self.answer().await?;
            match Record::parse(&line) {
                Some(record) => records.push(record),
                None => return Ok(records),
            }
        }
    }
}
