//! The commands of the workspace. `cargo xtask --help` teaches them.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

mod arguments;
mod bench;
mod book;
mod demo;
mod install;
mod interrupt;
mod lab;
mod matrix;
mod process;
mod soak;
mod steps;
mod test;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use arguments::{Arguments, Task};
use interrupt::{Interrupts, Stopped};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match Interrupts::listen() {
        Ok(mut interrupts) => run(arguments.task, &mut interrupts).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            if let Some(stopped) = error.downcast_ref::<Stopped>() {
                eprintln!("\n{stopped}");
                return stopped.exit_code();
            }
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(task: Task, interrupts: &mut Interrupts) -> Result<ExitCode> {
    match task {
        Task::Demo(options) => demo::run(&options, interrupts).await,
        Task::Test(options) => test::run(&options, interrupts).await,
        Task::Bench(options) => Box::pin(bench::run(&options, interrupts)).await,
        Task::Soak(options) => soak::run(&options, interrupts).await,
        Task::Matrix(options) => matrix::run(&options, interrupts).await,
        Task::Lab { command } => Box::pin(lab::run(&command, interrupts)).await,
        Task::Book => book::run(interrupts).await,
    }
}
