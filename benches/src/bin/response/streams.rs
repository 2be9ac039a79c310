//! When lines of a stream reach a client that decodes them, beside one that takes them plain.

use crate::{
    decoded::Decoded,
    server::{self, Server},
};
use anyhow::Context as _;
use axum::{
    Router,
    body::Body,
    http::header,
    response::{IntoResponse, Response},
    routing,
};
use forebay_benches::{Aim, Report, Summary};
use forebay_response::{Coding, ResponseLayer};
use futures_util::{StreamExt as _, stream};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};
use tower_http::compression::CompressionLayer;

const ROUNDS: usize = 15;
const LINES: usize = 3;
/// The producer makes a line each.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let plain = server::start(routes())?;
    let ours = server::start(routes().layer(ResponseLayer::builder().build()?))?;
    let theirs = server::start(routes().layer(CompressionLayer::new()))?;
    let codings: Vec<Coding> = Coding::compiled().collect();
    let subjects: Vec<(Server, &str)> = [ours, theirs]
        .into_iter()
        .flat_map(|server| codings.iter().map(move |coding| (server, coding.token())))
        .collect();
    let mut late = vec![[Vec::new(), Vec::new()]; subjects.len()];
    for round in 0..ROUNDS {
        report.progress(&format!("streams, round {} of {ROUNDS}", round + 1));
        let all = [(plain, "identity")].into_iter().chain(subjects.iter().copied());
        // All of them wait for the producer most of the time.
        let threads: Vec<_> =
            all.map(|(server, coding)| (coding, thread::spawn(move || arrivals(server, coding)))).collect();
        let mut arrived = Vec::new();
        for (coding, thread) in threads {
            let times = thread.join().ok().with_context(|| format!("a stream in {coding} did not decode"))?;
            arrived.push(times?);
        }
        for (times, late) in arrived[1..].iter().zip(&mut late) {
            let behind = |line: usize| (times[line] - arrived[0][line]) * 1e3;
            late[0].push(behind(0));
            late[1].push((1..LINES).map(behind).fold(f64::MIN, f64::max));
        }
    }
    for ((at, (_, coding)), [first, later]) in subjects.iter().enumerate().zip(late) {
        let (whose, aim) =
            if at < codings.len() { ("", Aim::AtMost(10.0)) } else { ("_tower_http", Aim::None) };
        let name = format!("response.stream_first_byte_ms_{coding}{whose}");
        report.spread(&name, aim, Summary::of(first), "ms", 0.0);
        let name = format!("response.stream_later_lines_ms_{coding}{whose}");
        report.spread(&name, aim, Summary::of(later), "ms", 0.0);
    }
    Ok(())
}

fn routes() -> Router {
    Router::new().route("/", routing::get(lines))
}

async fn lines() -> Response {
    let lines = stream::unfold(0, async |number| {
        if number == LINES {
            return None;
        }
        if number > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let line = format!("{{\"id\":{number},\"name\":\"Ada Lovelace\",\"city\":\"London\"}}\n");
        Some((Ok::<_, std::io::Error>(line), number + 1))
    });
    // tower-http 0.7.1 polls a stream after its end (tower-http#732).
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines.fuse())).into_response()
}

/// Seconds from the request until the client has each line, decoded.
fn arrivals(server: Server, coding: &str) -> anyhow::Result<Vec<f64>> {
    let mut connection = TcpStream::connect(server.at)?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let request =
        format!("GET / HTTP/1.1\r\nhost: bench\r\naccept-encoding: {coding}\r\nconnection: close\r\n\r\n");
    let mut body = Decoded::of(coding)?;
    let (mut wire, mut used, mut buffer) = (Vec::new(), None, [0; 4096]);
    let began = Instant::now();
    connection.write_all(request.as_bytes())?;
    let mut times = Vec::new();
    while times.len() < LINES {
        let more = connection.read(&mut buffer)?;
        let now = began.elapsed().as_secs_f64();
        anyhow::ensure!(more > 0, "the stream in {coding} ended after {} lines", times.len());
        wire.extend_from_slice(&buffer[..more]);
        if used.is_none()
            && let Some(end) = memchr::memmem::find(&wire, b"\r\n\r\n")
        {
            let said = String::from_utf8_lossy(&wire[..end]).to_lowercase();
            let expected = format!("content-encoding: {coding}");
            anyhow::ensure!(coding == "identity" || said.contains(&expected), "no {expected}: {said}");
            used = Some(end + 4);
        }
        let Some(at) = &mut used else { continue };
        while let Some((data, next)) = chunk(&wire, *at)? {
            body.write(data)?;
            *at = next;
        }
        times.resize(body.lines().min(LINES), now);
    }
    Ok(times)
}

/// The chunk of a body that begins here, and where the next one does.
fn chunk(wire: &[u8], at: usize) -> anyhow::Result<Option<(&[u8], usize)>> {
    let Some(line) = memchr::memmem::find(&wire[at..], b"\r\n") else { return Ok(None) };
    let length = usize::from_str_radix(std::str::from_utf8(&wire[at..at + line])?, 16)?;
    let begin = at + line + 2;
    Ok(wire.get(begin..begin + length + 2).map(|data| (&data[..length], begin + length + 2)))
}
