//! Free loopback ports.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};
use rand::RngExt;

/// Below the range from which systems take the local ports of outgoing connections, so that a server that restarts finds its port free.
const RANGE: std::ops::Range<u16> = 20_000..32_000;
const ATTEMPTS: usize = 100;

/// A loopback port nobody listens on. Someone may take it before the caller does: the caller tries again with another.
pub(crate) fn free() -> Result<u16> {
    Ok(listen()?.local_addr()?.port())
}

/// A listener on a free loopback port, for an asynchronous runtime to take over.
pub(crate) fn listen() -> Result<TcpListener> {
    for _ in 0..ATTEMPTS {
        let port = rand::rng().random_range(RANGE);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            listener.set_nonblocking(true)?;
            return Ok(listener);
        }
    }
    bail!("no free loopback port between {} and {}", RANGE.start, RANGE.end)
}
