//! The statements of `corpus/grammar`, written from PostgreSQL's grammar outwards, each with what a standby does with it.

use forebay_sql::statements;

/// The tables of the corpus.
pub(crate) const SCHEMA: &str =
    concat!(include_str!("../corpus/schema.sql"), include_str!("../corpus/grammar/schema.sql"));

const FILES: [&str; 4] = [
    include_str!("../corpus/grammar/queries.sql"),
    include_str!("../corpus/grammar/expressions.sql"),
    include_str!("../corpus/grammar/changes.sql"),
    include_str!("../corpus/grammar/utility.sql"),
];

/// What a standby does with a statement; `--= read from 16` begins those of a kind, and of the versions that know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Runs it, and it leaves nothing behind: it must be called a read.
    Read,
    /// Refuses it.
    Refused,
    /// Runs it, though it belongs on the primary, or the text does not say that it does not.
    Silent,
    /// Is not asked.
    Unrun,
}

pub(crate) struct Case {
    pub(crate) expected: Expected,
    /// The first major version that knows it.
    pub(crate) from: u32,
    pub(crate) sql: &'static str,
}

pub(crate) fn cases() -> impl Iterator<Item = Case> {
    FILES.iter().flat_map(|file| file.split("--= ").skip(1)).flat_map(|section| {
        let (head, body) = section.split_once('\n').expect("a section has statements");
        let (kind, from) = head.split_once(" from ").unwrap_or((head, "14"));
        let expected = match kind {
            "read" => Expected::Read,
            "refused" => Expected::Refused,
            "silent" => Expected::Silent,
            "unrun" => Expected::Unrun,
            other => panic!("no such kind: {other}"),
        };
        let from = from.parse().expect("a version");
        statements(body).map(move |(_, sql)| Case { expected, from, sql })
    })
}
