//! Allocations of one answer, counted by a program of their own: an allocator that counts would slow down what is measured here.

use anyhow::Context as _;
use forebay_benches::{Aim, Report};
use std::process::Command;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let program = std::env::current_exe()?.with_file_name("response-allocations");
    let output =
        Command::new(&program).output().with_context(|| format!("cannot run {}", program.display()))?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for line in String::from_utf8(output.stdout)?.lines() {
        let (name, count) = line.split_once(' ').context("a name and a count")?;
        report.value(&format!("response.{name}_allocs"), Aim::None, count.parse()?, "allocations", 1);
    }
    Ok(())
}
