//! `kill` breaks connections; `restart` brings the server back where clients look for it.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use forebay_tests::{Memcached, Persistence, Postgres, PostgresSpec, Redis, RedisSpec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::{Client, NoTls};

/// Sends a line and reads as much as is expected.
async fn exchange(address: &str, question: &str, expected: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(question.as_bytes()).await?;
    let mut reply = vec![0; expected.len()];
    stream.read_exact(&mut reply).await?;
    assert_eq!(String::from_utf8_lossy(&reply), expected);
    Ok(())
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn redis_comes_back_empty_unless_it_keeps_its_writes() {
    let forgets = Redis::start().await.unwrap();
    let keeps = RedisSpec::default().persistence(Persistence::AppendOnly);
    let keeps = Redis::start_with(keeps).await.unwrap();
    for (redis, after) in [(&forgets, "$-1\r\n"), (&keeps, "$1\r\n7\r\n")] {
        exchange(&redis.addr(), "SET seen 7\r\n", "+OK\r\n").await.unwrap();
        let address = redis.addr();
        redis.kill();
        assert!(exchange(&address, "PING\r\n", "+PONG\r\n").await.is_err());
        redis.restart().await.unwrap();
        assert_eq!(redis.addr(), address);
        exchange(&address, "GET seen\r\n", after).await.unwrap();
    }
}

#[tokio::test]
async fn a_dump_goes_back_to_what_was_saved() {
    let redis = Redis::start_with(RedisSpec::default().persistence(Persistence::Dump)).await.unwrap();
    exchange(&redis.addr(), "SET seen 7\r\n", "+OK\r\n").await.unwrap();
    exchange(&redis.addr(), "SAVE\r\n", "+OK\r\n").await.unwrap();
    exchange(&redis.addr(), "SET seen 8\r\n", "+OK\r\n").await.unwrap();
    redis.restart().await.unwrap();
    exchange(&redis.addr(), "GET seen\r\n", "$1\r\n7\r\n").await.unwrap();
}

#[tokio::test]
async fn memcached_comes_back() {
    let memcached = Memcached::start().await.unwrap();
    memcached.kill();
    memcached.restart().await.unwrap();
    exchange(&memcached.addr(), "version\r\n", "VERSION").await.unwrap();
}

#[tokio::test]
async fn postgres_keeps_what_was_committed_and_its_standby_follows_again() {
    let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await.unwrap();
    let before = connect(&postgres.primary_url()).await;
    before.batch_execute("CREATE TABLE seen AS SELECT 7 AS n").await.unwrap();
    postgres.kill();
    assert!(before.query_one("SELECT 1", &[]).await.is_err());
    assert!(tokio_postgres::connect(&postgres.primary_url(), NoTls).await.is_err());

    postgres.restart().await.unwrap();
    let after = connect(&postgres.primary_url()).await;
    after.batch_execute("INSERT INTO seen VALUES (8)").await.unwrap();
    postgres.caught_up(0).await.unwrap();
    let standby = connect(&postgres.standby_url(0)).await;
    let rows: i64 = standby.query_one("SELECT count(*) FROM seen", &[]).await.unwrap().get(0);
    assert_eq!(rows, 2);
}
