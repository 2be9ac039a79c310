//! The command line.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The commands of the forebay workspace
///
/// `demo` shows what forebay does, `test` checks everything; both install the servers they need if you agree (Debian, Ubuntu), start
/// throw-away servers of their own on free loopback ports, and leave nothing behind, also after Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100)]
#[command(after_help = SERVERS)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) task: Task,
}

const SERVERS: &str = "\
Servers you already have:
  FOREBAY_LAB_POSTGRES   a folder with `postgres` and `initdb`, or addresses postgres://… (primary first, then standbys)
  FOREBAY_LAB_REDIS      `redis-server` or its folder, or redis://HOST:PORT
  FOREBAY_LAB_MEMCACHED  `memcached` or its folder, or HOST:PORT
  FOREBAY_LAB_NGINX, FOREBAY_LAB_VARNISH
                         `nginx` and `varnishd` or their folders, for `bench response`";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Run the example service bare and with forebay under the same load, and print both side by side
    #[command(
        after_help = "Examples:\n  cargo xtask demo\n  cargo xtask demo --keep\n  cargo xtask demo -- --scale 0.01"
    )]
    Demo(DemoOptions),
    /// Check everything: format, lints, docs, layer rules, tests, examples, features, fuzz targets, book
    #[command(after_help = "Examples:\n  cargo xtask test\n  cargo xtask test cache pool")]
    Test(TestOptions),
    /// Measure one area beside its peers
    ///
    /// Prints one line a figure and writes target/bench/AREA.json with what was measured. Without an area it lists the areas.
    #[command(
        after_help = "Examples:\n  cargo xtask bench cache\n  cargo xtask bench cache hits ratio\n  cargo xtask bench pool spike\n  cargo xtask bench response hits servers\n  cargo xtask bench --check"
    )]
    Bench(BenchOptions),
    /// Look for what breaks a promise, in random histories, for some minutes
    ///
    /// `cache` runs histories of several nodes that no test run has seen (lost messages, failovers, lagging standbys, restarts …) and
    /// prints the shortest one that breaks the coherence rule.
    #[command(after_help = "Examples:\n  cargo xtask soak cache\n  cargo xtask soak cache --minutes 60")]
    Soak(SoakOptions),
    /// Run the tests that depend on PostgreSQL's version on every supported version
    ///
    /// Builds the tests once, and prints for each version what ran. A version the system does not have in /usr/lib/postgresql is installed under target/matrix, from packages of npm.
    #[command(
        after_help = "Examples:\n  cargo xtask matrix\n  cargo xtask matrix sql --postgres 17 --postgres 18"
    )]
    Matrix(MatrixOptions),
    /// Run a command inside a lab of real servers
    ///
    /// Starts PostgreSQL (a primary and two standbys), Redis and Memcached on free loopback ports in a temporary folder, puts their
    /// addresses into FOREBAY_LAB, runs the command, and ends the servers when it ends.
    #[command(
        after_help = "Examples:\n  cargo xtask lab -- cargo test -p forebay-cache\n  cargo xtask lab -- bash"
    )]
    Lab {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Build the book from docs/ into target/book
    Book,
}

/// What to soak.
#[derive(Debug, Args)]
pub(crate) struct SoakOptions {
    /// The area
    #[arg(value_enum)]
    pub(crate) area: SoakArea,
    /// For how long; at least one batch of histories is run
    #[arg(long = "minutes", value_name = "MINUTES", default_value = "5", value_parser = minutes)]
    pub(crate) limit: Duration,
}

/// What can be soaked.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SoakArea {
    /// The coherence rule of `forebay-cache`
    Cache,
}

/// What to run on which version.
#[derive(Debug, Args)]
pub(crate) struct MatrixOptions {
    /// Only these areas; all of them when none is named: sql, plan, pool
    pub(crate) area: Vec<String>,
    /// A version to test, 14 to 18; may be given more than once [default: 15, 16 and 18]
    #[arg(long, value_name = "MAJOR")]
    pub(crate) postgres: Vec<u32>,
    /// How long the tests of one version may take
    #[arg(long = "minutes", value_name = "MINUTES", default_value = "20", value_parser = minutes)]
    pub(crate) limit: Duration,
    /// Install missing packages without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// How to run the demo.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Install missing packages without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Keep the services and their pages up afterwards and print their addresses; Ctrl-C ends them
    #[arg(long)]
    pub(crate) keep: bool,
    /// More options for `treasury demo`
    #[arg(last = true)]
    pub(crate) more: Vec<OsString>,
}

/// What to test.
#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// Only these crates (`cache` means `forebay-cache`); everything when none is named
    pub(crate) area: Vec<String>,
    /// How long it may take, all builds included: a test that hangs fails the run
    #[arg(long = "minutes", value_name = "MINUTES", default_value = "80", value_parser = minutes)]
    pub(crate) limit: Duration,
    /// Install missing packages without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct BenchOptions {
    /// The area; `service` is the demo's figures
    pub(crate) area: Option<String>,
    /// Only these groups of figures; everything when none is named
    ///
    /// `cache` has hits, macros, sizes, growth, ratio, redis, memcached, nodes, outage; `plan` has advice, faults, nplus1,
    /// observer, parse; `pool` has requests, lane, observer, faults, balance, own-writes, bulk, spike; `response` has hits, idle,
    /// one-off, streams, fields, servers. The other areas are measured in one piece. Environment: FOREBAY_BENCH_READS, how many
    /// reads `own-writes` makes, in place of those that 100 s allow; of plan, FOREBAY_BENCH_SEEDS, how many cases of each fault
    /// each half of `faults` has, in place of 3; FOREBAY_BENCH_HELD=1, whether it shows the wrong cases of the held half as well;
    /// FOREBAY_BENCH_SCALE, TPC-H's scale factor in `advice`, in place of 0.2
    pub(crate) groups: Vec<String>,
    /// Only check that the benches compile, and the code of docs/ that needs a peer
    #[arg(long)]
    pub(crate) check: bool,
    /// Install missing packages without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
}

fn minutes(text: &str) -> Result<Duration, String> {
    let minutes: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(minutes * 60.0).map_err(|error| error.to_string())
}
