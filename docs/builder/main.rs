//! `forebay-docs BOOK TARGET`: builds the book in the folder BOOK into TARGET, and fails on a page the summary does not know and on a
//! link that leads nowhere.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

mod links;
mod pages;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use mdbook_driver::MDBook;

fn main() -> ExitCode {
    match run() {
        Ok(place) => {
            println!("the book is in {}", place.join("index.html").display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<PathBuf> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(book), Some(target)) = (arguments.next(), arguments.next()) else {
        bail!("usage: forebay-docs BOOK TARGET");
    };
    build(&book, &target)?;
    Ok(target)
}

fn build(book: &Path, target: &Path) -> Result<()> {
    let mut loaded = MDBook::load(book).with_context(|| format!("no book in {}", book.display()))?;
    let target = std::path::absolute(target)?;
    loaded.config.build.build_dir = target.clone();
    report("pages missing in SUMMARY.md", &pages::unlisted(&loaded)?)?;
    loaded.build().context("the book does not build")?;
    report("links that lead nowhere", &links::broken(&target)?)
}

fn report(what: &str, mistakes: &[String]) -> Result<()> {
    if mistakes.is_empty() {
        return Ok(());
    }
    bail!("{what}:\n  {}", mistakes.join("\n  "))
}
