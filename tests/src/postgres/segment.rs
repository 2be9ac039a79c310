//! The small System V memory segment a killed PostgreSQL leaves behind.

use std::path::Path;
use std::process::{Command, Stdio};

/// Removes the segment of a server that was killed and never started again.
///
/// `postmaster.pid` names it on line 7 (key and id) beside the server's process id on line 1. It is removed only when the kernel says
/// that this process made it and nobody uses it.
pub(crate) fn remove(data: &Path) {
    let Ok(lock) = std::fs::read_to_string(data.join("postmaster.pid")) else { return };
    let Ok(segments) = std::fs::read_to_string("/proc/sysvipc/shm") else { return };
    if let Some(id) = orphan(&lock, &segments) {
        let _tried =
            Command::new("ipcrm").args(["-m", &id]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn orphan(lock: &str, segments: &str) -> Option<String> {
    let lines: Vec<&str> = lock.lines().collect();
    let server = lines.first()?.trim();
    let id = lines.get(6)?.split_whitespace().nth(1)?;
    // Columns of /proc/sysvipc/shm: key, shmid, perms, size, cpid, lpid, nattch, …
    let unused = segments.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(1) == Some(&id) && fields.get(4) == Some(&server) && fields.get(6) == Some(&"0")
    });
    unused.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::orphan;

    #[test]
    fn only_an_unused_segment_of_that_server_is_an_orphan() {
        let lock = "4242\n/data\n1700000000\n25432\n\n127.0.0.1\n  16385        7\nready\n";
        let header = "key shmid perms size cpid lpid nattch uid\n";
        assert_eq!(orphan(lock, &format!("{header}16385 7 600 56 4242 4242 0 101")), Some("7".into()));
        assert_eq!(orphan(lock, &format!("{header}16385 7 600 56 4242 4242 6 101")), None);
        assert_eq!(orphan(lock, &format!("{header}16385 7 600 56 9999 4242 0 101")), None);
    }
}
