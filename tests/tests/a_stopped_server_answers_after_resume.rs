//! `stop` freezes a whole server: connections stay, nothing answers; `resume` undoes it.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::time::Duration;

use forebay_tests::{Memcached, Postgres, PostgresSpec, Redis};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::NoTls;

/// Long enough for an answer that comes; a frozen server never sends it.
const A_WHILE: Duration = Duration::from_millis(100);

async fn ask(address: &str, question: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(question.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn redis() {
    let redis = Redis::start().await.unwrap();
    redis.stop();
    let mut stream = ask(&redis.addr(), "PING\r\n").await;
    let mut reply = [0; 7];
    assert!(timeout(A_WHILE, stream.read_exact(&mut reply)).await.is_err());
    redis.resume();
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"+PONG\r\n");
}

#[tokio::test]
async fn memcached() {
    let memcached = Memcached::start().await.unwrap();
    memcached.stop();
    let mut stream = ask(&memcached.addr(), "version\r\n").await;
    let mut reply = [0; 7];
    assert!(timeout(A_WHILE, stream.read_exact(&mut reply)).await.is_err());
    memcached.resume();
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"VERSION");
}

#[tokio::test]
async fn postgres_with_the_connections_it_already_has() {
    let postgres = Postgres::start(PostgresSpec::default()).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&postgres.primary_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.query_one("SELECT 1", &[]).await.unwrap();
    postgres.stop();
    let mut asked = Box::pin(client.query_one("SELECT 7", &[]));
    assert!(timeout(A_WHILE, &mut asked).await.is_err());
    postgres.resume();
    assert_eq!(asked.await.unwrap().get::<_, i32>(0), 7);
}
