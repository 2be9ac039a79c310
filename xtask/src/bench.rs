//! `cargo xtask bench AREA [GROUP…]`

use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use forebay_tests::{ENVIRONMENT, LabSpec};

use crate::arguments::{BenchOptions, DemoOptions};
use crate::install::{self, Server};
use crate::interrupt::Interrupts;
use crate::process::{Group, exit_code};
use crate::workspace::Workspace;
use crate::{demo, lab};

/// The area whose figures the demo measures.
const SERVICE: &str = "service";
/// Areas that are measured in groups, which their bench knows.
const GROUPED: [&str; 4] = ["cache", "plan", "pool", "response"];
/// Areas that talk to no server.
const ALONE: [&str; 3] = ["response", "sql", "traffic"];
/// The area that is compared with caching web servers, where they can be had; it starts them itself.
const WEB: &str = "response";
/// What its bench runs to count allocations.
const ALLOCATIONS: &str = "response-allocations";

/// Measures an area, or checks that all of them compile.
pub(crate) async fn run(options: &BenchOptions, interrupts: &mut Interrupts) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    if options.check {
        let mut check = workspace.cargo(["check", "--package", "forebay-benches", "--all-targets"]);
        let checked = Group::spawn(&mut check)?.wait(interrupts).await?;
        if !checked.success() {
            return Ok(exit_code(checked));
        }
        let mut pages = workspace.cargo(["test", "--package", "forebay-benches", "--doc"]);
        return Ok(exit_code(Group::spawn(&mut pages)?.wait(interrupts).await?));
    }
    let areas = areas(&workspace)?;
    let Some(area) = options.area.as_deref() else {
        println!("areas: {}", areas.join(", "));
        return Ok(ExitCode::SUCCESS);
    };
    if !areas.iter().any(|known| known == area) {
        bail!("there is no bench `{area}`; the areas are {}", areas.join(", "));
    }
    if !options.groups.is_empty() && !GROUPED.contains(&area) {
        bail!("`{area}` is measured in one piece: it has no groups");
    }
    if area == SERVICE {
        let demo = DemoOptions { yes: options.yes, keep: false, more: Vec::new() };
        return demo::run(&demo, interrupts).await;
    }
    Box::pin(measure(&workspace, area, options, interrupts)).await
}

async fn measure(
    workspace: &Workspace,
    area: &str,
    options: &BenchOptions,
    interrupts: &mut Interrupts,
) -> Result<ExitCode> {
    let mut build = workspace.cargo(["build", "--release", "--package", "forebay-benches", "--bin", area]);
    if area == WEB {
        build.args(["--bin", ALLOCATIONS]);
    }
    let built = Group::spawn(build.stdin(Stdio::null()))?.wait(interrupts).await?;
    if !built.success() {
        bail!("the bench does not build: run `cargo xtask bench --check`");
    }
    let mut bench = tokio::process::Command::new(workspace.target().join("release").join(area));
    bench.args(&options.groups).current_dir(workspace.root());
    bench.env("CARGO_TARGET_DIR", workspace.target()).stdin(Stdio::null());
    let mut running = None;
    if area == WEB {
        install::offer(&Server::WEB, options.yes, interrupts).await?;
    }
    if !ALONE.contains(&area) {
        install::ensure(&Server::ALL, options.yes, interrupts).await?;
        let lab = lab::start(&LabSpec::default(), interrupts).await?;
        bench.env(ENVIRONMENT, lab.addresses().to_environment());
        running = Some(lab);
    }
    let status = Group::spawn(&mut bench)?.wait(interrupts).await?;
    drop(running);
    Ok(exit_code(status))
}

/// The benches there are: one binary each, and the demo.
fn areas(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root().join("benches/src/bin");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("no benches in {}", folder.display()))?;
    let mut areas: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .chain([SERVICE.to_owned()])
        .collect();
    areas.sort();
    Ok(areas)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::GROUPED;
    use crate::arguments::Arguments;

    #[test]
    fn the_help_names_every_group_of_every_area() {
        let mut commands = Arguments::command();
        let help = commands.find_subcommand_mut("bench").map(|bench| bench.render_long_help().to_string());
        let help = help.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let mut areas = Vec::new();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/src/bin");
        for entry in std::fs::read_dir(folder).expect("the benches are there").flatten() {
            let Ok(bench) = std::fs::read_to_string(entry.path().join("main.rs")) else { continue };
            let name = |line: &str| Some(line.strip_prefix("    (\"")?.split_once("\", ")?.0.to_owned());
            let groups: Vec<_> = bench.lines().filter_map(name).collect();
            if bench.contains("const GROUPS") {
                let area = entry.file_name().into_string().expect("a name in letters");
                let named = format!("`{area}` has {}", groups.join(", "));
                assert!(!groups.is_empty() && help.contains(&named), "{named} is not in: {help}");
                areas.push(area);
            }
        }
        areas.sort();
        assert_eq!(areas, GROUPED);
    }
}
