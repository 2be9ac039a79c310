//! Help explains itself, wrong usage exits with 2, a reader that leaves ends the command quietly.

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use support::forebay;

#[test]
fn help_shows_examples_and_exit_codes() {
    let (help, _, code) = forebay(&["route", "--help"], b"");
    assert_eq!(code, Some(0));
    for part in ["Examples:", "forebay route --split", "Exit status:", "standard input", "`relations`"] {
        assert!(help.contains(part), "{part} is not in the help");
    }
    let (help, _, code) = forebay(&["advise", "--help"], b"");
    assert_eq!(code, Some(0));
    for part in ["Examples:", "-- weight: 100", "Exit status:", "--check", "`unverified`", "HypoPG"] {
        assert!(help.contains(part), "{part} is not in the help");
    }
}

#[test]
fn the_way_to_each_command_is_shown() {
    for (args, part) in
        [(&["--help"][..], "forebay cache explain --help"), (&["cache", "--help"], "forebay cache stats")]
    {
        let (help, _, code) = forebay(args, b"");
        assert_eq!(code, Some(0));
        assert!(help.contains("Examples:") && help.contains(part), "{help}");
    }
}

#[test]
fn wrong_usage_exits_with_two() {
    for args in
        [&["route", "--nonsense"][..], &["nonsense"], &[], &["advise", "--url", "postgres://nowhere/x"]]
    {
        let (_, err, code) = forebay(args, b"");
        assert_eq!(code, Some(2), "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_forebay"))
        .arg("route")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut first = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    input.write_all(b"SELECT 1\n").unwrap();
    output.read_line(&mut first).unwrap();
    drop(output);
    // The command notices at the latest when it writes again; by then its input may be closed for us.
    while input.write_all(b"SELECT 1\n").is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert_eq!(first, "replica\tonly reads\n");
    assert_eq!((output.stderr.as_slice(), output.status.code()), (&b""[..], Some(0)));
}
