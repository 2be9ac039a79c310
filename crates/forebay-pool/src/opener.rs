//! How a session begins: connected, looked at, and ready to say where the log stands.

use crate::{
    catalog::Judgement,
    connect::{Connect, ConnectFailure, Connected},
    contain::contained,
    counts::Cancels,
    credentials::{Keyring, Standing},
    pooler::{Behind, Demands, Pooler, refuses_options},
    refusal::{ConnectReason, OLDEST_SERVER, Refusal},
    session::{Limit, Pooled, Session, Wired},
    sighting::Sighting,
    statements::{Bounds, Epoch, Statements},
    tap::{Tap, TransactionState},
    target::Target,
};
use deadpool_postgres::ClientWrapper;
use futures_util::future;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::AbortHandle;

/// Opens sessions of one pool.
pub(crate) struct Opener {
    pub(crate) connect: Box<dyn Connect>,
    pub(crate) kept: Bounds,
    /// Changes of the schema that any session of the pool has noticed.
    pub(crate) epoch: Epoch,
    /// Is told where sessions look for names.
    pub(crate) judgement: Arc<Judgement>,
    pub(crate) lifetime: Duration,
    pub(crate) cancels: Cancels,
    /// Says who the pool is, in place of the connection strings.
    pub(crate) keyring: Option<Keyring>,
    pub(crate) pooler: Pooler,
    /// Servers found to be behind a pooler.
    pub(crate) behind: Behind,
}

const WRITTEN: &str = "SELECT pg_catalog.pg_current_wal_insert_lsn()";
const REPLAYED: &str = "SELECT pg_catalog.pg_last_wal_replay_lsn()";

/// The process that serves the session, and what limits statements if nobody asks for less, in milliseconds; 0 is
/// nothing. The setting is told with a unit.
///
/// With the schemas in which the session looks for names.
const FACTS: &str = "SELECT pg_catalog.pg_backend_pid(), \
    (extract(epoch FROM pg_catalog.current_setting('statement_timeout')::interval) * 1000)::bigint, \
    pg_catalog.current_schemas(false)::text[]";

/// Sessions that were opened together do not end together.
fn ends_after(lifetime: Duration) -> Duration {
    lifetime - lifetime.mul_f64(rand::random_range(0.0..0.1))
}

impl Opener {
    /// Opens a session; the caller bounds the time.
    pub(crate) async fn open(&self, target: &Target) -> Result<(Session, Sighting), ConnectFailure> {
        let asked = Demands::as_options(target);
        let known = match self.pooler {
            Pooler::Direct => return self.open_as(&asked).await,
            Pooler::Transaction => return self.open_as(target).await,
            Pooler::Auto => self.behind.knows(target),
        };
        match self.open_as(if known { target } else { &asked }).await {
            Ok((session, _)) if known && !session.is_pooled() => {
                // What is asked of a session at its start was left out.
                self.behind.set(target, false);
                self.open_as(&asked).await
            }
            Err(failure) if !known && refuses_options(&failure) => match self.open_as(target).await {
                Ok((session, seen)) if session.is_pooled() => {
                    self.behind.set(target, true);
                    Ok((session, seen))
                }
                _ => Err(failure),
            },
            first => first,
        }
    }

    async fn open_as(&self, target: &Target) -> Result<(Session, Sighting), ConnectFailure> {
        let demands = target.demands;
        let (Connected { client, task, cancel }, tap, standing) = Box::pin(self.log_in(target)).await?;
        let abort = AbortOnDrop(Some(task.abort_handle()));
        if let Some(major) = tap.server_major().filter(|major| *major < OLDEST_SERVER) {
            return Err(Refusal::bare(ConnectReason::OldServer { major }).into());
        }
        // The wrapper would abort the connection's task when it is dropped, which the server logs as an
        // unexpected end; this one ends with a Terminate message instead.
        let client = ClientWrapper::new(client, tokio::spawn(future::ready(())));
        // Without names, because a pooler may give each of them another session.
        let look = client.query_typed_one(Sighting::QUERY, &[]);
        let (seen, facts) = future::try_join(look, client.query_typed_one(FACTS, &[])).await?;
        let seen = Sighting::of(&seen)?;
        let (process, limit): (i32, i64) = (facts.try_get(0)?, facts.try_get(1)?);
        self.judgement.saw_path(&facts.try_get::<_, Vec<String>>(2)?);
        // Before the first query the server said that it is ready: a tap that has not heard it hears nothing.
        if tap.transaction() != TransactionState::Idle {
            return Err("the connector did not put the tap on the stream of protocol messages".into());
        }
        let pooled = match self.pooler {
            Pooler::Direct => false,
            Pooler::Transaction => true,
            Pooler::Auto => tap.process() != process,
        };
        if pooled {
            tap.without_names();
        }
        let log = client.prepare(if seen.standby { REPLAYED } else { WRITTEN }).await?;
        let statements = Statements::new(self.kept, self.epoch.clone());
        let cancel = self.cancels.counted(cancel);
        let wired = Wired { client, tap, cancel, task: abort.keep(), standing };
        let limit = match demands.statement_timeout_ms {
            Some(own) if pooled => Limit::of_transactions(own, limit.unsigned_abs()),
            _ => Limit::new(limit.unsigned_abs()),
        };
        let pooled = pooled.then_some(Pooled { demands });
        let retire_at = Instant::now() + ends_after(self.lifetime);
        Ok((Session::new(wired, statements, limit, pooled, log, seen.at, retire_at), seen))
    }
}

impl Opener {
    /// Connects as who the pool is now. A login that is refused is asked for again, once: it may have been replaced a
    /// moment ago.
    pub(crate) async fn log_in(&self, target: &Target) -> Result<(Connected, Tap, Standing), ConnectFailure> {
        let tap = Tap::new();
        let Some(keyring) = &self.keyring else {
            let connected = contained("connector", || self.connect.connect(target, &tap)).await?;
            return Ok((connected, tap, Standing::default()));
        };
        let (as_told, standing) =
            contained("credentials", || async { Ok(keyring.current(target).await?) }).await?;
        let refusal = match contained("connector", || self.connect.connect(&as_told, &tap)).await {
            Ok(connected) => return Ok((connected, tap, standing)),
            Err(failure) => Refusal::of(failure),
        };
        if refusal.reason != ConnectReason::Login {
            return Err(refusal.into());
        }
        let again = || async { Ok(keyring.after_refusal(target, &standing).await?) };
        let (as_told, standing) = contained("credentials", again).await?;
        // The first has heard half a conversation.
        let tap = Tap::new();
        Ok((contained("connector", || self.connect.connect(&as_told, &tap)).await?, tap, standing))
    }
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

#[cfg(test)]
mod tests {
    use super::ends_after;
    use std::{collections::BTreeSet, time::Duration};

    #[test]
    fn lifetimes_differ_by_up_to_a_tenth() {
        let lifetime = Duration::from_secs(1_800);
        let ends: BTreeSet<_> = (0..100).map(|_| ends_after(lifetime)).collect();
        assert!(ends.iter().all(|end| (lifetime * 9 / 10..=lifetime).contains(end)));
        assert!(ends.len() > 90, "{} of 100 differ", ends.len());
        assert!(*ends.last().expect("some") - *ends.first().expect("some") > lifetime / 20);
    }
}
