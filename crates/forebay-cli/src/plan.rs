//! `forebay plan`: where a query plan spends its time, and what is wrong in it.

mod answer;
mod found;
mod hot;
mod node;
mod svg;
mod tree;

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use forebay_plan::{Limits, Severity, read};

use crate::cli::{Outcome, print};
use crate::error::Error;
use crate::input::Input;
use answer::Answer;

const EXAMPLES: &str = "\
Give it what EXPLAIN printed, as text or as JSON, of PostgreSQL 14 to 18. psql's
frames, its \\x, wrapped lines and the lines of a log (auto_explain) may stay
around it; several plans are answered one after the other. Nothing is sent
anywhere and no server is asked. ANALYZE gives times, BUFFERS gives blocks;
without them there are only the planner's estimates.

Each node gets a line:
  self      what the node took itself: without what ran inside it, all loops
            together, the time of parallel workers side by side, of common
            tables and InitPlans where they really ran. All lines add up to the
            whole. Without ANALYZE it is the planner's cost
  share     the part of the whole that is the node's own
  rows      what it gave, all loops together
  expected  what the planner expected of that; ×12 is twelve times as many rows
            as expected, ÷12 a twelfth
  blocks    blocks of 8 kB the node touched itself
`>` marks the hot path, from the root to the node that took most, which has `*`.

Below it stand the findings, the weightiest first: what is wrong, the numbers of
the plan that show it, what mending it saves of one run, and what to do. `(1)`
behind a node says that finding 1 begins there. What follows from a finding is
told with it and is none of its own. A plan that is cheap has none. The book has
a page for each kind, under its id.

With --json each plan is one line, an object: `line`, `analyzed`, `generic`,
`query`, `planning_ms`, `execution_ms`, `total_ms`, `settings`, `triggers`,
`jit`, `hot_path` (ids of nodes) and `nodes`, each with `id`, `parent`, `depth`,
`node_type`, `title`, what it works on, `conditions`, figures whose names end
with their unit (`self_ms`, `inclusive_ms`, `self_cost`, …), `self_share`,
`rows_expected`, `rows_actual`, `loops`, `rows_total`, `misestimate` (actual ÷
expected), `self_blocks`, `never_executed`, `hot`; and `findings`, each with
`kind` (an id that stays), `severity` (low, medium, high: of the whole less than
a fifth, less than half, more), `node`, `evidence` (`name`, `value`, `unit`),
`saving` (an object: `ms` or `cost`), `confidence`, `what`, `advice` and
`explains` (`kind`, `node`). What a plan does not tell is null.

--svg draws the plan as boxes, each as wide as what it and those under it took,
the redder the more of it is its own; a browser shows the figures of a box under
the pointer. The file needs nothing beside it.

Examples:
  psql -c 'EXPLAIN (ANALYZE, BUFFERS) SELECT …' | forebay plan
  forebay plan plan.txt
  forebay plan --json plan.json | jq '.nodes | max_by(.self_ms) | .title'
  forebay plan --svg plan.svg plan.json
  forebay plan --fail-on high plan.json && echo no finding of weight
  grep -A 200 'duration: .* plan:' postgresql.log | forebay plan

Exit status:
  0  every plan was answered
  1  the input could not be read or is no plan; the line, the column and what was
     expected there are on standard error. Or a finding has the severity of
     --fail-on
  2  wrong usage";

/// Show where a query plan spends its time, node by node, and what is wrong in it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Plan {
    /// The file to read; `-` is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Print one JSON object a plan.
    #[arg(long)]
    json: bool,
    /// Also draw the plans into this file, as SVG.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Exit with 1 when there is a finding of this severity or above.
    #[arg(long, value_name = "SEVERITY", value_enum)]
    fail_on: Option<FailOn>,
}

/// The least severity that fails.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Low,
    Medium,
    High,
}

impl From<FailOn> for Severity {
    fn from(least: FailOn) -> Self {
        match least {
            FailOn::Low => Self::Low,
            FailOn::Medium => Self::Medium,
            FailOn::High => Self::High,
        }
    }
}

impl Plan {
    /// Answer every plan of the input.
    pub(crate) fn run(&self) -> Result<Outcome, Error> {
        let mut input = Input::open(&self.file)?;
        let text = input.whole(Limits::default().bytes_max)?;
        let name = || input.name().to_owned();
        let plans = read(&text).map_err(|source| Error::Plan { name: name(), source })?;
        let answers: Vec<Answer<'_>> = plans.iter().map(Answer::of).collect();
        if let Some(path) = &self.svg {
            let drawing = svg::draw(&answers);
            fs::write(path, drawing).map_err(|source| Error::Draw { path: path.clone(), source })?;
        }
        for (at, answer) in answers.iter().enumerate() {
            if self.json {
                print(&answer.json())?;
            } else {
                let before = if at > 0 { "\n" } else { "" };
                print(&format!("{before}{}{}", tree::draw(answer), found::list(answer)))?;
            }
        }
        let fails = |severity| self.fail_on.is_some_and(|least| severity >= Severity::from(least));
        let found = answers.iter().flat_map(|answer| &answer.findings).any(|finding| fails(finding.severity));
        Ok(if found { Outcome::Found } else { Outcome::Good })
    }
}
