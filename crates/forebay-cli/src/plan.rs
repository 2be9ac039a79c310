//! `forebay plan`: where a query plan spends its time.

mod answer;
mod hot;
mod node;
mod tree;

use std::path::PathBuf;

use clap::Args;
use forebay_plan::read;

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

With --json each plan is one line, an object: `line`, `analyzed`, `generic`,
`query`, `planning_ms`, `execution_ms`, `total_ms`, `settings`, `triggers`,
`jit`, `hot_path` (ids of nodes) and `nodes`, each with `id`, `parent`, `depth`,
`node_type`, `title`, what it works on, `conditions`, figures whose names end
with their unit (`self_ms`, `inclusive_ms`, `self_cost`, …), `self_share`,
`rows_expected`, `rows_actual`, `loops`, `rows_total`, `misestimate` (actual ÷
expected), `self_blocks`, `never_executed`, `hot`. What a plan does not tell is
null.

Examples:
  psql -c 'EXPLAIN (ANALYZE, BUFFERS) SELECT …' | forebay plan
  forebay plan plan.txt
  forebay plan --json plan.json | jq '.nodes | max_by(.self_ms) | .title'
  grep -A 200 'duration: .* plan:' postgresql.log | forebay plan

Exit status:
  0  every plan was answered
  1  the input could not be read or is no plan; the line, the column and what was
     expected there are on standard error
  2  wrong usage";

/// Show where a query plan spends its time, node by node.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Plan {
    /// The file to read; `-` is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Print one JSON object a plan.
    #[arg(long)]
    json: bool,
}

impl Plan {
    /// Answer every plan of the input.
    pub(crate) fn run(&self) -> Result<Outcome, Error> {
        let mut input = Input::open(&self.file)?;
        let text = input.whole()?;
        let name = || input.name().to_owned();
        let plans = read(&text).map_err(|source| Error::Plan { name: name(), source })?;
        for (at, plan) in plans.iter().enumerate() {
            let answer = Answer::of(plan);
            if self.json {
                print(&answer.json())?;
            } else {
                let before = if at > 0 { "\n" } else { "" };
                print(&format!("{before}{}", tree::draw(&answer)))?;
            }
        }
        Ok(Outcome::Good)
    }
}
