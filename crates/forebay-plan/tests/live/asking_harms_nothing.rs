//! Locks, connections, time, and code that must not run.

use crate::{
    explained::{Explained, eager},
    observed::Observed,
};
use forebay_plan::{CaptureConfig, ExplainConfig, Explainer, Skipped};
use forebay_pool::ObservedValues;
use forebay_tests::FaultProxy;
use std::time::Duration;

const FUNCTIONS: &str = "CREATE SEQUENCE s;
    CREATE TABLE t (n int);
    CREATE FUNCTION volatile_one() RETURNS int VOLATILE LANGUAGE plpgsql AS
        'BEGIN PERFORM nextval(''s''); INSERT INTO t VALUES (1); RETURN 1; END';
    CREATE FUNCTION stable_one(int) RETURNS int STABLE LANGUAGE sql AS 'SELECT $1';
    CREATE FUNCTION liar(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
        'BEGIN PERFORM nextval(''s''); RETURN $1; END';
    CREATE DOMAIN checked AS int CHECK (volatile_one() = 1)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_function_that_does_something_is_run() {
    let explained = Explained::new("explain_functions", FUNCTIONS, eager()).await;
    let writer = explained.observed.pool.write().await.unwrap();
    let (volatile, nextval, domain) =
        ("SELECT volatile_one() + $1", "SELECT nextval('s') + $1", "SELECT $1::checked");
    let (liar, proven) = ("SELECT liar(7) + $1", "SELECT stable_one($1)");
    writer.query(volatile, &[&1_i32]).await.unwrap();
    writer.query(nextval, &[&1_i64]).await.unwrap();
    writer.query(domain, &[&1_i32]).await.unwrap_or_default();
    writer.query(liar, &[&1_i32]).await.unwrap();
    let client = explained.observed.database.client().await;
    let state = async || {
        let row = client.query_one("SELECT last_value, (SELECT count(*) FROM t) FROM s", &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    let before = state().await;
    writer.query(proven, &[&1_i32]).await.unwrap();
    explained.plan(proven).await;
    let skipped = |sql| explained.explainer.skipped(forebay_sql::fingerprint(sql));
    forebay_tests::eventually("what is not proven to be skipped", async || {
        [volatile, nextval].iter().all(|sql| skipped(sql) == Some(Skipped::Unproven))
    })
    .await;
    // Declared as what it is not: the planner begins to run it, and the read-only transaction stops it.
    forebay_tests::eventually("the refusal", async || explained.explainer.status().failed > 0).await;
    assert_eq!(explained.explainer.plan(forebay_sql::fingerprint(liar)).map(|_| ()), None);
    assert_eq!(state().await, before, "no sequence moved, and no row came");
    let error = explained.explainer.analyze(forebay_sql::fingerprint(volatile)).await.unwrap_err();
    assert_eq!(error.to_string(), "not asked: it may call what does more than read");
    assert_eq!(state().await, before);
    assert!(!explained.explainer.status().paused, "the server is not to blame");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_is_not_waited_for() {
    let config = ExplainConfig { lock_timeout: Duration::from_millis(5), ..eager() };
    let explained = Explained::new("explain_lock", "CREATE TABLE t (n int)", config).await;
    let sql = "SELECT n FROM t WHERE n = $1";
    let mut client = explained.observed.database.client().await;
    let lock = client.transaction().await.unwrap();
    explained.observed.pool.query(sql, &[&1_i32]).await.unwrap();
    explained.plan(sql).await;
    lock.batch_execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let failed = explained.explainer.status().failed;
    forebay_tests::eventually("it gives up", async || explained.explainer.status().failed > failed).await;
    assert!(!explained.explainer.status().paused, "the server is not to blame");
    lock.rollback().await.unwrap();
    let fingerprint = forebay_sql::fingerprint(sql);
    let planned = explained.explainer.plan(fingerprint).unwrap().planned;
    forebay_tests::eventually("it asks again", async || {
        explained.explainer.plan(fingerprint).unwrap().planned > planned
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_and_a_share_of_the_load() {
    let (share_max, burst) = (0.01, Duration::from_millis(30));
    let config = ExplainConfig { share_max, burst, ..eager() };
    let explained = Explained::new("explain_share", "CREATE TABLE t (n int)", config.clone()).await;
    let (pool, capture) = (&explained.observed.pool, &explained.observed.capture);
    for round in 0..10_i32 {
        for n in 0..40 {
            pool.query(&format!("SELECT n AS c{n} FROM t WHERE n = $1"), &[&round]).await.unwrap();
        }
        assert!(explained.sessions().await <= 1, "one connection");
    }
    forebay_tests::eventually("a plan", async || explained.explainer.status().planned > 0).await;
    explained.explainer.shutdown().await;
    forebay_tests::eventually("the connection to end", async || explained.sessions().await == 0).await;
    let status = explained.explainer.status();
    // What one look may take beyond what there was to spend: to connect, and four questions.
    let longest = config.connect_timeout + 4 * config.timeout;
    let allowed = capture.busy().mul_f64(share_max) + burst + longest;
    assert!(status.spent <= allowed, "{:?} of {allowed:?}", status.spent);
    let row = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 't'";
    let locks: i64 = explained.observed.database.client().await.query_one(row, &[]).await.unwrap().get(0);
    assert_eq!(locks, 0, "nothing is left locked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_concerns_no_request() {
    let observed = Observed::new("explain_hole", CaptureConfig::default(), ObservedValues::Shown).await;
    let url = observed.database.primary_url();
    let proxy = FaultProxy::start(&url).await.unwrap();
    let hole = proxy.through(&url);
    let config = ExplainConfig { timeout: Duration::from_millis(50), ..eager() };
    let explainer =
        Explainer::builder(&observed.capture, hole.parse().unwrap()).config(config).start().unwrap();
    let sql = "SELECT $1::int";
    observed.pool.query(sql, &[&1_i32]).await.unwrap();
    let fingerprint = forebay_sql::fingerprint(sql);
    forebay_tests::eventually("the plan", async || explainer.plan(fingerprint).is_some()).await;
    proxy.black_hole();
    forebay_tests::eventually("the pause", async || {
        observed.pool.query(sql, &[&1_i32]).await.unwrap();
        explainer.status().paused
    })
    .await;
    for n in 0..100_i32 {
        observed.pool.query(sql, &[&n]).await.unwrap();
    }
    assert_eq!(observed.capture.statement(fingerprint).unwrap().failed, 0);
    proxy.heal();
    let planned = explainer.plan(fingerprint).unwrap().planned;
    forebay_tests::eventually("it asks again", async || {
        explainer.plan(fingerprint).unwrap().planned > planned
    })
    .await;
    explainer.shutdown().await;
}
