//! A server that answers from memory: it stands in front of the lab's, passes on what it has not heard before, and answers the
//! same use of a prepared statement by what the lab's said to the first. Such an answer takes no system call, and hardly
//! differs from one time to the next.

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use forebay_pool::{Canceller, Connect, ConnectFailure, Connected, Tap, Target};
use std::collections::HashMap;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream},
    net::TcpStream,
};
use tokio_postgres::{
    NoTls,
    config::{Host, SslMode},
};

/// Bytes under way in memory.
const BUFFER: usize = 64 << 10;

/// Connects to a [replaying server](self), which ends with its session. Nothing is cancelled there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replayed;

#[async_trait]
impl Connect for Replayed {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        let (Some(Host::Tcp(host)), Some(port)) = (target.get_hosts().first(), target.get_ports().first())
        else {
            return Err("the lab listens on TCP, and says where".into());
        };
        let server = TcpStream::connect((host.as_str(), *port)).await?;
        server.set_nodelay(true)?;
        let (near, far) = tokio::io::duplex(BUFFER);
        tokio::spawn(serve(far, server));
        let mut config = target.config.clone();
        config.ssl_mode(SslMode::Disable);
        let (client, connection) = config.connect_raw(tap.wrap(near), NoTls).await?;
        let task = tokio::spawn(async move { drop(connection.await) });
        let cancel = Canceller::new(|| Box::pin(async { Ok(()) }));
        Ok(Connected { client, task, cancel })
    }
}

/// One request after the other, until either side ends.
///
/// Source: PostgreSQL, "Message Flow" and "Message Formats".
async fn serve(client: DuplexStream, mut server: TcpStream) -> Result<()> {
    let (client, mut answers) = tokio::io::split(client);
    let mut client = BufReader::new(client);
    let mut known: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    let (mut request, mut answer) = (Vec::new(), Vec::new());
    // The first message has no type.
    message(&mut client, &mut request).await?;
    loop {
        let is_use = request.first() == Some(&b'B');
        match known.get(&request).filter(|_| is_use) {
            Some(known) => answers.write_all(known).await?,
            None => {
                server.write_all(&request).await?;
                heard(&mut server, &mut answer).await?;
                answers.write_all(&answer).await?;
                if is_use {
                    known.insert(request.clone(), answer.clone());
                }
            }
        }
        request.clear();
        answer.clear();
        while !request.ends_with(b"S\0\0\0\x04") {
            let kind = client.read_u8().await?;
            request.push(kind);
            message(&mut client, &mut request).await?;
            // A query by itself, a part of the log-in, the end.
            if matches!(kind, b'Q' | b'p' | b'X') {
                break;
            }
        }
    }
}

/// All that the server says until it waits for the client.
async fn heard(server: &mut TcpStream, answer: &mut Vec<u8>) -> Result<()> {
    loop {
        let kind = server.read_u8().await?;
        answer.push(kind);
        let body = answer.len() + size_of::<u32>();
        message(server, answer).await?;
        let waits = match kind {
            b'Z' => true,
            // Of the steps of a log-in all but the last two want something.
            b'R' => !matches!(answer.get(body..body + 4), Some([0, 0, 0, 0 | 12])),
            _ => false,
        };
        if waits {
            return Ok(());
        }
    }
}

/// Appends one message without its type.
async fn message(from: &mut (impl AsyncRead + Unpin), to: &mut Vec<u8>) -> Result<()> {
    let length = from.read_u32().await?;
    to.extend(length.to_be_bytes());
    let start = to.len();
    let body = length.checked_sub(4).context("a length counts itself")?;
    to.resize(start + body as usize, 0);
    from.read_exact(&mut to[start..]).await?;
    Ok(())
}
