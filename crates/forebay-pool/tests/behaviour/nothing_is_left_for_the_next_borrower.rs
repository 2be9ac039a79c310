//! Settings, locks and temporary tables do not outlive their guard.

use forebay_pool::{Pool, PoolConfig};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn settings_locks_and_temporary_tables_are_removed() {
    let database = forebay_tests::shared().await.database("leftovers").await;
    let config = PoolConfig {
        write_sessions_max: 1,
        statement_timeout: Some(Duration::from_secs(77)),
        ..PoolConfig::from_url(&database.primary_url()).unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    for (leave, look) in [
        ("SET search_path = other", "SELECT current_setting('search_path') <> 'other'"),
        (
            "SELECT set_config('our.setting', 'x', false)",
            "SELECT coalesce(current_setting('our.setting', true), '') = ''",
        ),
        (
            "SELECT pg_advisory_lock(4711)",
            "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711)",
        ),
        ("CREATE TEMP TABLE ours (v int)", "SELECT to_regclass('pg_temp.ours') IS NULL"),
    ] {
        let writer = pool.write().await.unwrap();
        let pid: i32 = writer.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        writer.query(leave, &[]).await.unwrap();
        assert!(!writer.query_one(look, &[]).await.unwrap().get::<_, bool>(0), "{leave} leaves something");
        drop(writer);
        let writer = pool.write().await.unwrap();
        assert!(writer.query_one(look, &[]).await.unwrap().get::<_, bool>(0), "{leave} is removed");
        assert_eq!(writer.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get::<_, i32>(0), pid);
        // The session's own settings are as at its start.
        let timeout = writer.query_one("SELECT current_setting('statement_timeout')", &[]).await.unwrap();
        assert_eq!(timeout.get::<_, String>(0), "77s");
        drop(writer);
        // The same in a batch.
        let writer = pool.write().await.unwrap();
        writer.batch_execute(leave).await.unwrap();
        drop(writer);
        let writer = pool.write().await.unwrap();
        assert!(
            writer.query_one(look, &[]).await.unwrap().get::<_, bool>(0),
            "{leave} in a batch is removed"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn on_a_replica_as_well() {
    let database = forebay_tests::shared().await.database("leftovers_replica").await;
    let config = PoolConfig {
        replica_sessions_max: 1,
        ..PoolConfig::from_url(&database.primary_url())
            .unwrap()
            .replicas(&database.replica_urls()[..1])
            .unwrap()
    };
    let pool = Pool::builder(config).build().await.unwrap();
    let reader = pool.read().await.unwrap();
    let backend = "SELECT inet_server_port() || ' ' || pg_backend_pid()";
    let before: String = reader.query_one(backend, &[]).await.unwrap().get(0);
    reader.query("SET search_path = other", &[]).await.unwrap();
    drop(reader);
    let reader = pool.read().await.unwrap();
    let path: String = reader.query_one("SHOW search_path", &[]).await.unwrap().get(0);
    assert_ne!(path, "other");
    let after: String = reader.query_one(backend, &[]).await.unwrap().get(0);
    assert_eq!(before, after, "cleaned, not replaced");
}
