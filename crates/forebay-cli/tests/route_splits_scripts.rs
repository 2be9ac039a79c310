//! `--split` cuts at semicolons by PostgreSQL's rules, across lines.

mod support;

use std::io::Write as _;

use support::forebay;

const SCRIPT: &str = "\
-- a script; with a comment
SELECT ';' ,
       $$;$$;
CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC
  SELECT CASE WHEN true THEN 1 END;
  SELECT 2;
END;

SELECT 3
";

#[test]
fn semicolons_in_quotes_comments_and_bodies_end_nothing() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(SCRIPT.as_bytes()).unwrap();
    let (out, _, code) = forebay(&["route", "--split", file.path().to_str().unwrap()], b"");
    assert_eq!(out, "replica\tonly reads\nprimary\tCREATE writes\nreplica\tonly reads\n");
    assert_eq!(code, Some(0));
}

#[test]
fn json_names_the_line_each_statement_and_reason_stands_in() {
    let (out, ..) = forebay(&["route", "--split", "--json"], b"SELECT 1;\n\nSELECT\n  f(),\n  2");
    let answers: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2);
    assert_eq!(
        answers[0],
        serde_json::json!({
            "line": 1, "route": "replica", "kind": "read",
            "fingerprint": forebay_sql::fingerprint("SELECT 1").to_string(), "reasons": [],
            "relations": {"reads": [], "writes": []}, "sql": "SELECT 1"
        })
    );
    assert_eq!(answers[1]["line"], 3);
    assert_eq!(answers[1]["kind"], "unproven");
    assert_eq!(
        answers[1]["reasons"],
        serde_json::json!([{"code": "unknown_function", "text": "f() is not known", "line": 4, "at": 9}])
    );
}

#[test]
fn json_names_what_is_read_and_written_and_what_hides_it() {
    let (out, ..) = forebay(
        &["route", "--json"],
        b"INSERT INTO app.log SELECT * FROM users\nSELECT * FROM users WHERE allowed(id)\n",
    );
    let relations: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["relations"].clone())
        .collect();
    assert_eq!(relations[0], serde_json::json!({"reads": ["users"], "writes": ["app.log"]}));
    assert_eq!(
        relations[1],
        serde_json::json!({"reads": ["users"], "writes": [], "hidden": "allowed() is not known"})
    );
}
