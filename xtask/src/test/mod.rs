//! `cargo xtask test [AREA…]`

mod features;
mod fuzz;
mod plan;
mod scope;

use std::process::ExitCode;

use anyhow::Result;
use forebay_tests::{ENVIRONMENT, LabSpec};

use crate::arguments::TestOptions;
use crate::install::{self, Server};
use crate::interrupt::Interrupts;
use crate::lab;
use crate::steps::Steps;
use crate::workspace::Workspace;
use plan::Part;
use scope::Scope;

/// Checks everything, or the crates that were named.
pub(crate) async fn run(options: &TestOptions, interrupts: &mut Interrupts) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    let scope = Scope::of(&workspace, &options.area)?;
    install::ensure(&Server::ALL, options.yes, interrupts).await?;

    let parts = plan::parts(&workspace, &scope);
    let mut steps = Steps::new(parts.iter().map(Part::name).collect())?;
    steps.limit(options.limit);
    for part in parts {
        let needs_lab = part.needs_lab();
        let mut commands = part.into_commands();
        let lab = match needs_lab {
            true => Some(lab::start(&LabSpec::default(), interrupts).await?),
            false => None,
        };
        if let Some(lab) = &lab {
            for command in &mut commands {
                command.env(ENVIRONMENT, lab.addresses().to_environment());
            }
        }
        steps.run(commands, interrupts).await?;
    }
    println!("{}", steps.summary());
    Ok(ExitCode::SUCCESS)
}
