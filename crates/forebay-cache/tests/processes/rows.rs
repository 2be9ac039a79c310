use super::KEYS;
use anyhow::{Context, Result};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
};

pub(crate) type Versions = [u64; KEYS];

/// The database: a version for each row. It ends with the test.
pub(crate) struct Rows {
    pub(crate) addr: String,
    versions: Arc<Mutex<Versions>>,
    _serving: JoinSet<()>,
}

impl Rows {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?.to_string();
        let versions: Arc<Mutex<Versions>> = Arc::default();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, versions.clone()));
        Ok(Self { addr, versions, _serving: serving })
    }

    pub(crate) fn versions(&self) -> Versions {
        *self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(listener: TcpListener, versions: Arc<Mutex<Versions>>) {
    let mut clients = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        clients.spawn(answer(client, versions.clone()));
    }
}

/// A line with a number writes that row; every answer is the versions of all.
async fn answer(client: TcpStream, versions: Arc<Mutex<Versions>>) {
    let (reader, mut writer) = client.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let now = {
            let mut versions = versions.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(row) = line.parse().ok().and_then(|row: usize| versions.get_mut(row)) {
                *row += 1;
            }
            *versions
        };
        if writer.write_all(format!("{}\n", words(&now)).as_bytes()).await.is_err() {
            return;
        }
    }
}

pub(crate) fn words(versions: &Versions) -> String {
    versions.map(|version| version.to_string()).join(" ")
}

pub(crate) fn versions<'a>(words: impl Iterator<Item = &'a str>) -> Versions {
    let mut versions = Versions::default();
    for (version, word) in versions.iter_mut().zip(words) {
        *version = word.parse().unwrap_or(0);
    }
    versions
}

/// One connection to the database.
pub(crate) struct Connection {
    lines: Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
}

impl Connection {
    pub(crate) async fn open(addr: &str) -> Result<Self> {
        let (reader, writer) = TcpStream::connect(addr).await?.into_split();
        Ok(Self { lines: BufReader::new(reader).lines(), writer })
    }

    pub(crate) async fn read(&mut self) -> Result<Versions> {
        self.ask("read\n").await
    }

    pub(crate) async fn write(&mut self, row: usize) -> Result<Versions> {
        self.ask(&format!("{row}\n")).await
    }

    async fn ask(&mut self, line: &str) -> Result<Versions> {
        self.writer.write_all(line.as_bytes()).await?;
        let answer = self.lines.next_line().await?.context("the database is gone")?;
        Ok(versions(answer.split(' ')))
    }
}
