//! Removing what a killed lab left behind.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Signal, geteuid};

use crate::folder::RECORD;
use crate::process::{Identity, descendants};

const PREFIX: &str = "forebay-lab";
/// A server that was asked to end gets this long before it is killed.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);
const REMOVALS: usize = 100;

/// The name of a folder owned by a process: where its id counts, the id, its start time, a number.
pub(crate) fn name(owner: &Identity, number: u32) -> String {
    format!("{PREFIX}-{}-{}-{}-{number}", namespace(), owner.pid, owner.started_ticks)
}

/// Removes the folders in `parent` whose owner is gone, and ends the processes they recorded.
///
/// Only folders of this user count, and only those whose owner lived where process ids mean the same as here.
pub(crate) fn abandoned(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(owner) = name.to_str().and_then(owner) else { continue };
        let mine =
            entry.metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == geteuid().as_raw());
        if mine && !owner.is_running() {
            remove(&entry.path());
        }
    }
}

/// Ends the processes recorded in a lab's folder and the folders inside it, then removes it.
pub(crate) fn remove(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().and_then(owner).is_some() {
            remove(&entry.path());
        }
    }
    let recorded = recorded(&std::fs::read_to_string(folder.join(RECORD)).unwrap_or_default());
    for process in &recorded {
        end(process);
    }
    // A process that just ended may still have been writing.
    for _ in 0..REMOVALS {
        let gone = std::fs::remove_dir_all(folder);
        if gone.is_ok() || !folder.exists() {
            return;
        }
        std::thread::sleep(POLL);
    }
}

fn end(process: &Identity) {
    if !process.is_running() {
        return;
    }
    let family = descendants(process.pid);
    // SIGQUIT is PostgreSQL's quick clean end; Redis and Memcached have no use for it and just end.
    process.signal(Signal::QUIT);
    for member in family.iter().chain([process]) {
        member.signal(Signal::CONT);
    }
    let begun = Instant::now();
    while process.is_running() && begun.elapsed() < GRACE {
        std::thread::sleep(POLL);
    }
    for member in family.iter().chain([process]) {
        member.signal(Signal::KILL);
    }
    while process.is_running() && begun.elapsed() < GRACE * 2 {
        std::thread::sleep(POLL);
    }
}

/// The processes of a record that still run and still are what was recorded.
fn recorded(record: &str) -> Vec<Identity> {
    let mut seen = HashSet::new();
    record
        .lines()
        .filter_map(|line| {
            let mut fields = line.splitn(3, ' ');
            let process =
                Identity { pid: fields.next()?.parse().ok()?, started_ticks: fields.next()?.parse().ok()? };
            let program = fields.next()?;
            let command = process.command()?;
            // The system cuts names after 15 bytes; before the server itself there is `setpriv`.
            let known = command == program.get(..15).unwrap_or(program) || command == "setpriv";
            (known && process.is_running() && seen.insert(process.pid)).then_some(process)
        })
        .collect()
}

fn owner(name: &str) -> Option<Identity> {
    let rest = name.strip_prefix(PREFIX)?.strip_prefix('-')?;
    let mut fields = rest.split('-');
    if fields.next()? != namespace() {
        return None;
    }
    Some(Identity { pid: fields.next()?.parse().ok()?, started_ticks: fields.next()?.parse().ok()? })
}

/// Process ids mean something only inside one namespace: a container may share the temporary folder.
fn namespace() -> String {
    let link = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    link.to_string_lossy().chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::{name, owner, recorded};
    use crate::process::Identity;

    #[test]
    fn a_folder_name_tells_its_owner() {
        let mine = Identity::mine().unwrap();
        assert_eq!(owner(&name(&mine, 3)), Some(mine));
        assert_eq!(owner("forebay-lab-1-2-3-4"), None, "another namespace's ids mean nothing here");
        assert_eq!(owner("something-else"), None);
    }

    #[test]
    fn only_a_process_that_matches_its_record_counts() {
        let mine = Identity::mine().unwrap();
        let command = mine.command().unwrap();
        let line = format!("{} {} {command}", mine.pid, mine.started_ticks);
        assert_eq!(recorded(&line), vec![mine.clone()]);
        assert_eq!(recorded(&format!("{} {} postgres", mine.pid, mine.started_ticks)), vec![]);
        assert_eq!(recorded(&format!("{} {} {command}", mine.pid, mine.started_ticks + 1)), vec![]);
        assert_eq!(recorded("nonsense\n1\n"), vec![]);
    }
}
