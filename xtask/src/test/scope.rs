//! Which packages a test run is about.

use anyhow::{Result, bail};
use cargo_metadata::Package;

use crate::workspace::Workspace;

/// All packages, or some.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    packages: Vec<&'a Package>,
    all: bool,
}

impl<'a> Scope<'a> {
    /// The packages named by `areas`: `cache` means `forebay-cache`; all when none is named.
    pub(super) fn of(workspace: &'a Workspace, areas: &[String]) -> Result<Self> {
        let all = workspace.packages();
        if areas.is_empty() {
            return Ok(Self { packages: all, all: true });
        }
        let mut packages = Vec::new();
        for area in areas {
            let long = format!("forebay-{area}");
            match all.iter().find(|package| package.name == *area || package.name == long) {
                Some(package) => packages.push(*package),
                None => bail!("there is no crate `{area}`; the areas are {}", names(&all).join(", ")),
            }
        }
        Ok(Self { packages, all: false })
    }

    /// Whether the run is about everything.
    pub(super) fn is_all(&self) -> bool {
        self.all
    }

    pub(super) fn packages(&self) -> &[&'a Package] {
        &self.packages
    }

    /// `--package` for each package; nothing when it is about everything, which is cargo's default.
    pub(super) fn selection(&self) -> Vec<String> {
        if self.all {
            return Vec::new();
        }
        self.packages.iter().flat_map(|package| ["--package".to_owned(), package.name.to_string()]).collect()
    }
}

fn names(packages: &[&Package]) -> Vec<String> {
    packages
        .iter()
        .map(|package| package.name.strip_prefix("forebay-").unwrap_or(&package.name).to_owned())
        .collect()
}
