//! `forebay advise --check` fails when there is something to do; what cannot be planned is named by its line.

mod support;

use support::forebay;

const SCHEMA: &str = "
    CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, note text);
    INSERT INTO orders SELECT i, (i * 7919) % 5000, repeat('x', 50) FROM generate_series(1, 20000) i;
    ANALYZE orders;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_missing_fails_the_check_and_one_that_is_there_does_not() {
    let database = forebay_tests::shared().await.database("advise_check").await;
    database.execute(SCHEMA).await;
    let url = database.primary_url();
    let base = ["advise", "--url", &url, "--workload", "-", "--create-extension"];
    let wanting = b"SELECT note FROM orders WHERE customer = 17;\nSELECT * FROM nowhere;";

    let (out, err, code) = forebay(&[&base[..], &["--check"]].concat(), wanting);
    assert_eq!(code, Some(1), "{err}");
    assert!(out.contains("CREATE INDEX CONCURRENTLY") && out.contains("(customer)"), "{out}");
    assert!(err.contains("line 2: it cannot be planned") && err.contains("nowhere"), "{err}");

    let (out, _, code) = forebay(&[&base[..], &["--check", "--json"]].concat(), &wanting[..45]);
    let answer: serde_json::Value = serde_json::from_str(&out).expect("one object");
    assert_eq!((code, answer["indexes"][0]["table"].as_str()), (Some(1), Some("orders")), "{out}");
    // Without its values.
    let statement = answer["indexes"][0]["gains"][0]["statement"].as_str().expect("a statement");
    assert_eq!(statement, "select note from orders where customer = $?");

    database.execute("CREATE INDEX ON orders (customer)").await;
    let (out, err, code) = forebay(&[&base[..], &["--check"]].concat(), &wanting[..45]);
    assert_eq!(code, Some(0), "{out}{err}");

    let (_, err, code) =
        forebay(&["advise", "--url", "postgres://x:geheim@127.0.0.1:1/y", "--workload", "-"], b"SELECT 1");
    assert_eq!(code, Some(1));
    assert!(err.contains("127.0.0.1:1") && !err.contains("geheim"), "{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_tells_what_came_of_the_advice_and_keeps_lines_it_cannot_read() {
    let database = forebay_tests::shared().await.database("advise_ledger").await;
    database.execute(SCHEMA).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.jsonl");
    std::fs::write(&path, "nonsense\n").expect("the folder is ours");
    let (url, file) = (database.primary_url(), path.display().to_string());
    let base = ["advise", "--url", &url, "--replica", &url, "--workload", "-", "--create-extension"];
    let with = [&base[..], &["--ledger", &file]].concat();
    let wanting = b"SELECT note FROM orders WHERE customer = 17";

    let (out, err, code) = forebay(&with, wanting);
    assert_eq!(code, Some(1), "a line cannot be read: {out}{err}");
    assert!(err.contains("ledger.jsonl, line 1: no record of a ledger"), "{err}");
    let kept = std::fs::read_to_string(&path).expect("it is there");
    let lines: Vec<&str> = kept.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "nonsense"), "{kept}");
    // Without its values.
    assert!(lines[1].contains("customer = $?") && !lines[1].contains("= 17"), "{kept}");

    std::fs::write(&path, format!("{}\n", lines[1])).expect("the folder is ours");
    let record: serde_json::Value = serde_json::from_str(lines[1]).expect("a record");
    let ddl = record["ddl"][1].as_str().expect("the statement that makes it");
    database.execute(ddl).await;
    let (out, err, code) = forebay(&with, wanting);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("-- ledger: ") && out.contains(": made; "), "{out}");
    let (out, _, code) = forebay(&[&with[..], &["--json", "--check"]].concat(), wanting);
    let answer: serde_json::Value = serde_json::from_str(&out).expect("one object");
    let found = &answer["ledger"][0];
    assert_eq!((code, found["state"].as_str()), (Some(0), Some("made")), "{out}");
    assert!(
        found["statements"][0]["gain_ratio"].as_f64().is_some_and(|ratio| (0.5..2.0).contains(&ratio)),
        "{out}"
    );
}
