//! However a lab's owner ends, its processes, folders and shared memory go.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use forebay_tests::{Addresses, ENVIRONMENT, Redis};

/// A lab in a process of its own, and what it consists of.
struct Owner {
    child: Child,
    folder: PathBuf,
    processes: Vec<u32>,
    temporary: tempfile::TempDir,
}

impl Owner {
    fn start(ending: &str) -> Self {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_hold-lab")), ending)
    }

    /// In a temporary folder of its own, so that other tests' labs do not sweep what this one left.
    fn start_as(mut command: Command, ending: &str) -> Self {
        let temporary = tempfile::Builder::new().prefix("lab-test").tempdir().unwrap();
        std::fs::set_permissions(temporary.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        command.arg(ending).env_remove(ENVIRONMENT).env("TMPDIR", temporary.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let addresses: Addresses = serde_json::from_str(&line).expect("the lab started");
        let record = std::fs::read_to_string(addresses.folder.join("processes")).unwrap();
        let pid = |line: &str| line.split(' ').next().unwrap().parse().unwrap();
        let processes: Vec<u32> = record.lines().map(pid).collect();
        assert_eq!(processes.len(), 4, "primary, standby, Redis, Memcached");
        Self { child, folder: addresses.folder, processes, temporary }
    }

    fn end_of_input(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }

    fn assert_no_processes(&self) {
        for process in &self.processes {
            wait_until_gone(*process);
        }
        let segments = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
        for line in segments.lines().skip(1) {
            let creator = line.split_whitespace().nth(4).unwrap();
            assert!(!self.processes.iter().any(|process| process.to_string() == creator), "{line}");
        }
    }
}

/// A process the kernel signalled needs a moment.
fn wait_until_gone(process: u32) {
    for _ in 0..1000 {
        let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return };
        if status.contains(") Z ") {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("process {process} still runs");
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn after_a_normal_end() {
    let mut owner = Owner::start("normal");
    assert!(owner.folder.is_dir());
    owner.end_of_input();
    owner.assert_no_processes();
    assert!(is_empty(owner.temporary.path()));
}

#[test]
fn after_a_panic() {
    let mut owner = Owner::start("panic");
    owner.end_of_input();
    owner.assert_no_processes();
    assert!(is_empty(owner.temporary.path()));
}

#[test]
fn after_a_server_was_killed_and_never_restarted() {
    let mut owner = Owner::start("kill-primary");
    owner.end_of_input();
    owner.assert_no_processes();
    assert!(is_empty(owner.temporary.path()));
}

#[test]
fn after_the_owner_was_killed_and_another_lab_started() {
    let mut owner = Owner::start("normal");
    owner.child.kill().unwrap();
    owner.child.wait().unwrap();
    owner.assert_no_processes();
    assert!(owner.folder.is_dir(), "nobody was there to remove it");

    let mut next = Command::new(env!("CARGO_BIN_EXE_hold-lab"));
    next.env_remove(ENVIRONMENT).env("TMPDIR", owner.temporary.path()).stdin(Stdio::null());
    assert!(next.stdout(Stdio::null()).status().unwrap().success());
    assert!(is_empty(owner.temporary.path()));
}

#[test]
fn a_process_that_is_not_the_recorded_one_is_spared() {
    let mut owner = Owner::start("normal");
    let mut bystander = Command::new("sleep").arg("1000").spawn().unwrap();
    let record = owner.folder.join("processes");
    let mut lines = std::fs::read_to_string(&record).unwrap();
    lines.push_str(&format!("{} 1 sleep\n", bystander.id()));
    std::fs::write(&record, lines).unwrap();
    owner.end_of_input();
    assert!(is_empty(owner.temporary.path()));
    assert!(bystander.try_wait().unwrap().is_none(), "it still runs");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn as_a_normal_user_too() {
    let running_as_root = std::fs::metadata("/proc/self").is_ok_and(|metadata| {
        use std::os::unix::fs::MetadataExt;
        metadata.uid() == 0
    });
    if !running_as_root {
        // Then every other test of this file shows it.
        return;
    }
    let place = tempfile::Builder::new().prefix("lab-test").tempdir().unwrap();
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = place.path().join("hold-lab");
    std::fs::copy(env!("CARGO_BIN_EXE_hold-lab"), &program).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(program);
    let mut owner = Owner::start_as(command, "normal");
    owner.end_of_input();
    owner.assert_no_processes();
    assert!(is_empty(owner.temporary.path()));
}

#[tokio::test]
async fn a_private_server_lives_in_the_shared_lab_s_folder() {
    let shared = forebay_tests::shared().await.folder().to_owned();
    let inside = || std::fs::read_dir(&shared).unwrap().count();
    let redis = Redis::start().await.unwrap();
    let mine = format!("-{}-", std::process::id());
    let folders = || {
        let names = std::fs::read_dir(&shared).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains(&mine)).count()
    };
    assert!(inside() > 0);
    assert_eq!(folders(), 1, "so that it goes with the shared lab, whatever happens to this process");
    drop(redis);
    assert_eq!(folders(), 0);
}
