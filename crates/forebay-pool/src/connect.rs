//! How a session is opened, and how its running statement is cancelled.

use crate::{tap::Tap, wire::Wire};
use async_trait::async_trait;
use std::{fmt, future::Future, io, pin::Pin};
use tokio::{io::AsyncReadExt as _, task::JoinHandle};
use tokio_postgres::{Client, Config, NoTls};

/// Why a connection failed, as the connector says it.
pub type ConnectFailure = Box<dyn std::error::Error + Send + Sync>;

/// How sessions are opened: replace it to bring TLS, a proxy, or a socket of your own.
///
/// It is a trait object, because a connect costs a round trip anyway. A connect that takes longer than the
/// pool's `connect_timeout` is dropped.
#[async_trait]
pub trait Connect: Send + Sync + 'static {
    /// Opens one session. The stream that carries plain protocol messages must be [wrapped](Tap::wrap) by
    /// `tap`; a session whose tap hears nothing is refused, because nothing could be promised of it.
    ///
    /// # Errors
    /// Whatever went wrong; the pool wraps it and names the endpoint.
    async fn connect(&self, config: &Config, tap: &Tap) -> Result<Connected, ConnectFailure>;
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

/// Connects over TCP or a Unix socket without TLS. The default of a pool.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConnectPlain;

#[async_trait]
impl Connect for ConnectPlain {
    async fn connect(&self, config: &Config, tap: &Tap) -> Result<Connected, ConnectFailure> {
        let (wire, address) = Wire::connect(config).await?;
        let (client, connection) = config.connect_raw(tap.wrap(wire), NoTls).await?;
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a database connection ended");
            }
        });
        let token = client.cancel_token();
        let cancel = Canceller::new(move || {
            let (token, address) = (token.clone(), address.clone());
            Box::pin(async move {
                let mut wire = address.open().await?;
                token.cancel_query_raw(&mut wire, NoTls).await?;
                wait_for_end(&mut wire).await?;
                Ok(())
            })
        });
        Ok(Connected { client, task, cancel })
    }
}

/// Reads until the server closes: it does so after it has signalled the session.
async fn wait_for_end(wire: &mut Wire) -> io::Result<()> {
    let mut nothing = [0; 16];
    loop {
        match wire.read(&mut nothing).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // A reset is an end as well.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
