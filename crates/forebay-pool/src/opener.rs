//! How a session begins: connected, looked at, and ready to say where the log stands.

use crate::{
    connect::{Connect, ConnectFailure, Connected},
    credentials::{Keyring, Standing},
    refusal::{ConnectReason, OLDEST_SERVER, Refusal},
    session::{Limit, Session, Wired},
    sighting::Sighting,
    statements::{Epoch, Statements},
    tap::{Tap, TransactionState},
    target::Target,
};
use deadpool_postgres::ClientWrapper;
use futures_util::{FutureExt as _, future};
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

/// Opens sessions of one pool.
pub(crate) struct Opener {
    pub(crate) connect: Box<dyn Connect>,
    pub(crate) statements_max: usize,
    /// Changes of the schema that any session of the pool has noticed.
    pub(crate) epoch: Epoch,
    pub(crate) lifetime: Duration,
    /// Says who the pool is, in place of the connection strings.
    pub(crate) keyring: Option<Keyring>,
}

const WRITTEN: &str = "SELECT pg_catalog.pg_current_wal_insert_lsn()";
const REPLAYED: &str = "SELECT pg_catalog.pg_last_wal_replay_lsn()";

/// What limits statements if nobody asks for less, in milliseconds; 0 is nothing. The setting is told with a unit.
const LIMIT: &str =
    "SELECT (extract(epoch FROM pg_catalog.current_setting('statement_timeout')::interval) * 1000)::bigint";

impl Opener {
    /// Opens a session; the caller bounds the time.
    pub(crate) async fn open(&self, target: &Target) -> Result<(Session, Sighting), ConnectFailure> {
        let (Connected { client, task, cancel }, tap, standing) = Box::pin(self.log_in(target)).await?;
        let abort = AbortOnDrop(Some(task.abort_handle()));
        if let Some(major) = tap.server_major().filter(|major| *major < OLDEST_SERVER) {
            return Err(Refusal::bare(ConnectReason::OldServer { major }).into());
        }
        // The wrapper would abort the connection's task when it is dropped, which the server logs as an
        // unexpected end; this one ends with a Terminate message instead.
        let client = ClientWrapper::new(client, tokio::spawn(future::ready(())));
        let (seen, limit) =
            future::try_join(client.query_one(Sighting::QUERY, &[]), client.query_typed_one(LIMIT, &[]))
                .await?;
        let seen = Sighting::of(&seen)?;
        let limit: i64 = limit.try_get(0)?;
        let log = client.prepare(if seen.standby { REPLAYED } else { WRITTEN }).await?;
        // Before the first query the server said that it is ready: a tap that has not heard it hears nothing.
        if tap.transaction() != TransactionState::Idle {
            return Err("the connector did not put the tap on the stream of protocol messages".into());
        }
        let jitter = self.lifetime.mul_f64(rand::random_range(0.0..0.1));
        let statements = Statements::new(self.statements_max, self.epoch.clone());
        let wired = Wired { client, tap, cancel, task: abort.keep(), standing };
        let session = Session::new(
            wired,
            statements,
            Limit::new(limit.unsigned_abs()),
            log,
            seen.at,
            Instant::now() + self.lifetime - jitter,
        );
        Ok((session, seen))
    }
}

impl Opener {
    /// Connects as who the pool is now. A login that is refused is asked for again, once: it may have been replaced a
    /// moment ago.
    pub(crate) async fn log_in(&self, target: &Target) -> Result<(Connected, Tap, Standing), ConnectFailure> {
        let tap = Tap::new();
        let Some(keyring) = &self.keyring else {
            let connected = contained(self.connect.connect(target, &tap)).await?;
            return Ok((connected, tap, Standing::default()));
        };
        let (as_told, standing) = contained(async { Ok(keyring.current(target).await?) }).await?;
        let refusal = match contained(self.connect.connect(&as_told, &tap)).await {
            Ok(connected) => return Ok((connected, tap, standing)),
            Err(failure) => Refusal::of(failure),
        };
        if refusal.reason != ConnectReason::Login {
            return Err(refusal.into());
        }
        let again = async { Ok(keyring.after_refusal(target, &standing).await?) };
        let (as_told, standing) = contained(again).await?;
        // The first has heard half a conversation.
        let tap = Tap::new();
        Ok((contained(self.connect.connect(&as_told, &tap)).await?, tap, standing))
    }
}

/// A panic of a user's connector is a failed connect: it must not take the background task, nor a slot, with it.
async fn contained<T>(connect: impl Future<Output = Result<T, ConnectFailure>>) -> Result<T, ConnectFailure> {
    // What it leaves behind is not looked at again.
    let caught = std::panic::AssertUnwindSafe(connect).catch_unwind().await;
    caught.unwrap_or_else(|_| Err("the connector panicked".into()))
}

/// Ends the connection's task when opening the session fails or is dropped on the way.
struct AbortOnDrop(Option<AbortHandle>);

impl AbortOnDrop {
    fn keep(mut self) -> AbortHandle {
        self.0.take().expect("taken once, by value")
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
