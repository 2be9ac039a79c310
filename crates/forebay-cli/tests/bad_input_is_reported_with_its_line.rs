//! What is wrong with the input goes to standard error with its line, and the exit code says so.

mod support;

use support::forebay;

#[test]
fn an_unclosed_quote_is_named_and_still_answered() {
    let (out, err, code) = forebay(&["route"], b"SELECT 1\nSELECT 'a\nSELECT 2\n");
    assert_eq!(out, "replica\tonly reads\nprimary\tquoted string is never closed\nreplica\tonly reads\n");
    assert_eq!(err, "forebay: standard input, line 2: quoted string is never closed\n");
    assert_eq!(code, Some(1));
}

#[test]
fn in_a_script_the_line_of_the_quote_counts() {
    let (out, err, _) = forebay(&["route", "--split"], b"SELECT 1;\nSELECT\n  $tag$ a");
    assert_eq!(out, "replica\tonly reads\nprimary\tdollar-quoted string is never closed\n");
    assert_eq!(err, "forebay: standard input, line 3: dollar-quoted string is never closed\n");
}

#[test]
fn bytes_that_are_no_text_are_named_by_line() {
    let (out, err, code) = forebay(&["route"], b"SELECT 1\nSELECT '\xff'\nSELECT 2");
    assert_eq!(out, "replica\tonly reads\nprimary\tnot valid UTF-8\nreplica\tonly reads\n");
    assert_eq!(err, "forebay: standard input, line 2: not valid UTF-8\n");
    assert_eq!(code, Some(1));
    let (out, err, code) = forebay(&["route", "--split"], b"SELECT 1;\nSELECT '\xff'");
    assert_eq!((out.as_str(), err.as_str()), ("", "forebay: standard input, line 2: not valid UTF-8\n"));
    assert_eq!(code, Some(1));
}

#[test]
fn a_file_that_is_not_there_is_one_sentence() {
    let (out, err, code) = forebay(&["route", "no/such/file.sql"], b"");
    assert_eq!(err, "forebay: cannot open no/such/file.sql: No such file or directory (os error 2)\n");
    assert_eq!((out.as_str(), code), ("", Some(1)));
}

#[test]
fn a_line_without_an_end_is_not_read_for_ever() {
    let (out, err, code) = forebay(&["route", "/dev/zero"], b"");
    assert_eq!(err, "forebay: /dev/zero, line 1: more than the 67108864 bytes that are read\n");
    assert_eq!((out.as_str(), code), ("", Some(1)));
}
