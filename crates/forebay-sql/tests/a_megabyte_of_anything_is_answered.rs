//! Long texts, made of one piece again and again, are answered in time that grows with their length: with time that grew with its
//! square these tests would run for an hour.

use forebay_sql::{Kind, Lexer, classify, normalize, relations, statements};

const BYTES: usize = 1 << 20;

/// What a lexer or a classifier could look through more than once: openings, runs, lists, depth, looks ahead.
const PIECES: &[&str] = &[
    "+",
    "+-",
    "+/",
    "<+",
    "@-",
    "-",
    "*",
    "--",
    "/*",
    "/",
    "*/ ",
    "'",
    "''",
    "'a' ",
    "'a'\n",
    "'a'\n--x\n",
    "'\\''",
    "E'\\",
    "B'",
    "U&\"\\",
    "\"",
    "$",
    "$a",
    "$a$",
    "$a$ $b$ ",
    "$1",
    "(",
    ")",
    "f(",
    "[",
    "]",
    "((1),",
    "1,",
    "1",
    "1_",
    "1e",
    "0x",
    ".",
    "a.",
    "a",
    "é",
    "\0",
    ";",
    "; ;",
    ",",
    "::",
    "SELECT ",
    "SELECT (",
    "EXPLAIN ",
    "EXPLAIN (",
    "EXPLAIN (/* */ ",
    "WITH a AS (",
    "WITH a AS (SELECT 1) ",
    "a IN (1, ",
    "a IN (1, 1), ",
    "VALUES (1), ",
    "ARRAY[1, ",
    "FROM a, ",
    "FROM (a JOIN ",
    "BEGIN ATOMIC ",
    "CASE ",
    "BEGIN; ",
    "COMMIT AND CHAIN; ",
    "nextval('s') ",
    "U&\"a\" UESCAPE ",
    "INSERT INTO a ",
    "FOR UPDATE ",
];

#[test]
fn in_time_that_grows_with_its_length() {
    for piece in PIECES {
        let text = format!("SELECT {}", piece.repeat(BYTES / 8 / piece.len()));
        assert_eq!(Lexer::new(&text).map(|token| token.end - token.start).sum::<usize>(), text.len());
        let class = classify(&text);
        assert_eq!(class.is_read(), class.reasons().is_empty());
        assert!(normalize(&text).len() <= 2 * text.len() + 2);
        let found = relations(&text);
        let seen = found.as_ref().unwrap_or_else(|not_known| not_known.seen());
        assert!(seen.reads().len() + seen.writes().len() <= text.len());
        assert!(statements(&text).count() <= text.len());
    }
}

#[test]
fn with_the_right_class() {
    let long = "x".repeat(BYTES);
    let list = "1, ".repeat(BYTES / 3);
    for (kind, sql) in [
        (Kind::Read, format!("SELECT '{long}'")),
        (Kind::Read, format!("SELECT $a${long}$a$")),
        (Kind::Read, format!("SELECT /* {long} */ 1")),
        (Kind::Read, format!("SELECT \"{long}\" FROM {long}")),
        (Kind::Read, format!("SELECT * FROM users WHERE id IN ({list}1)")),
        (Kind::Read, format!("SELECT {}1", "+ ".repeat(BYTES / 2))),
        (Kind::Write, format!("SELECT '{long}'; DELETE FROM users")),
        (Kind::Write, format!("DELETE FROM users WHERE id IN ({list}1)")),
        (Kind::Write, format!("SELECT {list} nextval('s')")),
        (Kind::Write, format!("{}SELECT 1 FOR UPDATE", "SELECT 1; ".repeat(BYTES / 10))),
        (Kind::Unproven, format!("SELECT {long}(1)")),
        (Kind::Unproven, format!("SELECT '{long}")),
        (Kind::Unproven, format!("SELECT /* {long}")),
        (Kind::Unproven, format!("SELECT {list}\0")),
        (Kind::Unproven, long),
    ] {
        let class = classify(&sql);
        assert_eq!(class.kind(), kind, "{}… {:?}", &sql[..20], class.reasons());
    }
}
