//! Ctrl-C and its relatives end a command with everything it started.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

fn xtask(temporary: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).env_remove("FOREBAY_LAB").env("TMPDIR", temporary);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Where the servers of root, which run as another user, may enter too.
fn temporary() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let open = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    folder
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), signal).unwrap();
}

fn line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

/// One that ended and was not yet collected does not run.
fn is_running(process: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|status| !status.contains(") Z "))
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn while_a_command_runs_in_a_lab() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let temporary = temporary();
        // A shell and its child, to see that both go.
        let script = "sleep 1000 & echo $!; wait";
        let mut child = xtask(temporary.path(), &["lab", "--", "sh", "-c", script]).spawn().unwrap();
        let grandchild = line(&mut child);
        assert!(is_running(&grandchild));
        assert!(!is_empty(temporary.path()), "the lab's folder");
        send(&child, signal);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert!(!is_running(&grandchild));
        assert!(is_empty(temporary.path()));
    }
}

#[test]
fn while_the_lab_starts() {
    let temporary = temporary();
    let mut child = xtask(temporary.path(), &["lab", "--", "true"]).spawn().unwrap();
    while is_empty(temporary.path()) {
        assert!(child.try_wait().unwrap().is_none(), "it starts a lab first");
        std::thread::yield_now();
    }
    send(&child, Signal::INT);
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(130 | 0)), "stopped, or it was done already: {code:?}");
    assert!(is_empty(temporary.path()));
}

#[test]
fn the_command_s_exit_code_is_passed_on() {
    let temporary = temporary();
    let script = "test -n \"$FOREBAY_LAB\" && exit 7";
    let status = xtask(temporary.path(), &["lab", "--", "sh", "-c", script]).status().unwrap();
    assert_eq!(status.code(), Some(7));
    assert!(is_empty(temporary.path()));
}
