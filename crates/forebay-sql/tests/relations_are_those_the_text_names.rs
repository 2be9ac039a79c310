//! What a text reads and writes, case by case.

use forebay_sql::{RelationName, relations};

const CASES: &str = include_str!("corpus/relations.txt");

fn list(names: &[RelationName]) -> String {
    if names.is_empty() {
        return "-".to_owned();
    }
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[test]
fn reads_and_writes_by_name() {
    let mut wrong = String::new();
    for line in CASES.lines().filter(|line| !line.starts_with('#')) {
        let [reads, writes, sql] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let found = relations(sql);
        let (seen, mark) = match &found {
            Ok(found) => (found, ""),
            Err(not_known) => (not_known.seen(), "?"),
        };
        let found_reads = format!("{}{mark}", list(seen.reads()));
        if found_reads != reads || list(seen.writes()) != writes {
            wrong.push_str(&format!(
                "{line}\n    {found_reads}\t{}\t{:?}\n",
                list(seen.writes()),
                found.err()
            ));
        }
    }
    assert!(wrong.is_empty(), "expected otherwise:\n{wrong}");
}

#[test]
fn a_name_is_compared_as_the_server_does() {
    let long = "x".repeat(70);
    let found = relations(&format!("SELECT * FROM {long}, \"Ünïcode\", U&\"plain\"")).expect("all is known");
    let names: Vec<_> = found.reads().iter().map(|name| (name.schema(), name.name())).collect();
    assert_eq!(names, [(None, "plain"), (None, &long[..63]), (None, "Ünïcode")]);
}

#[test]
fn what_hides_a_relation_is_named_with_its_place() {
    for (sql, text, at) in [
        ("SELECT 1; SELECT app.f(2)", "app.f() is not known", 17),
        ("SELECT nextval($1)", "nextval() reaches what its argument names", 7),
        ("  DO 'x'", "DO runs what the text does not show", 2),
        ("DROP TABLE a", "DROP changes what names stand for", 0),
        ("TRUNCATE a CASCADE", "CASCADE reaches tables the text does not name", 11),
        ("SELECT 'a", "quoted string is never closed", 7),
    ] {
        let not_known = relations(sql).expect_err(sql);
        assert_eq!((not_known.to_string().as_str(), not_known.hidden().at()), (text, at), "{sql}");
    }
}
