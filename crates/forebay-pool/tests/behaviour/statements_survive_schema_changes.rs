//! Prepared statements: kept, bounded, and healed after DDL.

use forebay_pool::{Pool, PoolConfig};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_changed_result_type_is_prepared_anew() {
    let database = forebay_tests::shared().await.database("changed_type").await;
    database.execute("CREATE TABLE t (v int); INSERT INTO t VALUES (1)").await;
    let config =
        PoolConfig::from_url(&database.primary_url()).unwrap().replicas(database.replica_urls()).unwrap();
    let pool = Pool::builder(config).build().await.unwrap();
    let (writer, reader) = (pool.write().await.unwrap(), pool.read().await.unwrap());
    for _ in 0..2 {
        assert_eq!(writer.query_one("SELECT * FROM t", &[]).await.unwrap().len(), 1);
        assert_eq!(reader.query_one("SELECT * FROM t", &[]).await.unwrap().len(), 1);
    }
    database.execute("ALTER TABLE t ADD COLUMN w int").await;
    assert_eq!(writer.query_one("SELECT * FROM t", &[]).await.unwrap().len(), 2);
    assert_eq!(reader.query_one("SELECT * FROM t", &[]).await.unwrap().len(), 2);
    assert_eq!(pool.status().learned, 0, "a stale plan is not a refusal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_least_recently_used_statement_leaves() {
    let database = forebay_tests::shared().await.database("statements").await;
    let config = PoolConfig { statements_max: 3, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let writer = pool.write().await.unwrap();
    for text in ["SELECT 1", "SELECT 2", "SELECT 1", "SELECT 3", "SELECT 4"] {
        writer.query(text, &[]).await.unwrap();
    }
    let kept = writer
        .query("SELECT statement FROM pg_prepared_statements WHERE statement LIKE 'SELECT _' ORDER BY 1", &[])
        .await
        .unwrap();
    let kept: Vec<String> = kept.iter().map(|row| row.get(0)).collect();
    // The question itself took the third place before it was asked.
    assert_eq!(kept, ["SELECT 3", "SELECT 4"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn long_texts_make_room_for_each_other_and_the_longest_is_not_kept() {
    let database = forebay_tests::shared().await.database("statement_bytes").await;
    let config =
        PoolConfig { statements_bytes_max: 1_500, ..PoolConfig::from_url(&database.primary_url()).unwrap() };
    let pool = Pool::builder(config).build().await.unwrap();
    let writer = pool.write().await.unwrap();
    let text = |name: char, length: usize| format!("SELECT '{name}{}' AS of_a_length", "x".repeat(length));
    for (name, length) in [('a', 600), ('b', 600), ('a', 600), ('c', 600), ('d', 3_000)] {
        let row = writer.query_one(&text(name, length), &[]).await.unwrap();
        assert_eq!(row.get::<_, String>(0).len(), length + 1);
    }
    let names = "SELECT substr(statement, 9, 1) FROM pg_prepared_statements WHERE statement LIKE '%of\\_a%length' \
        ORDER BY 1";
    let kept: Vec<String> = writer.query(names, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(kept, ["a", "c"], "three have no room, and the fourth has none alone");
}
