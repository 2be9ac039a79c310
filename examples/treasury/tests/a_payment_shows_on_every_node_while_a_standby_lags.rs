//! The node that took a payment shows it at once, another node soon after, and neither falls back, although the
//! only standby does not replay anything meanwhile.

mod service;

use anyhow::{Result, bail, ensure};
use forebay_tests::{Postgres, PostgresSpec};
use service::{SCALE, Service, treasury};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// How long the other node is asked before the test gives up; it has no part in the rule.
const PATIENCE: Duration = Duration::from_secs(30);
const PAGES: [&str; 3] = ["/accounts/7/dashboard", "/accounts/7/portfolio", "/accounts/7/ledger"];

#[tokio::test]
async fn a_payment_shows_on_every_node_while_a_standby_lags() -> Result<()> {
    let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await?;
    let lab = forebay_tests::shared().await;
    let (primary, standby) = (postgres.primary_url(), postgres.standby_url(0));
    treasury(&["load-data", "--url", &primary, "--scale", SCALE])?;
    postgres.caught_up(0).await?;

    let (redis, namespace) = (lab.redis_url(), lab.key_prefix("lagging"));
    let mut arguments = vec!["--mode", "forebay", "--primary-url", &primary, "--replica-url", &standby];
    arguments.extend(["--redis-url", &redis, "--namespace", &namespace]);
    let (paying, other) = (Service::start(&arguments)?, Service::start(&arguments)?);

    for page in PAGES {
        assert_eq!((version(&paying, page)?, version(&other, page)?), (0, 0));
    }
    postgres.pause_replay(0).await?;
    for payment in 1..=5 {
        assert_eq!(pay(&paying, 7)?, payment);
        for page in PAGES {
            assert_eq!(version(&paying, page)?, payment, "{page} on the node that took the payment");
        }
        let begun = Instant::now();
        while version(&other, PAGES[0])? < payment {
            assert!(begun.elapsed() < PATIENCE, "the other node never shows payment {payment}");
        }
        for page in PAGES {
            assert_eq!(version(&other, page)?, payment, "{page} on the other node");
        }
    }
    postgres.resume_replay(0).await?;
    postgres.caught_up(0).await?;
    for page in PAGES {
        assert_eq!((version(&paying, page)?, version(&other, page)?), (5, 5));
    }
    Ok(())
}

/// The version of the account a page shows.
fn version(service: &Service, path: &str) -> Result<i64> {
    ask(service, &format!("GET {path} HTTP/1.1\r\n"), "")
}

/// Pays, and returns the version the payment made.
fn pay(service: &Service, account: i64) -> Result<i64> {
    let body = r#"{"amount_cents":100,"memo":"test"}"#;
    let length = body.len();
    let head = format!(
        "POST /accounts/{account}/payments HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n"
    );
    ask(service, &head, body)
}

fn ask(service: &Service, head: &str, body: &str) -> Result<i64> {
    let mut stream = TcpStream::connect(service.url.trim_start_matches("http://"))?;
    stream.write_all(format!("{head}host: treasury\r\nconnection: close\r\n\r\n{body}").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 20"), "{head}: {answer}");
    for line in answer.lines() {
        if let Some(version) = line.strip_prefix("x-account-version: ") {
            return Ok(version.parse()?);
        }
    }
    bail!("no version in {answer}")
}
