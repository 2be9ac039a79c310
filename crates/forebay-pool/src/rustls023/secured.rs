//! A stream that is as safe as it was asked to be, handed to the driver as if the driver had made it so.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// What the driver takes for its TLS: the handshake is behind us, because only so its failures can be told apart,
/// and the tap can be put above it.
#[derive(Debug)]
pub(crate) struct Already {
    /// What both ends know of the handshake (`tls-server-end-point`, RFC 5929), when there was one.
    pub(crate) binding: Option<Vec<u8>>,
}

/// A stream with what binds a login to it.
#[derive(Debug)]
pub(crate) struct Secured<S> {
    stream: S,
    binding: Option<Vec<u8>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsConnect<S> for Already {
    type Stream = Secured<S>;
    type Error = Infallible;
    type Future = Ready<Result<Secured<S>, Infallible>>;

    fn connect(self, stream: S) -> Self::Future {
        ready(Ok(Secured { stream, binding: self.binding }))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Secured<S> {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.binding {
            Some(binding) => ChannelBinding::tls_server_end_point(binding.clone()),
            None => ChannelBinding::none(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Secured<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Secured<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
