//! How a session is opened, and how its running statement is cancelled.

#[cfg(feature = "rustls")]
use crate::rustls023::Already;
use crate::{
    error::PoolError,
    kept_open::KeptOpen,
    refusal::{ConnectReason, Refusal},
    shared_failure::SharedFailure,
    tap::{Tap, Tapped},
    target::Target,
    tls_settings::TlsMode,
    wire::Wire,
};
use async_trait::async_trait;
use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    pin::Pin,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    task::JoinHandle,
};
#[cfg(feature = "rustls")]
use tokio_postgres::config::SslNegotiation;
use tokio_postgres::{
    AsyncMessage, CancelToken, Client, Connection, NoTls, config::SslMode, tls::TlsConnect,
};

/// Why a connection failed, as the connector says it.
pub type ConnectFailure = Box<dyn std::error::Error + Send + Sync>;

/// How sessions are opened: replace it to bring another TLS, a proxy, or a socket of your own.
///
/// It is a trait object, because a connect costs a round trip anyway. A connect that takes longer than the
/// pool's `connect_timeout` is dropped.
#[async_trait]
pub trait Connect: Send + Sync + 'static {
    /// Opens one session. The stream that carries plain protocol messages must be [wrapped](Tap::wrap) by
    /// `tap`; a session whose tap hears nothing is refused, because nothing could be promised of it.
    ///
    /// # Errors
    /// Whatever went wrong; the pool wraps it and names the endpoint, and looks for its [`ConnectReason`].
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure>;
}

/// A session that was just opened.
pub struct Connected {
    /// Talks to the server.
    pub client: Client,
    /// Moves the bytes; ends when `client` is dropped.
    pub task: JoinHandle<()>,
    /// Asks the server to stop what the session runs.
    pub cancel: Canceller,
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").finish_non_exhaustive()
    }
}

/// Asks a server to stop what a session runs.
pub struct Canceller(Box<dyn Fn() -> Cancelling + Send + Sync>);

/// The future of one request to cancel.
pub type Cancelling = Pin<Box<dyn Future<Output = Result<(), ConnectFailure>> + Send>>;

impl Canceller {
    /// `request` must resolve only when the server has **closed** the connection that carried the request:
    /// from then on a late cancel cannot hit the session's next statement.
    pub fn new(request: impl Fn() -> Cancelling + Send + Sync + 'static) -> Self {
        Self(Box::new(request))
    }

    pub(crate) fn request(&self) -> Cancelling {
        (self.0)()
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller")
    }
}

impl Target {
    /// Opens one session as a pool does that was given no connector of its own, for work beside it: nobody watches it, and
    /// dropping the client ends it.
    ///
    /// # Errors
    /// [`PoolError::Connect`] with its reason, also when it takes longer than `within`.
    pub async fn open(&self, within: Duration) -> Result<Connected, PoolError> {
        let failed = |source| PoolError::Connect { endpoint: self.endpoint(), source };
        let (tap, connect) = (Tap::new(), DefaultConnect::default());
        tokio::time::timeout(within, connect.connect(self, &tap))
            .await
            .map_err(|_| failed(SharedFailure::no_answer(within)))?
            .map_err(|failure| failed(SharedFailure::new(failure)))
    }
}

/// Connects over TCP or a Unix socket without TLS. The default of a pool without the feature `rustls`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConnectPlain;

#[cfg(not(feature = "rustls"))]
pub(crate) type DefaultConnect = ConnectPlain;
#[cfg(feature = "rustls")]
pub(crate) type DefaultConnect = crate::rustls023::ConnectRustls;

#[async_trait]
impl Connect for ConnectPlain {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        let (wire, address) = Wire::connect(target).await?;
        if target.tls.mode > TlsMode::Prefer && matches!(wire, Wire::Tcp(_)) {
            return Err(Refusal::bare(ConnectReason::TlsNotBuilt).into());
        }
        let (client, task) = begin_plain(wire, target, tap).await?;
        let token = client.cancel_token();
        let cancel = Canceller::new(move || {
            let (token, address) = (token.clone(), address.clone());
            Box::pin(async move { stop(address.open().await?, NoTls, &token).await })
        });
        Ok(Connected { client, task, cancel })
    }
}

/// Logs in over a stream without TLS, and starts the task that moves its bytes.
pub(crate) async fn begin_plain<S>(
    stream: S,
    target: &Target,
    tap: &Tap,
) -> Result<(Client, JoinHandle<()>), ConnectFailure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut config = target.config.clone();
    config.ssl_mode(SslMode::Disable);
    log_in(stream, &config, NoTls, tap).await
}

/// The same over a stream that has its TLS already; `binding` is what a login can be bound to.
#[cfg(feature = "rustls")]
pub(crate) async fn begin_encrypted<S>(
    stream: S,
    binding: Option<Vec<u8>>,
    target: &Target,
    tap: &Tap,
) -> Result<(Client, JoinHandle<()>), ConnectFailure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut config = target.config.clone();
    // The driver asks for TLS by itself, unless it comes without being asked for.
    config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
    log_in(stream, &config, Already { binding }, tap).await
}

async fn log_in<S, T>(
    stream: S,
    config: &tokio_postgres::Config,
    tls: T,
    tap: &Tap,
) -> Result<(Client, JoinHandle<()>), ConnectFailure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: TlsConnect<Tapped<S>>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect_raw(tap.wrap(stream), tls).await?;
    Ok((client, tokio::spawn(run(connection, tap.clone()))))
}

/// Moves the bytes until the session ends, and hands on what the server says unasked.
async fn run<S, T>(mut connection: Connection<S, T>, tap: Tap)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
        match message {
            Ok(AsyncMessage::Notification(notification)) => tap.notified(notification),
            Ok(AsyncMessage::Notice(notice)) => tracing::debug!(%notice, "the database says"),
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "a database connection ended");
                return;
            }
        }
    }
}

/// Asks, over a connection of its own, to stop what a session runs; resolves when the server has closed it.
pub(crate) async fn stop<S, T>(stream: S, tls: T, token: &CancelToken) -> Result<(), ConnectFailure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    for<'a> T: TlsConnect<&'a mut KeptOpen<S>>,
{
    let mut stream = KeptOpen(stream);
    token.cancel_query_raw(&mut stream, tls).await?;
    wait_for_end(&mut stream).await?;
    Ok(())
}

/// Reads until the server closes: it does so after it has signalled the session.
async fn wait_for_end(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut nothing = [0; 16];
    loop {
        match stream.read(&mut nothing).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // A reset is an end as well, and so is one without TLS's goodbye.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) =>
            {
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
}
