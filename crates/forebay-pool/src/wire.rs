//! The socket below a session.

use crate::{
    refusal::{ConnectReason, Refusal},
    target::{DEFAULT_PORT, Target},
};
use socket2::{SockRef, TcpKeepalive};
use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};
use tokio_postgres::{Config, config::Host};

/// A connected TCP or Unix socket.
#[derive(Debug)]
pub(crate) enum Wire {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Where a wire leads, resolved: a cancel request must reach the very server the session is on.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Wire {
    /// Tries the addresses of the configured host in turn.
    pub(crate) async fn connect(target: &Target) -> Result<(Self, Address), Refusal> {
        let mut failure = None;
        for address in addresses(target).await? {
            match address.open().await {
                Ok(wire) => {
                    wire.tune(target).map_err(Refusal::socket)?;
                    return Ok((wire, address));
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.map_or_else(|| Refusal::bare(ConnectReason::Unresolved), Refusal::socket))
    }

    /// What the connection string says of the socket: when a peer that went silent is given up.
    fn tune(&self, config: &Config) -> io::Result<()> {
        let Self::Tcp(stream) = self else { return Ok(()) };
        let socket = SockRef::from(stream);
        if config.get_keepalives() {
            let mut keepalive = TcpKeepalive::new().with_time(config.get_keepalives_idle());
            if let Some(interval) = config.get_keepalives_interval() {
                keepalive = keepalive.with_interval(interval);
            }
            if let Some(retries) = config.get_keepalives_retries() {
                keepalive = keepalive.with_retries(retries);
            }
            socket.set_tcp_keepalive(&keepalive)?;
        }
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        if let Some(timeout) = config.get_tcp_user_timeout() {
            socket.set_tcp_user_timeout(Some(*timeout))?;
        }
        Ok(())
    }
}

async fn addresses(config: &Config) -> Result<Vec<Address>, Refusal> {
    let port = config.get_ports().first().copied().unwrap_or(DEFAULT_PORT);
    if let Some(ip) = config.get_hostaddrs().first() {
        return Ok(vec![Address::Tcp(SocketAddr::new(*ip, port))]);
    }
    match config.get_hosts().first() {
        Some(Host::Tcp(host)) => {
            let found = tokio::net::lookup_host((host.as_str(), port)).await;
            let found = found.map_err(|error| Refusal::new(ConnectReason::Unresolved, error))?;
            Ok(found.map(Address::Tcp).collect())
        }
        Some(Host::Unix(directory)) => Ok(vec![Address::Unix(directory.join(format!(".s.PGSQL.{port}")))]),
        None => Err(Refusal::bare(ConnectReason::Unresolved)),
    }
}

impl Address {
    pub(crate) async fn open(&self) -> io::Result<Wire> {
        match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok(Wire::Tcp(stream))
            }
            Self::Unix(path) => Ok(Wire::Unix(UnixStream::connect(path).await?)),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
