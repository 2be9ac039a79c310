use anyhow::Context as _;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// Enough to keep one server thread busy while the client reads.
const CONNECTIONS: usize = 8;

/// Sends one request over and over. All answers to it have the same length, so after the first one it only
/// counts bytes: it must not be what is measured.
pub(crate) struct Client {
    request: String,
    connections: Vec<TcpStream>,
    buffer: Vec<u8>,
}

/// What the first answer was.
pub(crate) struct Answer {
    /// Without what a server writes itself.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The length of head and body.
    pub(crate) wire_bytes: usize,
}

impl Client {
    /// Connects, and asks once.
    pub(crate) fn connect(at: SocketAddr, path: &str, headers: &str) -> anyhow::Result<(Self, Answer)> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{headers}\r\n");
        let connections: Result<Vec<_>, _> = (0..CONNECTIONS).map(|_| TcpStream::connect(at)).collect();
        let mut client = Self { request, connections: connections?, buffer: vec![0; 1 << 20] };
        for connection in &client.connections {
            connection.set_nodelay(true)?;
            connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        }
        let answer = client.ask()?;
        client.buffer.truncate(answer.wire_bytes);
        Ok((client, answer))
    }

    fn ask(&mut self) -> anyhow::Result<Answer> {
        let connection = &mut self.connections[0];
        connection.write_all(self.request.as_bytes())?;
        let mut read = 0;
        loop {
            let more = connection.read(&mut self.buffer[read..])?;
            anyhow::ensure!(more > 0, "the server closed the connection");
            read += more;
            if let Some(answer) = parse(&self.buffer[..read])? {
                return Ok(answer);
            }
        }
    }

    /// How long this many requests take; each connection has one of them under way.
    pub(crate) fn time(&mut self, requests: usize) -> Duration {
        let began = Instant::now();
        for _ in 0..requests / CONNECTIONS {
            self.round().expect("the server answers as long as the bench runs");
        }
        began.elapsed()
    }

    fn round(&mut self) -> std::io::Result<()> {
        for connection in &mut self.connections {
            connection.write_all(self.request.as_bytes())?;
        }
        for connection in &mut self.connections {
            connection.read_exact(&mut self.buffer)?;
        }
        Ok(())
    }
}

/// An answer, once it is complete.
fn parse(wire: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some(end) = wire.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let (head, rest) = wire.split_at(end + 4);
    let mut headers = HeaderMap::new();
    for line in std::str::from_utf8(head)?.lines().skip(1).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").context("a header without a value")?;
        headers.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    headers.remove(header::DATE);
    let body = if headers.remove(header::TRANSFER_ENCODING).is_some() {
        dechunk(rest)?
    } else {
        let length = headers.get(header::CONTENT_LENGTH).map_or(Ok("0"), HeaderValue::to_str)?;
        (rest.len() == length.parse::<usize>()?).then(|| rest.to_vec())
    };
    Ok(body.map(|body| Answer { headers, body: body.into(), wire_bytes: wire.len() }))
}

/// The data of a chunked body, once it is complete.
fn dechunk(mut rest: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Some(line) = rest.windows(2).position(|window| window == b"\r\n") else { return Ok(None) };
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line])?, 16)?;
        let Some(data) = rest.get(line + 2..line + 4 + length) else { return Ok(None) };
        if length == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(&data[..length]);
        rest = &rest[line + 4 + length..];
    }
}
