use super::answer::{Answer, Head};
use anyhow::{Context, ensure};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

/// How long an answer may take before the connection is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Where a service listens.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// The authority, for the `Host` header.
    pub(crate) host: String,
    socket: SocketAddr,
}

impl Address {
    /// From a URL such as `http://127.0.0.1:8080`.
    pub(crate) fn parse(url: &str) -> anyhow::Result<Self> {
        let host =
            url.strip_prefix("http://").with_context(|| format!("{url} does not begin with http://"))?;
        let host = host.trim_end_matches('/');
        let mut found = host.to_socket_addrs().with_context(|| format!("{url} names no address"))?;
        let socket = found.next().with_context(|| format!("{url} names no address"))?;
        Ok(Self { host: host.to_owned(), socket })
    }
}

/// One HTTP/1.1 connection: a request out, its answer in.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// The present answer, head and body as they came; reused.
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: &Address) -> anyhow::Result<Self> {
        let stream = TcpStream::connect_timeout(&address.socket, PATIENCE)
            .with_context(|| format!("cannot connect to {}", address.host))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a whole request and reads its whole answer. After an error the connection is of no more use.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let head_end = loop {
            if let Some(at) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            ensure!(self.buffer.len() < HEAD_BYTES_MAX, "the head of the answer is too long");
            self.fill()?;
        };
        let head = Head::parse(&self.buffer[..head_end])?;
        let end = head_end + head.body_bytes;
        while self.buffer.len() < end {
            self.fill()?;
        }
        ensure!(self.buffer.len() == end, "more came than the answer's length");
        Ok(Answer::new(head, &self.buffer, head_end))
    }

    fn fill(&mut self) -> anyhow::Result<()> {
        let used = self.buffer.len();
        self.buffer.resize(used + 32 * 1024, 0);
        let read = self.stream.read(&mut self.buffer[used..]);
        self.buffer.truncate(used + *read.as_ref().unwrap_or(&0));
        ensure!(read? > 0, "the service closed the connection");
        Ok(())
    }
}
