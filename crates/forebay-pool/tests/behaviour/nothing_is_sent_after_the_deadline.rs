//! A request whose time is up sends nothing more, so the outcome of what it did not send is known.

use forebay_pool::{Pool, PoolConfig, PoolError};
use forebay_scope::Scope;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_write_after_the_deadline_did_not_happen() {
    let database = forebay_tests::shared().await.database("after_deadline").await;
    database.execute("CREATE TABLE t (v int)").await;
    let pool = Pool::builder(PoolConfig::from_url(&database.primary_url()).unwrap()).build().await.unwrap();
    let scope = Scope::with_deadline(tokio::time::Instant::now());
    let writer = pool.write().await.unwrap();
    let error = scope.run(writer.execute("INSERT INTO t VALUES (1)", &[])).await.unwrap_err();
    assert!(matches!(error, PoolError::Deadline { outcome_unknown: false, .. }), "{error:?}");
    let rows: i64 = writer.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get(0);
    assert_eq!(rows, 0);
    assert_eq!(scope.required(pool.system()), None, "nothing was sent, so nothing is required");
}
