//! Nothing is refused: any text has tokens that cover it, a class, a fingerprint and statements.

use forebay_sql::{Class, Kind, Lexer, TokenKind, classify, fingerprint, normalize, statements};
use proptest::prelude::*;

/// What holds of every text.
fn holds(sql: &str) {
    let mut at = 0;
    for token in Lexer::new(sql) {
        assert_eq!(token.start, at, "{sql:?}");
        assert!(token.end > token.start, "{sql:?}");
        assert!(!token.text(sql).is_empty());
        at = token.end;
    }
    assert_eq!(at, sql.len(), "{sql:?}");

    let class = classify(sql);
    assert_eq!(class.kind() == Kind::Read, class.reasons().is_empty());
    assert!(class.reasons().len() <= Class::REASONS_MAX);
    for reason in class.reasons() {
        assert!(sql.is_char_boundary(reason.at()) && reason.at() < sql.len(), "{sql:?} {reason:?}");
        assert!(!reason.to_string().is_empty());
    }
    let broken =
        Lexer::new(sql).any(|token| matches!(token.kind, TokenKind::Unknown | TokenKind::Unterminated(_)));
    assert!(!(broken && class.is_read()), "{sql:?}");

    assert_eq!(fingerprint(sql), fingerprint(&format!("/* x */ {sql}")), "{sql:?}");
    assert!(normalize(sql).len() <= 2 * sql.len() + 2);
    for (start, statement) in statements(sql) {
        assert_eq!(&sql[start..start + statement.len()], statement);
    }
}

/// Fragments that steer into every rule of the lexer and the classifier.
const FRAGMENTS: &[&str] = &[
    "'",
    "\"",
    "$$",
    "$a$",
    "E'",
    "U&'",
    "U&\"",
    "N'",
    "B'",
    "X'",
    "\\",
    "/*",
    "*/",
    "--",
    "\n",
    ";",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "::",
    ":=",
    "=>",
    "..",
    "1",
    "1.",
    ".5",
    "1e",
    "1e5",
    "0x",
    "0xF",
    "1_",
    "$1",
    "$",
    "é",
    "\u{0}",
    "+",
    "-",
    "@-",
    "*",
    "<=>",
    " ",
    "SELECT",
    "WITH",
    "RECURSIVE",
    "a",
    "AS",
    "MATERIALIZED",
    "INSERT",
    "INTO",
    "UPDATE",
    "DELETE",
    "FROM",
    "FOR",
    "SHARE",
    "VALUES",
    "IN",
    "ARRAY",
    "GROUP",
    "BY",
    "ROLLUP",
    "SEARCH",
    "CYCLE",
    "SET",
    "COPY",
    "TO",
    "STDOUT",
    "EXPLAIN",
    "ANALYZE",
    "BEGIN",
    "ATOMIC",
    "CASE",
    "END",
    "COMMIT",
    "AND",
    "CHAIN",
    "OPERATOR",
    "DISTINCT",
    "ON",
    "nextval",
    "lower",
    "pg_catalog",
    "pg_locks",
    "last_value",
    "TRUE",
    "NULL",
    "IS",
    "CREATE",
    "SERIALIZABLE",
    "WRITE",
    "UESCAPE",
];

proptest! {
    #[test]
    fn any_string(sql in "\\PC{0,80}") {
        holds(&sql);
    }

    #[test]
    fn any_bytes_that_are_text(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        holds(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn fragments_of_sql(
        parts in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..40),
        gap in prop::sample::select(vec!["", " "]),
    ) {
        holds(&parts.join(gap));
    }
}

#[test]
fn depth_costs_no_stack() {
    for pair in [("(", ")"), ("/*", "*/"), ("SELECT (", ")"), ("[", "]"), ("CASE ", " END")] {
        let deep = format!("SELECT {}{}", pair.0.repeat(30_000), pair.1.repeat(30_000));
        holds(&deep);
        holds(&deep[..deep.len() / 2]);
    }
}
