//! Steps in order: each is announced and timed, the first that fails ends the run.

use std::fmt::Write as _;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use forebay_tests::Scratch;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::interrupt::Interrupts;
use crate::process::Group;

/// The parts of a run and how long they took.
#[derive(Debug)]
pub(crate) struct Steps {
    names: Vec<&'static str>,
    done: Vec<Duration>,
    begun: Instant,
    scratch: Scratch,
}

impl Steps {
    /// A run of these parts.
    ///
    /// # Errors
    /// No place for temporary files.
    pub(crate) fn new(names: Vec<&'static str>) -> Result<Self> {
        Ok(Self { names, done: Vec::new(), begun: Instant::now(), scratch: Scratch::create()? })
    }

    /// The name of the part that is under way.
    fn current(&self) -> &'static str {
        self.names.get(self.done.len()).copied().unwrap_or("end")
    }

    /// Runs the commands of the next part.
    ///
    /// # Errors
    /// The command that failed, and which parts were not reached.
    pub(crate) async fn run(&mut self, commands: Vec<Command>, interrupts: &mut Interrupts) -> Result<()> {
        self.each(commands, interrupts, None).await
    }

    /// The same in at most the time of `ear`, which hears what the commands print.
    ///
    /// # Errors
    /// As [`Steps::run`], or that time was up.
    pub(crate) async fn run_heard(
        &mut self,
        commands: Vec<Command>,
        interrupts: &mut Interrupts,
        ear: Ear<'_>,
    ) -> Result<()> {
        self.each(commands, interrupts, Some(ear)).await
    }

    async fn each(
        &mut self,
        commands: Vec<Command>,
        interrupts: &mut Interrupts,
        mut ear: Option<Ear<'_>>,
    ) -> Result<()> {
        println!("\n[{}/{}] {}", self.done.len() + 1, self.names.len(), self.current());
        let begun = Instant::now();
        for mut command in commands {
            let line = shown(&command);
            println!("    {line}");
            command.stdin(Stdio::null()).env("TMPDIR", self.scratch.path());
            let status = match &mut ear {
                None => Group::spawn(&mut command)?.wait(interrupts).await?,
                Some(ear) => {
                    let heard = heard(&mut command, interrupts, ear).await?;
                    let late = || format!("{}: `{line}` was ended, its time was up", self.current());
                    heard.with_context(late)?
                }
            };
            if !status.success() {
                bail!("{}", self.failure(&line, status));
            }
        }
        let took = begun.elapsed();
        println!("    {} took {}", self.current(), seconds(took));
        self.done.push(took);
        Ok(())
    }

    /// What every part took, and that all is well.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::from("\n");
        for (name, took) in self.names.iter().zip(&self.done) {
            let _written = writeln!(text, "{name:<12} {:>10}", seconds(*took));
        }
        let _written =
            write!(text, "All {} parts passed in {}.", self.done.len(), seconds(self.begun.elapsed()));
        text
    }

    fn failure(&self, line: &str, status: ExitStatus) -> String {
        let passed =
            if self.done.is_empty() { "none".to_owned() } else { self.names[..self.done.len()].join(", ") };
        let rest = self.names[self.done.len() + 1..].join(", ");
        let rest = if rest.is_empty() { "none".to_owned() } else { rest };
        format!(
            "{} failed ({status}): `{line}`; passed before: {passed}; not reached: {rest}",
            self.current()
        )
    }
}

/// Hears each line that commands print, until their time is up.
pub(crate) struct Ear<'a> {
    pub(crate) until: tokio::time::Instant,
    pub(crate) hear: &'a mut dyn FnMut(&str),
}

/// Runs a command whose output is printed and heard; `None` when it was ended because its time was up.
async fn heard(
    command: &mut Command,
    interrupts: &mut Interrupts,
    Ear { until, hear }: &mut Ear<'_>,
) -> Result<Option<ExitStatus>> {
    let mut group = Group::spawn(command.stdout(Stdio::piped()))?;
    let output = group.output();
    let listening = async {
        let mut lines = output.map(|output| BufReader::new(output).lines());
        while let Some(lines) = &mut lines
            && let Some(line) = lines.next_line().await?
        {
            println!("{line}");
            hear(&line);
        }
        Ok::<_, io::Error>(())
    };
    let both = async { tokio::join!(group.wait(interrupts), listening) };
    let Ok((status, listened)) = tokio::time::timeout_at(*until, both).await else {
        group.end().await;
        return Ok(None);
    };
    listened?;
    Ok(Some(status?))
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let command = command.as_std();
    let program = std::path::Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or_default().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    words.join(" ")
}

fn seconds(time: Duration) -> String {
    let all = time.as_secs_f64();
    if all < 60.0 {
        return format!("{all:.1} s");
    }
    format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
}
