//! Each fault of the proxy does what it says, and ends with `heal`.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use forebay_tests::{FaultProxy, shared};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Long enough for an answer that comes; the proxy holds it for ever.
const A_WHILE: Duration = Duration::from_millis(100);

async fn redis() -> FaultProxy {
    FaultProxy::start(&shared().await.redis_url()).await.unwrap()
}

async fn ping(stream: &mut TcpStream) -> std::io::Result<String> {
    stream.write_all(b"PING\r\n").await?;
    let mut reply = [0; 7];
    stream.read_exact(&mut reply).await?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

/// A server that answers every connection with this many bytes.
async fn answers_with(bytes: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move { stream.write_all(&vec![7; bytes]).await });
        }
    });
    address
}

#[tokio::test]
async fn without_faults_everything_passes() {
    let proxy = redis().await;
    assert_eq!(proxy.url_for("redis"), format!("redis://{}", proxy.addr()));
    let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(ping(&mut stream).await.unwrap(), "+PONG\r\n");
}

#[tokio::test]
async fn a_black_hole_holds_what_is_sent_until_it_is_healed() {
    let proxy = redis().await;
    let mut open = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(ping(&mut open).await.unwrap(), "+PONG\r\n");
    proxy.black_hole();
    let mut late = TcpStream::connect(proxy.addr()).await.unwrap();
    assert!(timeout(A_WHILE, ping(&mut open)).await.is_err());
    assert!(timeout(A_WHILE, ping(&mut late)).await.is_err());

    proxy.heal();
    let mut reply = [0; 7];
    open.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"+PONG\r\n");
    late.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"+PONG\r\n");
}

#[tokio::test]
async fn refusing_ends_connections_and_lets_none_in_until_it_is_healed() {
    let proxy = redis().await;
    let mut open = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(ping(&mut open).await.unwrap(), "+PONG\r\n");
    proxy.refuse();
    assert!(ping(&mut open).await.is_err());
    assert_eq!(TcpStream::connect(proxy.addr()).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);

    proxy.heal();
    let mut again = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(ping(&mut again).await.unwrap(), "+PONG\r\n");
}

#[tokio::test]
async fn cutting_now_ends_connections_and_serves_new_ones() {
    let proxy = redis().await;
    let mut open = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(ping(&mut open).await.unwrap(), "+PONG\r\n");
    proxy.cut_now();
    assert!(ping(&mut open).await.is_err());
    let mut again = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(ping(&mut again).await.unwrap(), "+PONG\r\n");
}

#[tokio::test]
async fn a_cut_comes_in_the_middle_of_a_reply() {
    let proxy = FaultProxy::start(&answers_with(100_000).await).await.unwrap();
    proxy.cut_after(70_001);
    for _connection in 0..2 {
        let mut received = Vec::new();
        let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
        let _end = stream.read_to_end(&mut received).await;
        assert_eq!(received.len(), 70_001);
    }
    proxy.heal();
    let mut received = Vec::new();
    TcpStream::connect(proxy.addr()).await.unwrap().read_to_end(&mut received).await.unwrap();
    assert_eq!(received.len(), 100_000);
}

#[tokio::test]
async fn a_delay_comes_before_every_reply() {
    let proxy = redis().await;
    let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
    proxy.delay(Duration::from_millis(60));
    for _request in 0..2 {
        let begun = Instant::now();
        assert_eq!(ping(&mut stream).await.unwrap(), "+PONG\r\n");
        assert!(begun.elapsed() >= Duration::from_millis(60));
    }
}

#[tokio::test]
async fn a_throttled_reply_takes_as_long_as_its_rate_says() {
    let proxy = FaultProxy::start(&answers_with(20_000).await).await.unwrap();
    proxy.throttle(100_000);
    let begun = Instant::now();
    let mut received = Vec::new();
    TcpStream::connect(proxy.addr()).await.unwrap().read_to_end(&mut received).await.unwrap();
    assert_eq!(received.len(), 20_000);
    assert!(begun.elapsed() >= Duration::from_millis(190));
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_does_not_stop_the_proxy() {
    let proxy = FaultProxy::start(&answers_with(10).await).await.unwrap();
    proxy.delay(Duration::from_millis(20));
    let mut received = Vec::new();
    TcpStream::connect(proxy.addr()).await.unwrap().read_to_end(&mut received).await.unwrap();
    assert_eq!(received.len(), 10);
}

#[tokio::test]
async fn an_address_keeps_its_user_and_database_through_the_proxy() {
    let lab = shared().await;
    let database = lab.database("through the proxy").await;
    let proxy = FaultProxy::start(&database.primary_url()).await.unwrap();
    let through = proxy.through(&database.primary_url());
    let (client, connection) = tokio_postgres::connect(&through, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let name: String = client.query_one("SELECT current_database()::text", &[]).await.unwrap().get(0);
    assert_eq!(name, database.name());
}
