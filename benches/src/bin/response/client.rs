use crate::server::Server;
use anyhow::Context as _;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use forebay_benches::{Aim, Report, Summary};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// Enough to keep one server thread busy while the client reads.
const CONNECTIONS: usize = 8;
/// Longer than any head.
const HEAD_BYTES_MAX: usize = 4096;

/// Sends one request over and over. All answers to it have bodies of the same length, so after the first one it only looks for the
/// end of each head and counts bytes: it must not be what is measured.
pub(crate) struct Client {
    server: Server,
    request: String,
    connections: Vec<TcpStream>,
    buffer: Vec<u8>,
    body_bytes: usize,
    /// What the server's thread worked each time, where that is known.
    worked: Vec<Duration>,
}

/// What the first answer was.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Without what a server writes itself.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The length of head and body.
    pub(crate) wire_bytes: usize,
    head_bytes: usize,
}

impl Client {
    /// Connects, and asks twice: the second answer is the one of a server that has seen the request before.
    pub(crate) fn connect(server: Server, path: &str, headers: &str) -> anyhow::Result<(Self, Answer)> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{headers}\r\n");
        let connections: Result<Vec<_>, _> =
            (0..CONNECTIONS).map(|_| TcpStream::connect(server.at)).collect();
        let buffer = vec![0; 1 << 20];
        let mut client =
            Self { server, request, connections: connections?, buffer, body_bytes: 0, worked: Vec::new() };
        for connection in &client.connections {
            connection.set_nodelay(true)?;
            connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        }
        client.ask()?;
        let answer = client.ask()?;
        client.body_bytes = answer.wire_bytes - answer.head_bytes;
        client.buffer.truncate(client.body_bytes + HEAD_BYTES_MAX);
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

    /// How long this many requests take. Each connection has one of them under way and is given the next one as soon as its answer
    /// is there, so that the server always has something to do.
    pub(crate) fn time(&mut self, requests: usize) -> Duration {
        let before = self.server.worked();
        let began = Instant::now();
        self.run(requests).expect("the server answers as long as the bench runs");
        let took = began.elapsed();
        if let (Some(before), Some(after)) = (before, self.server.worked()) {
            self.worked.push(after.saturating_sub(before));
        }
        took
    }

    fn run(&mut self, requests: usize) -> io::Result<()> {
        for connection in &mut self.connections {
            connection.write_all(self.request.as_bytes())?;
        }
        for number in 0..requests {
            let connection = &mut self.connections[number % CONNECTIONS];
            read(connection, &mut self.buffer, self.body_bytes)?;
            if number + CONNECTIONS < requests {
                connection.write_all(self.request.as_bytes())?;
            }
        }
        Ok(())
    }
}

/// Reads one answer with a body of this length.
fn read(connection: &mut TcpStream, buffer: &mut [u8], body_bytes: usize) -> io::Result<()> {
    let mut filled = 0;
    let mut end = None;
    loop {
        let more = connection.read(&mut buffer[filled..])?;
        if more == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += more;
        end = end.or_else(|| memchr::memmem::find(&buffer[..filled], b"\r\n\r\n"));
        if end.is_some_and(|end| filled >= end + 4 + body_bytes) {
            return Ok(());
        }
    }
}

/// The throughput of `ours` over that of `theirs`, and beside it what the server's thread works for one of ours over one of theirs,
/// which says more where other programs share the processor.
pub(crate) fn compare(
    report: &mut Report,
    name: &str,
    aim: Aim,
    pairs: usize,
    requests: usize,
    ours: &mut Client,
    theirs: &mut Client,
) {
    for client in [&mut *ours, &mut *theirs] {
        client.time(requests);
        client.worked.clear();
    }
    report.throughput_ratio(name, aim, pairs, || ours.time(requests), || theirs.time(requests));
    let shares: Vec<f64> = ours
        .worked
        .iter()
        .zip(&theirs.worked)
        .map(|(us, them)| us.as_secs_f64() / them.as_secs_f64().max(1e-9))
        .collect();
    if !shares.is_empty() {
        report.spread(&format!("{name}_cpu"), Aim::None, Summary::of(shares), "ratio", 0.0);
    }
}

/// An answer, once it is complete.
fn parse(wire: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some(end) = memchr::memmem::find(wire, b"\r\n\r\n") else { return Ok(None) };
    let (head, rest) = wire.split_at(end + 4);
    let mut lines = std::str::from_utf8(head)?.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.context("an answer without a status")?;
    let mut headers = HeaderMap::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").context("a header without a value")?;
        headers.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    headers.remove(header::DATE);
    headers.remove(header::CONNECTION);
    let body = if headers.remove(header::TRANSFER_ENCODING).is_some() {
        dechunk(rest)?
    } else {
        let length = headers.get(header::CONTENT_LENGTH).map_or(Ok("0"), HeaderValue::to_str)?;
        (status == 304 || rest.len() == length.parse::<usize>()?).then(|| rest.to_vec())
    };
    let wire_bytes = wire.len();
    Ok(body.map(|body| Answer { status, headers, body: body.into(), wire_bytes, head_bytes: head.len() }))
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
