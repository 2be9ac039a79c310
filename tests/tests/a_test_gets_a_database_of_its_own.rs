//! Two tests of the shared lab never see each other's tables, and standbys follow.

use forebay_tests::shared;
use tokio_postgres::NoTls;

#[tokio::test]
async fn databases_are_apart_and_on_every_standby() {
    let lab = shared().await;
    let first = lab.database("databases are apart").await;
    let second = lab.database("databases are apart").await;
    first.execute("CREATE TABLE seen (n int); INSERT INTO seen VALUES (7)").await;

    assert!(second.client().await.query("SELECT n FROM seen", &[]).await.is_err(), "another database");
    assert_eq!(first.replica_urls().len(), 2);
    for url in first.replica_urls() {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let row = client.query_one("SELECT n, pg_is_in_recovery() FROM seen", &[]).await.unwrap();
        assert_eq!((row.get::<_, i32>(0), row.get::<_, bool>(1)), (7, true));
    }
}

#[tokio::test]
async fn a_dropped_database_is_gone_even_while_someone_is_connected() {
    let lab = shared().await;
    let kept = lab.database("watcher").await;
    let dropped = lab.database("dropped").await;
    let name = dropped.name().to_owned();
    let _connected = dropped.client().await;
    drop(dropped);

    let query = "SELECT count(*) FROM pg_database WHERE datname = $1";
    let left: i64 = kept.client().await.query_one(query, &[&name]).await.unwrap().get(0);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn key_prefixes_are_never_the_same() {
    let lab = shared().await;
    assert_ne!(lab.key_prefix("keys"), lab.key_prefix("keys"));
    assert!(lab.redis_url().starts_with("redis://"));
    assert!(lab.memcached_addr().rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()));
}
