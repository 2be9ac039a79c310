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
        Command::Same(args) => demo::same(&args).map(|()| ExitCode::SUCCESS),
        Command::LoadData(args) => on_runtime(data::load(&args)),
        Command::Serve(args) => on_runtime(serve::command(args)),
        Command::Demo(args) => on_runtime(demo::command(args)),
    }
}

fn on_runtime(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    // A load that Ctrl-C interrupted still runs on a thread of its own; the process ends without it.
    runtime.shutdown_background();
    outcome.map(|()| ExitCode::SUCCESS)
}
