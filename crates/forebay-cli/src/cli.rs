//! The command line, and what becomes of each command's outcome.

use std::error::Error as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::advise;
use crate::cache;
use crate::error::Error;
use crate::plan;
use crate::route;

const EXAMPLES: &str = "\
Each command explains itself: forebay cache explain --help

Examples:
  echo 'SELECT * FROM users' | forebay route
  forebay route --url postgres://app@db-1/shop queries.txt
  psql -c 'EXPLAIN (ANALYZE, BUFFERS) SELECT …' | forebay plan
  forebay advise --url postgres://app@db-1/shop --workload queries.sql
  forebay cache stats --namespace shop
  forebay cache explain --namespace shop --cache users --key-type u64 7
  forebay cache invalidate --namespace shop --tag user:7

The namespace is the services' name (`service.name`), the Redis that of REDIS_URL.";

/// Tools around the path from a request to its data.
#[derive(Debug, Parser)]
#[command(name = "forebay", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Route(route::Route),
    Plan(plan::Plan),
    Advise(Box<advise::Advise>),
    Cache(Box<cache::Cache>),
}

/// How a command that ran to its end fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything was in order.
    Good,
    /// The answer is complete, but something in the input was wrong and was reported.
    BadInput,
    /// What was asked to be a failure was found.
    Found,
}

/// Parse the command line and run it. Wrong usage exits with 2, from within the parser.
pub(crate) fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Route(route) => route.run(),
        Command::Plan(plan) => plan.run(),
        Command::Advise(advise) => advise.run(),
        Command::Cache(cache) => cache.run(),
    };
    match outcome {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::BadInput | Outcome::Found) => ExitCode::from(1),
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(1)
        }
    }
}

/// Write an answer and a line end to standard output.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    writeln!(io::stdout().lock(), "{text}").map_err(|source| Error::Write { source })
}

/// One line on standard error: the error and what caused it.
fn report(error: &Error) {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    complain(&text);
}

/// Write a line to standard error. When that is closed there is nobody left to tell.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "forebay: {text}");
}

/// Names may hold line ends, tabs and terminal codes; a line of output must not.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// A number of seconds that something may take.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3600.0 => Ok(seconds),
        _ => Err("expected a number of seconds above 0, at most 3600".to_owned()),
    }
}
