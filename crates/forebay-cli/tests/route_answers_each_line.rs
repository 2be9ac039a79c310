//! One answer for each line that holds a statement, in order.

mod support;

use support::forebay;

#[test]
fn a_read_goes_to_a_replica_and_the_rest_to_the_primary_with_reasons() {
    let (out, err, code) = forebay(
        &["route"],
        b"SELECT name FROM users\nUPDATE users SET name = 'x'\nSELECT total(7), nextval('s') FROM pg_locks\n",
    );
    assert_eq!(
        out,
        "replica\tonly reads\n\
         primary\tUPDATE writes\n\
         primary\ttotal() is not known, nextval() writes, pg_locks shows the server that answers\n"
    );
    assert_eq!((err.as_str(), code), ("", Some(0)));
}

#[test]
fn empty_lines_and_comment_lines_are_skipped() {
    let (out, ..) = forebay(&["route", "-"], b"\n  \t\n-- note\n/* note */ ;\r\n\nSELECT 1\r\n");
    assert_eq!(out, "replica\tonly reads\n");
}

#[test]
fn a_line_of_several_statements_is_answered_as_one() {
    let (out, ..) = forebay(&["route"], b"SELECT 1; DELETE FROM t\nBEGIN READ ONLY; SELECT 1; COMMIT");
    assert_eq!(out, "primary\tDELETE writes\nreplica\tonly reads\n");
}

#[test]
fn no_input_gives_no_output() {
    let (out, err, code) = forebay(&["route"], b"");
    assert_eq!((out.as_str(), err.as_str(), code), ("", "", Some(0)));
}

#[test]
fn control_characters_of_a_name_do_not_reach_the_terminal() {
    let (out, ..) = forebay(&["route"], b"SELECT \"a\x1b[31m\tb\"()\n");
    assert_eq!(out, "primary\t\"a [31m b\"() is not known\n");
}
