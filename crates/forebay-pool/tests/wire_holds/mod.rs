//! What holds for the tap on any wire: it hands every byte on as it is, and knows the same however the bytes are cut.

use forebay_pool::{Tap, TransactionState};
use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads come in these pieces; writes are kept, at most so many bytes at once.
struct Cut {
    reads: VecDeque<Vec<u8>>,
    written: Vec<u8>,
    most: usize,
}

impl AsyncRead for Cut {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(mut piece) = self.reads.pop_front() {
            let left = piece.split_off(piece.len().min(buf.remaining()));
            buf.put_slice(&piece);
            if !left.is_empty() {
                self.reads.push_front(left);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Cut {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let taken = buf.len().min(self.most);
        self.written.extend_from_slice(&buf[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

type Known = (u64, TransactionState, Option<bool>, bool);

/// What the tap knows after both sides spoke, `size` bytes at a time.
fn known(client: &[u8], server: &[u8], size: usize) -> Known {
    let tap = Tap::new();
    let reads = server.chunks(size).map(<[u8]>::to_vec).collect();
    let mut stream = tap.wrap(Cut { reads, written: Vec::new(), most: size });
    let mut cx = Context::from_waker(Waker::noop());
    let mut rest = client;
    while !rest.is_empty() {
        match Pin::new(&mut stream).poll_write(&mut cx, rest) {
            Poll::Ready(Ok(taken)) => rest = &rest[taken..],
            other => panic!("{other:?}"),
        }
    }
    let mut read = Vec::new();
    loop {
        let mut piece = [0; 64];
        let mut buf = ReadBuf::new(&mut piece);
        assert!(matches!(Pin::new(&mut stream).poll_read(&mut cx, &mut buf), Poll::Ready(Ok(()))));
        if buf.filled().is_empty() {
            break;
        }
        read.extend_from_slice(buf.filled());
    }
    assert_eq!(read, server);
    (tap.in_flight(), tap.transaction(), tap.is_standby(), tap.copied_in())
}

/// Checks one conversation, cut at every byte and in the middle of headers.
pub(crate) fn any_conversation(client: &[u8], server: &[u8]) {
    let whole = known(client, server, usize::MAX);
    for size in [1, 3, 7] {
        assert_eq!(known(client, server, size), whole);
    }
}
