//! What cannot be read, planned or seen is said, and the rest is used.

use forebay_plan::advise::{AdviseError, Confidence, Options, Workload, advise};

use crate::database::{advice, advice_with, definitions, shop};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_that_cannot_be_planned_are_named_by_their_line() {
    let (_database, client, there) = shop("advice_problems").await;
    let script = "SELECT * FROM nowhere;\nSELECT * FROM orders WHERE customer = 17;\nSET x = 1;\nSELECT FROM WHERE;\nSELECT 'open";
    let advice = advice(&client, script).await;
    let mut lines: Vec<_> = advice.problems.iter().filter_map(|problem| problem.line).collect();
    lines.sort_unstable();
    assert_eq!(lines, [1, 3, 4, 5], "{:?}", advice.problems);
    if there {
        assert_eq!(definitions(&advice), ["orders USING btree (customer)"]);
    }
    let nothing =
        client.query_one("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'forebay%'", &[]).await;
    assert_eq!(nothing.expect("a row").get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_without_values_are_planned_for_any() {
    let (_database, client, there) = shop("advice_any").await;
    let advice = advice(&client, "SELECT * FROM orders WHERE customer = $1").await;
    assert!(advice.problems.is_empty(), "{:?}", advice.problems);
    if there {
        assert_eq!(definitions(&advice), ["orders USING btree (customer)"]);
        assert_eq!(advice.indexes[0].confidence, Confidence::VerifiedForAnyValue);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_hypopg_plain_cases_are_estimated_and_marked() {
    let (_database, client, there) = shop("advice_estimated").await;
    if there {
        client.batch_execute("DROP EXTENSION hypopg").await.expect("it was made");
    }
    let script = "SELECT * FROM orders WHERE customer = 17; SELECT * FROM orders WHERE status = 'done'";
    let estimated = advice(&client, script).await;
    assert_eq!(definitions(&estimated), ["orders USING btree (customer)"]);
    assert_eq!(estimated.indexes[0].confidence, Confidence::Estimated);
    assert!(estimated.unseen.iter().any(|unseen| unseen.contains("HypoPG")), "{:?}", estimated.unseen);
    if there {
        let mut options = Options::default();
        options.create_extension = true;
        let verified = advice_with(&client, script, &options).await;
        assert_eq!(verified.indexes[0].confidence, Confidence::Verified);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_read_nothing_is_told_so() {
    let (database, client, _) = shop("advice_stranger").await;
    let role = format!("{}_stranger", database.name());
    client.batch_execute(&format!("CREATE ROLE {role}; SET ROLE {role}")).await.expect("a superuser may");
    let advice =
        advise(&client, &Workload::parse("SELECT * FROM orders WHERE customer = 17"), &Options::default())
            .await;
    let advice = advice.expect("the connection is there");
    assert!(advice.problems[0].what.contains("permission denied for table orders"), "{:?}", advice.problems);
    assert!(advice.is_empty());
    let counted = Workload::from_pg_stat_statements(&client, &Options::default()).await;
    assert!(matches!(counted, Err(AdviseError::NoStatements { .. })), "{counted:?}");
    client.batch_execute(&format!("RESET ROLE; DROP ROLE {role}")).await.expect("a superuser may");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_changed_and_no_lock_is_kept() {
    let (database, client, _) = shop("advice_harmless").await;
    let script = "DELETE FROM orders WHERE customer = 5; UPDATE orders SET note = 'x' WHERE customer = 7;
                  INSERT INTO tiny VALUES (1, 'x'); WITH gone AS (DELETE FROM tiny RETURNING id) SELECT * FROM gone";
    let advice = advice(&client, script).await;
    assert!(advice.problems.is_empty(), "{:?}", advice.problems);
    let counts = "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM tiny), (SELECT count(*) FROM orders WHERE note = 'x')";
    let row = client.query_one(counts, &[]).await.expect("a row");
    assert_eq!([row.get::<_, i64>(0), row.get(1), row.get(2)], [60_000, 300, 0]);
    let other = database.client().await;
    other.batch_execute("SET lock_timeout = '2s'; DROP TABLE tiny").await.expect("nobody holds it");
}
