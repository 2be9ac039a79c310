//! Which tests depend on PostgreSQL's version.

use anyhow::{Result, bail};
use cargo_metadata::TargetKind;
use tokio::process::Command;

use crate::workspace::Workspace;

/// A crate whose behaviour depends on the server's version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    name: &'static str,
    /// Test files left out: they do not depend on it, or take longer than they would tell.
    without: &'static [&'static str],
}

const ALL: [Area; 3] = [
    Area { name: "sql", without: &[] },
    Area { name: "plan", without: &[] },
    Area {
        name: "pool",
        without: &[
            "configuration_errors_name_the_key",
            "higher_classes_are_served_first",
            "positions_travel_signed",
            "ten_thousand_dropped_futures_leave_the_pool_whole",
            "the_wire_is_understood_however_it_is_cut",
        ],
    },
];

impl Area {
    /// The areas that were asked for; all when none is named.
    pub(super) fn of(asked: &[String]) -> Result<Vec<Self>> {
        if let Some(unknown) = asked.iter().find(|asked| !ALL.iter().any(|area| area.name == **asked)) {
            let names = ALL.map(|area| area.name).join(", ");
            bail!("nothing of `{unknown}` depends on PostgreSQL's version; the areas are {names}");
        }
        let wanted = |area: &Area| asked.is_empty() || asked.iter().any(|asked| *asked == area.name);
        Ok(ALL.into_iter().filter(wanted).collect())
    }

    /// `cargo test` of its targets; the caller says in which lab.
    pub(super) fn arguments(self, workspace: &Workspace) -> Vec<String> {
        let package = format!("forebay-{}", self.name);
        let mut arguments: Vec<String> =
            ["test", "--all-features", "--no-fail-fast", "--package", &package].map(String::from).into();
        for target in targets(workspace, &package) {
            arguments.extend(["--test".to_owned(), target]);
        }
        arguments.push("--".to_owned());
        arguments.extend(self.without.iter().flat_map(|file| ["--skip".to_owned(), format!("{file}::")]));
        arguments
    }

    /// The same, only built.
    pub(super) fn building(self, workspace: &Workspace) -> Command {
        let mut arguments = self.arguments(workspace);
        arguments.insert(1, "--no-run".to_owned());
        workspace.cargo(arguments)
    }
}

/// The test programs of a package.
fn targets(workspace: &Workspace, package: &str) -> Vec<String> {
    let packages = workspace.packages();
    let targets = packages.iter().filter(|found| found.name == package).flat_map(|found| &found.targets);
    let mut names: Vec<String> = targets
        .filter(|target| target.kind.contains(&TargetKind::Test))
        .map(|target| target.name.clone())
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::{ALL, Area};
    use crate::workspace::Workspace;

    #[test]
    fn what_is_left_out_is_there() {
        let workspace = Workspace::load().unwrap();
        for area in ALL {
            let tests = workspace.root().join("crates").join(format!("forebay-{}", area.name)).join("tests");
            for file in area.without {
                assert!(tests.join("behaviour").join(format!("{file}.rs")).is_file(), "{file}");
            }
        }
        assert!(Area::of(&["cache".to_owned()]).unwrap_err().to_string().contains("sql, plan, pool"));
    }
}
