//! What is wrong with a server or a connection string is told by step, with what to do about it.

use forebay_pool::{ConnectReason, Pool, PoolConfig, PoolError};
use forebay_tests::{TestDatabase, eventually};
use std::error::Error as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// What a pool of this server says, which must name what to do.
async fn reason(url: &str, advice: &str) -> ConnectReason {
    let error =
        Pool::builder(PoolConfig::from_url(url).expect("an address")).build().await.expect_err(advice);
    let PoolError::Connect { endpoint, source } = &error else { panic!("{error:?}") };
    assert!(endpoint.contains(':'), "{endpoint}");
    let text = format!("{source}");
    assert!(text.contains(advice), "{text}");
    assert_eq!(error.is_transient(), source.reason().is_transient());
    error.connect_reason().expect("it is a connect")
}

fn replaced(database: &TestDatabase, user: &str, password: &str, name: &str) -> String {
    let url = database.primary_url();
    let place = url.split_once('@').expect("the lab's address has a user").1;
    let place = place.split('/').next().expect("the first part");
    format!("postgres://{user}:{password}@{place}/{name}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_of_a_login() {
    let database = forebay_tests::shared().await.database("bad_logins").await;
    let role = format!("{}_r", database.name());
    database.execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'right'")).await;
    let of = |password: &str, name: &str| replaced(&database, &role, password, name);
    assert_eq!(reason(&of("wrong", database.name()), "user and password").await, ConnectReason::Login);
    assert_eq!(reason(&of("right", "no_such_database"), "database").await, ConnectReason::Database);
    database.execute(&format!("ALTER ROLE {role} CONNECTION LIMIT 0")).await;
    let full = reason(&of("right", database.name()), "max_connections").await;
    assert_eq!(full, ConnectReason::TooManyConnections);
    assert!(full.is_transient() && !ConnectReason::Login.is_transient());
    let url = replaced(&database, &role, "", database.name()).replace(":@", "@");
    assert_eq!(reason(&url, "password").await, ConnectReason::LoginMethod);
    database.execute(&format!("DROP ROLE {role}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_refused_while_in_use_is_why_callers_wait_in_vain() {
    let database = forebay_tests::shared().await.database("bad_password_later").await;
    let role = format!("{}_r", database.name());
    database.execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'right'; GRANT pg_monitor TO {role}")).await;
    let config = PoolConfig {
        acquire_timeout: std::time::Duration::from_millis(500),
        idle_sessions_min: 0,
        ..PoolConfig::from_url(&replaced(&database, &role, "right", database.name())).expect("an address")
    };
    let pool = Pool::builder(config).build().await.expect("the password is right");
    let mut held = vec![pool.write().await.expect("a session")];
    database.execute(&format!("ALTER ROLE {role} PASSWORD 'other'")).await;
    eventually("the refusal is told", async || {
        let error = match pool.write().await {
            Ok(opened_before) => {
                held.push(opened_before);
                return false;
            }
            Err(error) => error,
        };
        error.connect_reason() == Some(ConnectReason::Login)
            && error.source().is_some()
            && !error.is_transient()
    })
    .await;
    drop(held);
    assert!(pool.shutdown(std::time::Duration::from_secs(10)).await);
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let url = format!("postgres://app@127.0.0.1:{port}/shop");
    assert_eq!(reason(&url, "host, port and firewall").await, ConnectReason::Unreachable);
}

/// Answers one connection after another as a server of this version would, until the first query.
async fn server_of(version: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let mut greeting = vec![b'R', 0, 0, 0, 8, 0, 0, 0, 0];
    let status = format!("server_version\0{version}\0");
    greeting.push(b'S');
    greeting.extend(u32::try_from(status.len() + 4).expect("short").to_be_bytes());
    greeting.extend(status.as_bytes());
    greeting.extend([b'K', 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 2]);
    greeting.extend([b'Z', 0, 0, 0, 5, b'I']);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut bytes = [0; 1024];
            // Asks for TLS first, or not.
            let mut len = socket.read(&mut bytes).await.unwrap_or(0);
            if len == 8 {
                socket.write_all(b"N").await.expect("the client waits");
                len = socket.read(&mut bytes).await.unwrap_or(0);
            }
            assert!(len > 8, "the first message of a client");
            socket.write_all(&greeting).await.expect("the client waits");
            // Nothing is asked of it: what follows is the client's goodbye.
            let len = socket.read(&mut bytes).await.unwrap_or(0);
            assert!(len == 0 || bytes[0] == b'X', "{:?}", &bytes[..len]);
        }
    });
    format!("postgres://app@{address}/shop")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_too_old() {
    for (version, major) in [("12.3", 12), ("13.14 (Debian 13.14-0+deb11u1)", 13), ("9.6.24", 9)] {
        let found = reason(&server_of(version).await, "14 or newer").await;
        assert_eq!(found, ConnectReason::OldServer { major }, "{version}");
    }
}

#[test]
fn a_slip_in_a_connection_string() {
    for (wrong, advice) in [
        ("postgres://app@db/shop?sslmod=require", "is `sslmode` meant"),
        ("host=db aplication_name=x", "is `application_name` meant"),
        ("host=db colour=red", "unknown option (known are user, password"),
        ("postgres://app@db/shop?sslmode=verify_full", "verify-full"),
        ("postgres://app@db/shop?sslcert=a.pem", "`sslkey`"),
        ("postgers://app@db/shop", "begins with postgres://"),
        ("postgres://app@/shop", "names no host"),
    ] {
        let error = PoolConfig::from_url(wrong).expect_err(wrong);
        assert!(matches!(error, PoolError::Config { key: "primary", .. }), "{error:?}");
        assert!(error.to_string().contains(advice), "{error}");
    }
}
