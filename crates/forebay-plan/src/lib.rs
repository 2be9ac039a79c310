//! PostgreSQL's query plans, read and understood without a server.
//!
//! - [`read`] takes what `EXPLAIN` prints, as text or JSON, with what psql or a log puts around it, of PostgreSQL 14 to 18.
//! - [`Plan`] and [`Node`] give it types and lose nothing: keys and node types of other versions are still there.
//! - [`Exclusive`] says what each node took by itself: time, cost and blocks without those of the nodes under it, right for loops,
//!   parallel workers, common table expressions, InitPlans and SubPlans.
//! - [`findings`] says what is wrong in a plan, where it begins, by which numbers, what mending it saves, and what to do.
//! - With the feature `postgres`, `advise` finds the indexes a workload is in want of, with the planner's consent.
//! - With the feature `postgres`, `rewrites` proposes other forms of a statement, and `compare` asks the planner about them.
//! - With the feature `pool`, `Capture` keeps what a `forebay-pool`'s statements do, per fingerprint, while they run, and
//!   `NPlusOneDetector` finds what a request asks for again and again, with the one query to write instead.
//!
//! ```
//! let plans = forebay_plan::read(
//!     "Sort  (cost=9.10..9.30 rows=80 width=8) (actual time=3.000..3.500 rows=80 loops=1)\n  \
//!        Sort Key: a\n  \
//!        ->  Seq Scan on t  (cost=0.00..5.00 rows=80 width=8) (actual time=0.010..2.500 rows=80 loops=1)\n",
//! )?;
//! let plan = &plans[0];
//! let exclusive = forebay_plan::Exclusive::of(plan);
//! assert_eq!(exclusive.time_ms(plan.root()), Some(1.0));
//! assert_eq!(exclusive.time_ms(&plan.nodes()[1]), Some(2.5));
//! # Ok::<_, forebay_plan::ReadError>(())
//! ```

#[cfg(feature = "postgres")]
pub mod advise;
mod buffers;
mod error;
mod exclusive;
#[cfg(feature = "pool")]
mod explain;
mod finding;
mod json;
mod limits;
#[cfg(feature = "pool")]
mod metrics;
mod node;
#[cfg(feature = "pool")]
mod nplus1;
#[cfg(feature = "pool")]
mod observe;
mod plan;
#[cfg(feature = "pool")]
mod plans;
mod read;
#[cfg(feature = "postgres")]
mod rewrite;
mod rules;
#[cfg(feature = "pool")]
mod server_statements;
#[cfg(feature = "pool")]
mod setting;
mod statement;
mod subtrees;
#[cfg(feature = "postgres")]
mod words;

pub use buffers::Buffers;
pub use error::ReadError;
pub use exclusive::Exclusive;
#[cfg(feature = "pool")]
pub use explain::{
    Explain, ExplainConfig, ExplainError, Explainer, ExplainerBuilder, ExplainerStatus, Flip, GenericPlan,
    PlanReport, Skipped,
};
pub use finding::{
    Call, Circumstances, Confidence, Effect, Evidence, Finding, Kind, ResultColumn, Saving, Severity,
    TableStatistics, Unit, findings, findings_with,
};
pub use json::{Object, Value};
pub use limits::Limits;
#[cfg(feature = "pool")]
pub use metrics::METRICS;
pub use node::{Actual, Hash, Node, Sort};
#[cfg(feature = "pool")]
pub use nplus1::{
    Fix, NPlusOneConfig, NPlusOneDetector, NPlusOneStatus, Pattern, Repetition, Source, Strict,
};
#[cfg(feature = "pool")]
pub use observe::{
    BoundValue, By, Capture, CaptureConfig, Dropped, PlaceReport, Sample, SampleReport, SlowLogConfig,
    StatementReport,
};
pub use plan::Plan;
#[cfg(feature = "pool")]
pub use plans::{PlanConfig, Plans, WatchedStatement};
pub use read::{read, read_with};
#[cfg(feature = "postgres")]
pub use rewrite::{CompareError, Compared, Rewrite, RewriteKind, compare, compare_with_text, rewrites};
#[cfg(feature = "pool")]
pub use server_statements::{ServerDelta, ServerStatement, ServerStatements};
#[cfg(feature = "pool")]
pub use setting::SettingError;
pub use statement::{Jit, Trigger};
