use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};

/// A treasury over TPC-H data, bare or with forebay, and the load to compare them.
#[derive(Debug, Parser)]
#[command(name = "treasury", version, about, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fill a database with TPC-H customers, orders, line items, parts and nations.
    LoadData(LoadDataArgs),
    /// Run the service; its address is printed as one line once it is ready.
    Serve(ServeArgs),
    /// Put a running service under load and report what came back, as JSON.
    Load(LoadArgs),
    /// Ask two running services the same over every route, and compare what they answer.
    Same(SameArgs),
    /// Run the whole comparison on servers you name: load, check, measure, print one table.
    Demo(DemoArgs),
}

/// How to fill a database.
#[derive(Debug, Clone, Args)]
pub struct LoadDataArgs {
    /// The database to fill, such as `postgres://user@127.0.0.1:5432/treasury`. It must exist.
    #[arg(long, env = "DATABASE_URL")]
    pub url: String,
    /// TPC-H scale factor: 0.1 is 15,000 customers and 600,000 line items.
    #[arg(long, default_value_t = 0.1, value_parser = parse_scale)]
    pub scale: f64,
    /// Load again even if the database already holds this scale.
    #[arg(long)]
    pub again: bool,
}

/// How to run the service.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Plain deadpool and prepared statements, or the same handlers over forebay.
    #[arg(long, value_enum)]
    pub mode: Mode,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// The primary database.
    #[arg(long, env = "DATABASE_URL")]
    pub primary_url: String,
    /// A standby; repeat for several. Bare does not use them.
    #[arg(long = "replica-url")]
    pub replica_urls: Vec<String>,
    /// Redis for the shared tier and the invalidations. Bare does not use it.
    #[arg(long, env = "REDIS_URL")]
    pub redis_url: Option<String>,
    /// What this deployment calls itself in Redis: nodes that share data share the name.
    #[arg(long, default_value = "treasury")]
    pub namespace: String,
    /// Connections per database server.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub pool_size: u16,
    /// Stop when standard input closes, so that a parent that dies takes the service with it.
    #[arg(long)]
    pub until_stdin_closes: bool,
}

/// Which data path the handlers run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// deadpool-postgres with cached prepared statements.
    Bare,
    /// Tiers, read/write split, prepared responses.
    Forebay,
}

impl Mode {
    /// The word used on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Forebay => "forebay",
        }
    }
}

/// The load to send.
#[derive(Debug, Clone, Args)]
pub struct LoadArgs {
    /// A service to load, such as `http://127.0.0.1:8080`; repeat for several nodes. Payments go to the first,
    /// reads to all in turn.
    #[arg(long = "target", required = true)]
    pub targets: Vec<String>,
    /// Connections, each one client.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub connections: u16,
    /// How long to send, in seconds.
    #[arg(long, default_value_t = 10.0, value_parser = parse_seconds)]
    pub seconds: f64,
    /// Requests per second on a schedule that does not wait for answers (open loop); without it every client
    /// sends as soon as it has its answer (closed loop).
    #[arg(long)]
    pub rate: Option<f64>,
    /// The TPC-H scale factor the services' database was filled with: says which accounts exist.
    #[arg(long, default_value_t = 0.1, value_parser = parse_scale)]
    pub scale: f64,
    /// Same seed, same clients and same requests.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many of a hundred requests are payments; the rest are reads in the usual mix.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub payments_percent: u8,
    /// How long after a payment's acknowledgement another node may still answer without it, in milliseconds.
    /// The node that took the payment gets no such time.
    #[arg(long, default_value_t = 100)]
    pub bound_ms: u64,
    /// Write the report here instead of on standard output.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

/// The services to compare.
#[derive(Debug, Clone, Args)]
pub struct SameArgs {
    /// The service that is right, such as `http://127.0.0.1:8080`.
    #[arg(long)]
    pub bare: String,
    /// The service that should answer the same, on a copy of the same database.
    #[arg(long)]
    pub forebay: String,
    /// The TPC-H scale factor of their databases.
    #[arg(long, default_value_t = 0.1, value_parser = parse_scale)]
    pub scale: f64,
}

/// The comparison to run.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// A primary on which databases may be created, such as `postgres://postgres@127.0.0.1:5432/postgres`;
    /// `treasury_demo_bare` and `treasury_demo_forebay` are replaced, and dropped at the end.
    #[arg(long)]
    pub primary_url: String,
    /// A streaming standby of that primary; repeat for several. The user must be allowed to pause its replay.
    #[arg(long = "replica-url", required = true)]
    pub replica_urls: Vec<String>,
    /// Redis; only keys of this run's own namespace are touched.
    #[arg(long)]
    pub redis_url: String,
    /// TPC-H scale factor.
    #[arg(long, default_value_t = 0.1, value_parser = parse_scale)]
    pub scale: f64,
    /// Clients that send at once.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub connections: u16,
    /// Length of each measured slice in seconds.
    #[arg(long, default_value_t = 1.0, value_parser = parse_seconds)]
    pub slice_seconds: f64,
    /// Pairs of slices, bare and forebay in turn, per kind of measurement.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub pairs: u16,
    /// Seed of every load in the run.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Keep the services up afterwards and print their addresses; Ctrl-C ends them.
    #[arg(long)]
    pub keep: bool,
    /// Where the figures go.
    #[arg(long, default_value = "target/bench/service.json")]
    pub json: PathBuf,
}

fn parse_scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if (0.001..=10.0).contains(&scale) => Ok(scale),
        _ => Err("a scale factor from 0.001 to 10".to_owned()),
    }
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds from 0.1 to 3600".to_owned()),
    }
}
