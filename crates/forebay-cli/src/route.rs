//! `forebay route`: where each statement may run, and why.

mod answer;
mod judge;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use forebay_sql::{Reason, statements};

use crate::cli::{Outcome, complain};
use crate::error::Error;
use crate::input::Input;
use answer::Answer;
use judge::{Judge, Knowledge};

/// A script is read as a whole before its statements are told apart. 256 MiB: the schema of a large database and more.
const SCRIPT_BYTES_MAX: usize = 256 << 20;

/// A line is one statement, or a few. 64 MiB: more than a server takes from most programs.
const LINE_BYTES_MAX: usize = 64 << 20;

const EXAMPLES: &str = "\
Each statement gets one line: `replica` or `primary`, a tab, the reasons.
A statement goes to a replica only when its text proves that it reads nothing
but replicated data; the decision needs no server. A function that is none of
PostgreSQL's own is not proven: only the catalogue knows what it does.

With --url the catalogue is read once and knows: the volatility of your own
functions, of what aggregates, operators and casts are made of, what views and
row security policies do, unlogged and foreign tables. Names without a schema
are looked for as a session of that user would. The answers are those of a pool
with `catalog.enabled` that was started just now.

With --json the line is an object: `line`, `route`, `kind` (`read`, `write` or
`unproven`), `fingerprint`, `reasons` (each with `code`, `text`, `line`, `at`),
`relations` (`reads` and `writes` by name, and `hidden` when the text does not
show all), `sql`.

Examples:
  echo 'SELECT * FROM users' | forebay route
  forebay route --split migrations/001.sql
  forebay route --json queries.txt | jq 'select(.route == \"primary\")'
  forebay route --json queries.txt | jq -r '.relations.writes[]' | sort | uniq -c
  forebay route --url postgres://app@db-1/shop queries.txt
  forebay route --url \"$DATABASE_URL\" --read-only-function app.score queries.txt

Exit status:
  0  every statement was answered
  1  the input could not be read, or something in it is wrong (a quote that is
     never closed, bytes that are not UTF-8); it is reported on standard error
     with its line, and such a statement is answered with `primary`; or the
     catalogue could not be read, and nothing was answered
  2  wrong usage";

/// Tell for each statement whether a replica may run it, and why not.
///
/// The input has one statement a line; a line may hold several, which are answered as one, as a server would run them together. With
/// --split the input is a script whose statements end with semicolons. Empty lines and lines of comments only are skipped.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Route {
    /// The file to read; `-` is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Cut the input at semicolons instead of line ends, by PostgreSQL's own rules for quotes, comments and function bodies.
    #[arg(long)]
    split: bool,
    /// Print one JSON object a line, with what the statement reads and writes.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    knowledge: Knowledge,
}

impl Route {
    /// Answer every statement of the input.
    pub(crate) fn run(&self) -> Result<Outcome, Error> {
        let mut input = Input::open(&self.file)?;
        let judge = self.knowledge.gather()?;
        let mut answers =
            Answers { judge, json: self.json, out: io::stdout().lock(), outcome: Outcome::Good };
        if self.split {
            let script = input.whole(SCRIPT_BYTES_MAX)?;
            let (mut line, mut counted) = (1, 0);
            for (at, sql) in statements(&script) {
                line += lines_before(&script[counted..], at - counted);
                counted = at;
                answers.give(&input, line, sql)?;
            }
        } else {
            let mut line = 0;
            while let Some(bytes) = input.line(line + 1, LINE_BYTES_MAX)? {
                line += 1;
                match std::str::from_utf8(&bytes) {
                    Ok(text) => {
                        if let Some((at, _)) = statements(text).next() {
                            answers.give(&input, line, text[at..].trim_end())?;
                        }
                    }
                    Err(_) => answers.refuse(&input, line, &String::from_utf8_lossy(&bytes))?,
                }
            }
        }
        Ok(answers.outcome)
    }
}

/// Where the answers go.
struct Answers<W> {
    judge: Judge,
    json: bool,
    out: W,
    outcome: Outcome,
}

impl<W: Write> Answers<W> {
    /// Answer one statement, which begins in `line`, and report what is wrong with its text.
    fn give(&mut self, input: &Input, line: usize, sql: &str) -> Result<(), Error> {
        let class = self.judge.class(sql);
        for reason in class.reasons().iter().filter(|reason| is_broken(reason)) {
            let line = line + lines_before(sql, reason.at());
            self.complain(input, line, &reason.to_string());
        }
        self.write(&Answer::of(line, sql, &class))
    }

    /// Answer bytes that are no text.
    fn refuse(&mut self, input: &Input, line: usize, text: &str) -> Result<(), Error> {
        self.complain(input, line, "not valid UTF-8");
        self.write(&Answer::not_text(line, text.trim_end()))
    }

    fn write(&mut self, answer: &Answer<'_>) -> Result<(), Error> {
        let text = if self.json { answer.json() } else { answer.plain() };
        writeln!(self.out, "{text}").map_err(|source| Error::Write { source })
    }

    fn complain(&mut self, input: &Input, line: usize, what: &str) {
        self.outcome = Outcome::BadInput;
        complain(&format!("{}, line {line}: {what}", input.name()));
    }
}

/// Whether a reason says that the text itself is wrong.
fn is_broken(reason: &Reason) -> bool {
    matches!(reason, Reason::Unterminated { .. } | Reason::NotUnderstood { .. })
}

/// Line ends before the byte `at`.
fn lines_before(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|&&byte| byte == b'\n').count()
}
