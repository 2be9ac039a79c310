//! `forebay advise`: the indexes a workload is in want of.

mod answer;
mod came;
mod ledger;
mod server;
mod size;
mod told;

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use forebay_plan::advise::{Advice, Options, Outcome as Came, Workload};

use crate::cli::{Outcome, complain, print};
use crate::error::Error;
use crate::input::Input;
use answer::Answer;
use ledger::LedgerFile;
use server::Server;

const EXAMPLES: &str = "\
Each statement is planned with its own values, and never run: EXPLAIN in READ ONLY
transactions that are rolled back. From what its scans look up, join, sort and
read, indexes are thought of; with the extension HypoPG the planner is asked
about each of them; a set is chosen for the workload as a whole, by what it saves
for each byte, what it costs whoever writes considered.

The workload is a script whose statements end with semicolons. Comments say more:
  -- weight: 100            the next statement runs that often, beside the others
  -- params: 7, 'open'      values of its $1, $2; several such lines, several calls
  SELECT * FROM orders WHERE customer = $1 AND status = $2;
Or --pg-stat-statements takes what the server has counted; the values of those
statements are not known, which is said of what depends on them.

With --ledger the advice is taken down in a file, one line of JSON each. Later runs
with it tell what came of it, for the indexes that are there by then, whatever
their names: size, scans, and of the statements the cost, and where the server has
pg_stat_statements the time and the blocks of a call, before and after; predictions
that did not come true; indexes that nothing used. Lines it cannot read are
reported and kept.

Costs are the planner's units, as EXPLAIN has them. Nothing is created, but for
HypoPG with --create-extension. What the role may not see is named. Connect to the
server itself: a pooler hands out sessions that forget hypothetical indexes.

With --json the answer is one object: `indexes` (each with `id`, `table`, `name`,
`ddl`, `clean_up`, `bytes`, `benefit`, `write_cost`, `hot_updates_lost`, `gains`,
`replaces`, `confidence`, `evidence`), `unverified` (the same), `troubles` (`kind`, `table`, `name`, `what`,
`ddl`), `problems` (`line`, `statement`, `what`), `unseen`, `cost_before`,
`cost_after`, `probes`, `candidates`, `questions`; with --ledger also `ledger` (`id`,
`schema`, `table`, `index`, `state`, `bytes_predicted`, `bytes`, `scans`, `statements`, `wrong`,
`unused`, `drop`, …). Statements are shown without
their values.

Examples:
  forebay advise --url postgres://app@db-1/shop --workload queries.sql
  forebay advise --url \"$DATABASE_URL\" --pg-stat-statements --budget 2GB
  forebay advise --url \"$DATABASE_URL\" --workload queries.sql --check   # in CI
  forebay advise … --ledger indexes.jsonl --replica postgres://app@db-2/shop
  forebay advise … --json | jq -r '.indexes[].ddl[] + \";\"'

Exit status:
  0  the advice is complete, even if there is nothing to do
  1  with --check: there is something to do; or the database or the workload cannot
     be read, or a statement of it cannot be planned or a line of the ledger not be
     read (it is named by its line on standard error, and the advice is for the rest)
  2  wrong usage";

/// Bytes of a workload's file.
const SCRIPT_BYTES_MAX: usize = 64 << 20;

/// Find the indexes a workload is in want of, tried with the planner.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("source").required(true).args(["workload", "pg_stat_statements"])))]
pub(crate) struct Advise {
    #[command(flatten)]
    server: Server,
    /// The file with the workload's statements; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    workload: Option<PathBuf>,
    /// Take the workload from the extension pg_stat_statements.
    #[arg(long)]
    pg_stat_statements: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Exit with 1 when there is something to do.
    #[arg(long)]
    check: bool,
    /// How much all proposed indexes may take together: bytes, or with kB, MB, GB, TB.
    #[arg(long, visible_alias = "budget-bytes", value_name = "SIZE", value_parser = size::parse)]
    budget: Option<u64>,
    /// How many indexes are proposed at most.
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    max_indexes: usize,
    /// Create the extension HypoPG where it is available and not there yet. It stays.
    #[arg(long)]
    create_extension: bool,
    /// How many seconds sets of indexes are compared; the best found by then is the answer.
    #[arg(long, default_value_t = 60.0, value_name = "SECONDS", value_parser = crate::cli::seconds)]
    time: f64,
    /// The file that keeps what was advised; made where it is not there yet.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// How often a statement of the ledger has to be called, and its table be scanned, before its index is called unused.
    #[arg(long, default_value_t = 1000, value_name = "CALLS", requires = "ledger", value_parser = clap::value_parser!(u64).range(1..))]
    unused_after: u64,
}

impl Advise {
    /// Look for advice and print it.
    pub(crate) fn run(&self) -> Result<Outcome, Error> {
        let mut options = Options::default();
        options.bytes_max = self.budget;
        options.indexes_max = self.max_indexes;
        options.create_extension = self.create_extension;
        options.unused_calls_min = self.unused_after;
        options.time_max = std::time::Duration::from_secs_f64(self.time);
        let script =
            self.workload.as_deref().map(|path| Input::open(path)?.whole(SCRIPT_BYTES_MAX)).transpose()?;
        let workload = script.map(|script| Workload::parse(&script));
        let mut file = self.ledger.as_deref().map(LedgerFile::open).transpose()?;
        let ledger = file.as_mut().map(|file| &mut file.ledger);
        let (advice, came) = self.server.advise(workload, options, ledger)?;
        file.iter().flat_map(|file| &file.problems).for_each(|problem| complain(problem));
        if let Some(file) = &file {
            file.save()?;
        }
        for problem in &advice.problems {
            let place = problem.line.map_or(String::new(), |line| format!("line {line}: "));
            let statement = match problem.statement.as_str() {
                "" => String::new(),
                statement => format!(" ({})", crate::cli::one_line(&shortened(statement))),
            };
            complain(&format!("{place}{}{statement}", problem.what));
        }
        let told = match self.json {
            true => Answer::of(&advice, came.as_deref()).json(),
            false => told::tell(&advice, came.as_deref().unwrap_or_default()),
        };
        print(&told)?;
        let is_whole = file.is_none_or(|file| file.problems.is_empty());
        Ok(self.outcome(&advice, came.as_deref().unwrap_or_default(), is_whole))
    }

    fn outcome(&self, advice: &Advice, came: &[Came], is_whole: bool) -> Outcome {
        let is_unused = came.iter().any(|came| came.unused.is_some());
        if self.check && (is_unused || !advice.is_empty()) {
            Outcome::Found
        } else if is_whole && advice.problems.is_empty() {
            Outcome::Good
        } else {
            Outcome::BadInput
        }
    }
}

/// A statement that takes one line of a terminal.
fn shortened(statement: &str) -> String {
    const CHARS_MAX: usize = 100;
    match statement.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}…", &statement[..at]),
        None => statement.to_owned(),
    }
}
