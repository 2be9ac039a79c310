//! A replica on a bad day: a port in front of a real standby, where statements that say [`STAGED`] take the time they are told
//! to, and are then run by the standby or answered with an error. Everything else (log-ins, probes, preparing) passes at once.

use anyhow::{Context as _, Result};
use std::{
    collections::HashSet,
    io, mem,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// What a statement says that is staged.
pub(crate) const STAGED: &str = "staged";

/// How staged statements are served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conduct {
    pub(crate) after: Duration,
    pub(crate) fails: bool,
}

/// A standby with a conduct that can be changed. It ends with the runtime it was started in.
pub(crate) struct Staged {
    url: String,
    conduct: Arc<Mutex<Conduct>>,
}

impl Staged {
    /// Stands in front of the server of `url`.
    pub(crate) async fn start(url: &str, conduct: Conduct) -> Result<Self> {
        let (login, rest) = url.rsplit_once('@').context("an address of the lab has a user")?;
        let (server, database) = rest.split_once('/').context("and a database")?;
        let upstream: SocketAddr = server.parse()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("{login}@{}/{database}?sslmode=disable", listener.local_addr()?);
        let conduct = Arc::new(Mutex::new(conduct));
        let shared = Arc::clone(&conduct);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, upstream, Arc::clone(&shared)));
            }
        });
        Ok(Self { url, conduct })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn behaves(&self, conduct: Conduct) {
        *self.conduct.lock().unwrap_or_else(PoisonError::into_inner) = conduct;
    }
}

/// One connection; either side's end ends it.
async fn serve(client: TcpStream, upstream: SocketAddr, conduct: Arc<Mutex<Conduct>>) -> io::Result<()> {
    let server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (asked, mut answers) = client.into_split();
    let (mut said, requests) = server.into_split();
    tokio::select! {
        end = pass(asked, requests, &conduct) => end,
        end = tokio::io::copy(&mut said, &mut answers) => end.map(drop),
    }
}

/// Passes requests on, each with all that belongs to it.
///
/// Source: PostgreSQL, "Message Formats".
async fn pass(client: OwnedReadHalf, mut server: OwnedWriteHalf, conduct: &Mutex<Conduct>) -> io::Result<()> {
    let mut client = BufReader::new(client);
    // The first message, a log-in or a request to cancel, has no type.
    let mut request = message(&mut client, Vec::new()).await?;
    server.write_all(&request).await?;
    request.clear();
    let mut staged = Names::default();
    let mut is_staged = false;
    loop {
        let kind = client.read_u8().await?;
        let body = request.len() + 5;
        request.push(kind);
        request = message(&mut client, request).await?;
        is_staged |= staged.sees(kind, &request[body..]);
        if matches!(kind, b'P' | b'B' | b'D' | b'E' | b'C') {
            continue;
        }
        if mem::take(&mut is_staged) {
            let Conduct { after, fails } = *conduct.lock().unwrap_or_else(PoisonError::into_inner);
            tokio::time::sleep(after).await;
            if fails {
                request = failing();
            }
        }
        server.write_all(&request).await?;
        request.clear();
    }
}

/// Appends one message without its type.
async fn message(client: &mut BufReader<OwnedReadHalf>, mut to: Vec<u8>) -> io::Result<Vec<u8>> {
    let length = client.read_u32().await?;
    to.extend(length.to_be_bytes());
    let start = to.len();
    to.resize(start + length.saturating_sub(4) as usize, 0);
    client.read_exact(&mut to[start..]).await?;
    Ok(to)
}

/// Names of prepared statements that are staged.
#[derive(Default)]
struct Names(HashSet<Vec<u8>>);

impl Names {
    /// Looks at a message; whether it is the use of a staged statement.
    fn sees(&mut self, kind: u8, body: &[u8]) -> bool {
        let mut texts = body.split(|byte| *byte == 0);
        let (first, second) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
        match kind {
            b'P' if second.windows(STAGED.len()).any(|part| part == STAGED.as_bytes()) => {
                self.0.insert(first.to_owned());
                false
            }
            b'P' => {
                self.0.remove(first);
                false
            }
            b'B' => self.0.contains(second),
            _ => false,
        }
    }
}

/// A request with an error for its only answer, as from a server with a broken disk.
fn failing() -> Vec<u8> {
    let text = b"DO $$BEGIN RAISE 'on a bad day' USING ERRCODE = '58030'; END$$\0";
    let length = u32::try_from(text.len() + 4).expect("a short text");
    [b"Q".as_slice(), &length.to_be_bytes(), text].concat()
}
