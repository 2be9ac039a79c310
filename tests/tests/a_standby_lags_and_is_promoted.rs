//! A standby stops applying on demand, catches up, and becomes a primary.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use forebay_tests::{Postgres, PostgresSpec};
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn rows(client: &Client) -> i64 {
    client.query_one("SELECT count(*) FROM seen", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn one_standby_lags_while_the_other_follows() {
    let postgres = Postgres::start(PostgresSpec::with_standbys(2)).await.unwrap();
    let primary = connect(&postgres.primary_url()).await;
    primary.batch_execute("CREATE TABLE seen (n int)").await.unwrap();
    let standbys = [connect(&postgres.standby_url(0)).await, connect(&postgres.standby_url(1)).await];
    for number in 0..2 {
        postgres.caught_up(number).await.unwrap();
    }

    postgres.pause_replay(0).await.unwrap();
    primary.batch_execute("INSERT INTO seen VALUES (1)").await.unwrap();
    postgres.caught_up(1).await.unwrap();
    assert_eq!((rows(&standbys[0]).await, rows(&standbys[1]).await), (0, 1));

    postgres.resume_replay(0).await.unwrap();
    postgres.caught_up(0).await.unwrap();
    assert_eq!(rows(&standbys[0]).await, 1);
}

#[tokio::test]
async fn a_promoted_standby_accepts_writes() {
    let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    let standby = connect(&postgres.standby_url(0)).await;
    assert!(standby.batch_execute("CREATE TABLE seen (n int)").await.is_err());
    postgres.kill();
    postgres.promote(0).await.unwrap();
    standby.batch_execute("CREATE TABLE seen AS SELECT 1 AS n").await.unwrap();
    assert_eq!(rows(&standby).await, 1);
}

#[tokio::test]
async fn a_killed_standby_comes_back_and_catches_up() {
    let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    postgres.kill_standby(0);
    let primary = connect(&postgres.primary_url()).await;
    primary.batch_execute("CREATE TABLE seen AS SELECT 1 AS n").await.unwrap();
    postgres.restart_standby(0).await.unwrap();
    postgres.caught_up(0).await.unwrap();
    assert_eq!(rows(&connect(&postgres.standby_url(0)).await).await, 1);
}
