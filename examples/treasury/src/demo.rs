//! The whole comparison, from loading the data to the table.

use crate::DemoArgs;
use std::process::ExitCode;

/// `treasury demo`.
pub(crate) async fn command(_args: DemoArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this build has no demo yet")
}
