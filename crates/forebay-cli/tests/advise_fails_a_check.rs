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
