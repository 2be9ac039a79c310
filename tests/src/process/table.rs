//! What the system knows about processes (`/proc`, Linux).

use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};

/// A process that cannot be mistaken for a later one with the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) pid: i32,
    /// Clock ticks between the start of the system and the start of the process.
    pub(crate) started_ticks: u64,
}

impl Identity {
    /// The identity of a running process.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        Some(Self { pid, started_ticks: Status::read(pid)?.started_ticks })
    }

    /// This process.
    pub(crate) fn mine() -> Option<Self> {
        Self::of(std::process::id().cast_signed())
    }

    /// Whether this very process still runs (one that ended and was not yet collected does not).
    pub(crate) fn is_running(&self) -> bool {
        Status::read(self.pid)
            .is_some_and(|status| status.started_ticks == self.started_ticks && status.state != 'Z')
    }

    /// Whether this very process has stopped or ended.
    pub(crate) fn stands_still(&self) -> bool {
        Status::read(self.pid).is_none_or(|status| {
            status.started_ticks != self.started_ticks || matches!(status.state, 'T' | 'Z' | 'X')
        })
    }

    /// The name the system shows for the process.
    pub(crate) fn command(&self) -> Option<String> {
        Status::read(self.pid).map(|status| status.command)
    }

    /// Sends a signal, if this very process still runs.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.is_running() {
            signal_pid(self.pid, signal);
        }
    }
}

/// Sends a signal; a process that is gone needs none.
pub(crate) fn signal_pid(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _gone = kill_process(pid, signal);
    }
}

/// The children of a process, their children, and so on.
pub(crate) fn descendants(root: i32) -> Vec<Identity> {
    let all: Vec<(i32, Status)> = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, Status::read(pid)?)))
        .collect();
    let mut family = vec![root];
    let mut found = Vec::new();
    while let Some(parent) = family.pop() {
        for (pid, status) in all.iter().filter(|(_, status)| status.parent == parent) {
            family.push(*pid);
            found.push(Identity { pid: *pid, started_ticks: status.started_ticks });
        }
    }
    found
}

/// The fields of `/proc/PID/stat` (proc_pid_stat(5)) the lab needs.
struct Status {
    command: String,
    state: char,
    parent: i32,
    started_ticks: u64,
}

impl Status {
    fn read(pid: i32) -> Option<Self> {
        let path: PathBuf = ["/proc", &pid.to_string(), "stat"].iter().collect();
        Self::parse(&std::fs::read_to_string(path).ok()?)
    }

    /// The command stands in brackets and may itself hold brackets and spaces: the last one closes it.
    fn parse(line: &str) -> Option<Self> {
        let (head, rest) = line.rsplit_once(')')?;
        let (_, command) = head.split_once('(')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        Some(Self {
            command: command.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            started_ticks: fields.get(19)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, Status};

    #[test]
    fn a_command_with_brackets_does_not_shift_the_fields() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1";
        let status = Status::parse(line).unwrap();
        assert_eq!((status.command.as_str(), status.state, status.parent), ("a) b (c", 'S', 7));
        assert_eq!(status.started_ticks, 98_765);
    }

    #[test]
    fn another_start_time_is_another_process() {
        let mine = Identity::mine().unwrap();
        assert!(mine.is_running());
        let earlier = Identity { started_ticks: mine.started_ticks - 1, ..mine };
        assert!(!earlier.is_running());
    }
}
