//! Texts of the same statement share a fingerprint; different statements do not.

use forebay_sql::{fingerprint, normalize};

#[test]
fn the_same_statement() {
    for (one, other) in [
        ("SELECT 1", "SELECT 'a'"),
        ("SELECT 1", "select\n1 ;"),
        ("SELECT 1", "SELECT $1"),
        ("SELECT 1", "SELECT -1"),
        ("SELECT 1", "/* hint */ SELECT 1 -- end"),
        ("SELECT * FROM t WHERE a = 1", "SELECT * FROM T WHERE A = $3"),
        ("SELECT * FROM t WHERE a = 1", "SELECT * FROM \"t\" WHERE \"a\" = E'\\n'"),
        ("SELECT * FROM t WHERE a = TRUE", "SELECT * FROM t WHERE a = false"),
        ("SELECT * FROM t WHERE a = -1 LIMIT 5", "SELECT * FROM t WHERE a = +2.5 LIMIT 10"),
        ("SELECT * FROM t WHERE a IN (1)", "SELECT * FROM t WHERE a IN ($1, $2, 'x', -4)"),
        ("SELECT * FROM t WHERE a IN ($1::uuid)", "SELECT * FROM t WHERE a IN ($1::uuid, $2::uuid)"),
        ("SELECT * FROM t WHERE (a, b) IN ((1, 2))", "SELECT * FROM t WHERE (a, b) IN ((1, 2), (3, 4))"),
        ("SELECT * FROM t WHERE a = ANY (ARRAY[1])", "SELECT * FROM t WHERE a = ANY (ARRAY[1, 2, 3])"),
        ("INSERT INTO t (a, b) VALUES (1, 2)", "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ('x', 'y')"),
        (
            "INSERT INTO t VALUES (1, now()) RETURNING a",
            "INSERT INTO t VALUES (1, now()), (2, now()) RETURNING a",
        ),
        ("SELECT $$a$$, $x$b$x$", "SELECT 'a', B'1'"),
        ("SELECT 'a'\n'b'", "SELECT 'c'"),
        ("SELECT 1; SELECT a", "SELECT 2;; SELECT a;"),
        ("", ";"),
        ("", "-- nothing"),
    ] {
        assert_eq!(normalize(one), normalize(other));
        assert_eq!(fingerprint(one), fingerprint(other), "{one} and {other}");
    }
}

#[test]
fn different_statements() {
    let texts = [
        "",
        "SELECT 1",
        "SELECT a",
        "SELECT b",
        "SELECT \"A\"",
        "SELECT \"select\"",
        "SELECT U&\"a\"",
        "SELECT a.b",
        "SELECT a, b",
        "SELECT a b",
        "SELECT ab",
        "SELECT a(b)",
        "SELECT (a)(b)",
        "SELECT a ? b",
        "SELECT a -1",
        "SELECT a + 1",
        "SELECT NULL",
        "SELECT 1 IS NULL",
        "SELECT 1 IS TRUE",
        "SELECT 1 IS FALSE",
        "SELECT 1, 1",
        "SELECT 1, 1, 1",
        "SELECT f(1)",
        "SELECT f(1, 1)",
        "SELECT 1::int",
        "SELECT 1::text",
        "SELECT 1; SELECT 1",
        "SELECT * FROM t WHERE a IN (1, b)",
        "SELECT * FROM t WHERE a IN (b, 1)",
        "SELECT * FROM t WHERE a IN (SELECT a, a, a FROM t)",
        "SELECT * FROM t WHERE a IN (SELECT a, a FROM t)",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t VALUES (1, 1)",
        "INSERT INTO t VALUES (1), (DEFAULT)",
        "VALUES (1) ORDER BY a, a",
        "VALUES (1) ORDER BY a",
    ];
    for (at, one) in texts.iter().enumerate() {
        for other in &texts[..at] {
            assert_ne!(fingerprint(one), fingerprint(other), "{one} and {other}");
        }
    }
}

#[test]
fn it_is_the_same_on_every_machine_and_in_every_version() {
    assert_eq!(fingerprint("SELECT name FROM users WHERE id = $1").to_string(), "108ad5d7b4d68177");
}

#[test]
fn values_do_not_show_in_the_spelling() {
    for sql in [
        "SELECT 'secret'",
        "SELECT 'secret",
        "SELECT $x$secret",
        "SELECT 1 /* secret",
        "SELECT E'secret'",
        "-- secret",
    ] {
        assert!(!normalize(sql).contains("secret"), "{sql}");
    }
}
