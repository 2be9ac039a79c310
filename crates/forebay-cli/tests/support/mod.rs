//! Runs the real binary.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// What `forebay` did with `args` and `input` on standard input: standard output, standard error, exit code.
pub(crate) fn forebay(args: &[&str], input: &[u8]) -> (String, String, Option<i32>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_forebay"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cargo has built the binary");
    let mut stdin = child.stdin.take().expect("it is piped");
    match stdin.write_all(input) {
        // Wrong usage is told before anything is read.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written.expect("the command reads its input"),
    }
    drop(stdin);
    let output = child.wait_with_output().expect("the command was started");
    let text = |bytes| String::from_utf8(bytes).expect("the command writes text");
    (text(output.stdout), text(output.stderr), output.status.code())
}
