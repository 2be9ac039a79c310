//! Several hundred statements, written from PostgreSQL's grammar outwards, get the class they must have.

use forebay_sql::{Kind, classify, statements};

const READ: &str = include_str!("corpus/read.sql");
const NEWER: &str = include_str!("corpus/read_16_to_18.sql");
const OTHERS: &str = include_str!("corpus/others.txt");
const BATCHES: &str = include_str!("corpus/batches.txt");

fn lines(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

#[test]
fn ordinary_reads_are_reads() {
    let mut wrong = String::new();
    for (_, sql) in statements(READ).chain(statements(NEWER)) {
        let class = classify(sql);
        if class.kind() != Kind::Read || !class.reasons().is_empty() {
            wrong.push_str(&format!("{sql}\n    {:?}\n", class.reasons()));
        }
    }
    assert!(wrong.is_empty(), "not classified as reads:\n{wrong}");
}

#[test]
fn what_writes_or_is_not_proven_is_never_a_read_and_says_why() {
    let mut wrong = String::new();
    for line in lines(OTHERS) {
        let [kind, code, sql] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let sql = sql.replace("\\n", "\n");
        let class = classify(&sql);
        let first = class.reasons().first().map(|reason| reason.code());
        if class.kind().name() != kind || first != Some(code) {
            wrong.push_str(&format!("{line}\n    {} {:?}\n", class.kind().name(), class.reasons()));
        }
    }
    assert!(wrong.is_empty(), "expected otherwise:\n{wrong}");
}

#[test]
fn batches_transactions_and_broken_text() {
    let mut wrong = String::new();
    for line in lines(BATCHES) {
        let (kind, sql) = line.split_once('\t').unwrap();
        let class = classify(sql);
        if class.kind().name() != kind {
            wrong.push_str(&format!("{line}\n    {} {:?}\n", class.kind().name(), class.reasons()));
        }
    }
    assert!(wrong.is_empty(), "expected otherwise:\n{wrong}");
}

#[test]
fn reasons_point_at_the_word_they_name() {
    let sql = "SELECT a, total(b)\nFROM c WHERE d = pg_catalog.nextval('s') AND x.pg_locks <=> 1 FOR UPDATE";
    let class = classify(sql);
    let found: Vec<_> = class.reasons().iter().map(|reason| &sql[reason.at()..]).collect();
    let begins = ["total(b)", "pg_catalog.nextval", "pg_locks", "<=>", "FOR UPDATE"];
    assert_eq!(found.len(), begins.len(), "{:?}", class.reasons());
    for (found, begins) in found.iter().zip(begins) {
        assert!(found.starts_with(begins), "{found} does not begin with {begins}");
    }
}

#[test]
fn the_list_of_reasons_is_bounded_and_the_kind_still_right() {
    let sql = format!("SELECT {} nextval('s')", "f(), ".repeat(1000));
    let class = classify(&sql);
    assert_eq!((class.kind(), class.reasons().len()), (Kind::Write, forebay_sql::Class::REASONS_MAX));
}
