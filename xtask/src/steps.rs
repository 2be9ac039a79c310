//! Steps in order: each is announced and timed, the first that fails ends the run.

use std::fmt::Write as _;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use forebay_tests::Scratch;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{ChildStdout, Command};

use crate::interrupt::Interrupts;
use crate::process::Group;

/// The parts of a run and how long they took.
#[derive(Debug)]
pub(crate) struct Steps {
    names: Vec<&'static str>,
    done: Vec<Duration>,
    begun: Instant,
    until: Option<tokio::time::Instant>,
    scratch: Scratch,
}

impl Steps {
    /// A run of these parts.
    ///
    /// # Errors
    /// No place for temporary files.
    pub(crate) fn new(names: Vec<&'static str>) -> Result<Self> {
        Ok(Self { names, done: Vec::new(), begun: Instant::now(), until: None, scratch: Scratch::create()? })
    }

    /// From now on the parts may take this long together; the command that is under way then is ended.
    pub(crate) fn limit(&mut self, time: Duration) {
        self.until = Some(tokio::time::Instant::now() + time);
    }

    /// The name of the part that is under way.
    fn current(&self) -> &'static str {
        self.names.get(self.done.len()).copied().unwrap_or("end")
    }

    /// Runs the commands of the next part.
    ///
    /// # Errors
    /// The command that failed or was ended because time was up, and which parts were not reached.
    pub(crate) async fn run(&mut self, commands: Vec<Command>, interrupts: &mut Interrupts) -> Result<()> {
        self.each(commands, interrupts, None).await
    }

    /// The same; `hear` hears each line that the commands print.
    ///
    /// # Errors
    /// As [`Steps::run`].
    pub(crate) async fn run_heard(
        &mut self,
        commands: Vec<Command>,
        interrupts: &mut Interrupts,
        hear: Ear<'_>,
    ) -> Result<()> {
        self.each(commands, interrupts, Some(hear)).await
    }

    async fn each(
        &mut self,
        commands: Vec<Command>,
        interrupts: &mut Interrupts,
        mut hear: Option<Ear<'_>>,
    ) -> Result<()> {
        println!("\n[{}/{}] {}", self.done.len() + 1, self.names.len(), self.current());
        let begun = Instant::now();
        for mut command in commands {
            let line = shown(&command);
            println!("    {line}");
            command.stdin(Stdio::null()).env("TMPDIR", self.scratch.path());
            if hear.is_some() {
                command.stdout(Stdio::piped());
            }
            let mut group = Group::spawn(&mut command)?;
            let Some(status) = self.end_of(&mut group, interrupts, &mut hear).await? else {
                bail!("{}", self.failure(&line, "its time was up"));
            };
            if !status.success() {
                bail!("{}", self.failure(&line, &status.to_string()));
            }
        }
        let took = begun.elapsed();
        println!("    {} took {}", self.current(), seconds(took));
        self.done.push(took);
        Ok(())
    }

    /// How the group ended; `None` when it was ended because time was up.
    async fn end_of(
        &self,
        group: &mut Group,
        interrupts: &mut Interrupts,
        hear: &mut Option<Ear<'_>>,
    ) -> Result<Option<ExitStatus>> {
        let output = group.output();
        let both = async { tokio::join!(group.wait(interrupts), listen(output, hear)) };
        let ended = match self.until {
            None => Some(both.await),
            Some(until) => tokio::time::timeout_at(until, both).await.ok(),
        };
        let Some((status, heard)) = ended else {
            group.end().await;
            return Ok(None);
        };
        heard?;
        Ok(Some(status?))
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

    fn failure(&self, line: &str, how: &str) -> String {
        let passed =
            if self.done.is_empty() { "none".to_owned() } else { self.names[..self.done.len()].join(", ") };
        let rest = self.names[self.done.len() + 1..].join(", ");
        let rest = if rest.is_empty() { "none".to_owned() } else { rest };
        format!("{} failed ({how}): `{line}`; passed before: {passed}; not reached: {rest}", self.current())
    }
}

/// Hears each line that commands print.
pub(crate) type Ear<'a> = &'a mut dyn FnMut(&str);

/// Prints what is printed, and has it heard.
async fn listen(output: Option<ChildStdout>, hear: &mut Option<Ear<'_>>) -> io::Result<()> {
    let (Some(output), Some(hear)) = (output, hear) else { return Ok(()) };
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        println!("{line}");
        hear(&line);
    }
    Ok(())
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
