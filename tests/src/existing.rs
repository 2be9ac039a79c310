//! Servers one already has: whether they are what they were named as.

use anyhow::{Context, Result, bail};
use tokio::net::TcpStream;

use crate::postgres::connect;

/// Checks that the first address is a primary and the others are standbys.
pub(crate) async fn check_postgres(urls: &[String]) -> Result<()> {
    for (number, url) in urls.iter().enumerate() {
        let client = connect(url).await.with_context(|| {
            format!("FOREBAY_LAB_POSTGRES names address {}, which cannot be reached", number + 1)
        })?;
        let standby: bool = client.query_one("SELECT pg_is_in_recovery()", &[]).await?.get(0);
        match (number, standby) {
            (0, true) => {
                bail!("FOREBAY_LAB_POSTGRES must name a primary first, and its first address is a standby")
            }
            (1.., false) => bail!(
                "FOREBAY_LAB_POSTGRES must name standbys after the primary, and address {} is a primary",
                number + 1
            ),
            _ => {}
        }
    }
    Ok(())
}

/// Checks that somebody listens at an address given in `variable`.
pub(crate) async fn check_listening(variable: &str, address: &str) -> Result<()> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    TcpStream::connect(host)
        .await
        .map(|_| ())
        .with_context(|| format!("{variable} names {host}, which cannot be reached"))
}
