use crate::{Cli, Command, data, demo, load, serve, terminal};
use std::process::ExitCode;

/// Runs one command to its end; a failure is told in one sentence on standard error.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    match dispatch(cli.command) {
        Ok(code) => code,
        Err(error) => {
            terminal::progress(&format!("treasury: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Load(args) => load::command(&args).map(|()| ExitCode::SUCCESS),
        Command::LoadData(args) => runtime()?.block_on(data::load(&args)).map(|()| ExitCode::SUCCESS),
        Command::Serve(args) => runtime()?.block_on(serve::command(args)).map(|()| ExitCode::SUCCESS),
        Command::Demo(args) => runtime()?.block_on(demo::command(args)),
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
