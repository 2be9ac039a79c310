//! Nothing is refused: any text has tokens that cover it, a class, a fingerprint and statements.

use forebay_sql::{Lexer, statements};
use proptest::prelude::*;

mod holds;

use holds::holds;

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
    "JOIN",
    "USING",
    "ONLY",
    "LATERAL",
    "TABLE",
    "TRUNCATE",
    "CASCADE",
    "MERGE",
    "WHEN",
    "MATCHED",
    "THEN",
    "CONFLICT",
    "RETURNING",
    "ROWS",
    "PREPARE",
    "DECLARE",
    "'s'",
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

/// Statements of every kind the grammar has.
const GRAMMAR: [&str; 4] = [
    include_str!("corpus/grammar/queries.sql"),
    include_str!("corpus/grammar/expressions.sql"),
    include_str!("corpus/grammar/changes.sql"),
    include_str!("corpus/grammar/utility.sql"),
];

/// The tokens of one of them.
fn tokens(which: usize) -> Vec<&'static str> {
    let all: Vec<_> = GRAMMAR.iter().flat_map(|file| statements(file)).collect();
    let (_, sql) = all[which % all.len()];
    Lexer::new(sql).map(|token| token.text(sql)).collect()
}

proptest! {
    /// Statements of the grammar with a part cut out, and one with a part of another in its place.
    #[test]
    fn broken_statements((one, other) in (0_usize..600, 0_usize..600), cut in any::<(u8, u8, u8, u8)>()) {
        let (mut one, other) = (tokens(one), tokens(other));
        let between = |len: usize, from: u8, to: u8| {
            let (from, to) = (usize::from(from) % (len + 1), usize::from(to) % (len + 1));
            from.min(to)..from.max(to)
        };
        let part = other[between(other.len(), cut.2, cut.3)].to_vec();
        let place = between(one.len(), cut.0, cut.1);
        let without: String = one[..place.start].iter().chain(&one[place.end..]).copied().collect();
        holds(&without);
        one.splice(place, part);
        holds(&one.concat());
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

/// The rule of the standard for signs at the end of an operator, over the whole run, token by token.
#[test]
fn runs_of_signs_are_cut_by_postgresqls_rule() {
    for (run, tokens) in [
        ("+-+", vec!["+", "-", "+"]),
        ("*+-", vec!["*", "+", "-"]),
        ("+*-", vec!["+*", "-"]),
        ("<=-+", vec!["<=", "-", "+"]),
        ("@+-", vec!["@+-"]),
        ("+-@", vec!["+-@"]),
        ("+/*x*/-", vec!["+", "/*x*/", "-"]),
        ("+-*--x", vec!["+-*", "--x"]),
        ("*-/**/@+", vec!["*", "-", "/**/", "@+"]),
        ("=>", vec!["=>"]),
        ("=>-", vec!["=>", "-"]),
        ("=>@-", vec!["=>@-"]),
    ] {
        let found: Vec<_> = Lexer::new(run).map(|token| token.text(run)).collect();
        assert_eq!(found, tokens, "{run}");
    }
}
