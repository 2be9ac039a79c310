//! Keeps a listening connection to whichever server is the primary.

use super::{ears::Ears, mailbox::Mailbox};
use crate::{
    cluster::Server,
    connect::{ConnectFailure, Connected},
    election::Leader,
    endpoint::Endpoint,
    error::PoolError,
    identifier::quoted,
    pooler::Pooler,
    shared_failure::SharedFailure,
    sighting::Sighting,
    supervisor::Crew,
    tap::Tap,
    target::Target,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{oneshot, watch},
    task::AbortHandle,
};
use tokio_postgres::Client;

/// First and longest pause between two connects that fail.
const BACKOFF_MIN: Duration = Duration::from_millis(20);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// What listening needs of its pool.
#[derive(Clone)]
pub(crate) struct Attendant {
    pub(crate) crew: Arc<Crew>,
    /// Where each server itself is, or whichever is the primary, past a pooler.
    pub(crate) direct: Arc<[Target]>,
    /// Becomes true when the pool is shut down.
    pub(crate) closed: watch::Receiver<bool>,
}

fn behind_pooler(target: &Target) -> PoolError {
    PoolError::BehindPooler {
        endpoint: target.endpoint(),
        what: "LISTEN",
        instead: "name the servers' own addresses in `direct`; for a pooler in session mode say `pooler = \"direct\"`",
    }
}

/// Told once: whether the first attempt to listen succeeded.
type Ready = oneshot::Sender<Result<(), PoolError>>;

/// A connection that listens. Dropped, it ends.
struct Line {
    client: Client,
    tap: Tap,
    task: AbortHandle,
}

impl Drop for Line {
    fn drop(&mut self) {
        // Nothing is under way that anybody waits for.
        self.task.abort();
    }
}

/// Runs until the pool is shut down, or it is aborted.
pub(super) async fn attend(attendant: Attendant, mailbox: Arc<Mailbox>, statements: String, ready: Ready) {
    let mut closed = attendant.closed.clone();
    tokio::select! {
        () = attendant.keep_listening(&mailbox, &statements, ready) => {}
        _ = closed.wait_for(|closed| *closed) => {}
    }
    mailbox.end();
}

impl Attendant {
    async fn keep_listening(&self, mailbox: &Arc<Mailbox>, statements: &str, ready: Ready) {
        let mut ready = Some(ready);
        let mut pause = BACKOFF_MIN;
        let mut news = self.crew.cluster.leader();
        loop {
            let leader = *news.borrow_and_update();
            let opened = match self.crew.cluster.writable(leader) {
                Ok(server) => self.open(self.at(leader, server), server, mailbox, statements).await,
                Err(error) => Err(error),
            };
            match (opened, ready.take()) {
                (Ok(line), waits) => {
                    pause = BACKOFF_MIN;
                    match waits {
                        // Nobody is there any more: the task is about to be aborted.
                        Some(ready) => drop(ready.send(Ok(()))),
                        None => mailbox.reconnected(),
                    }
                    tokio::select! {
                        () = self.until_lost(&line) => {}
                        // Another server may have become the primary, of which this one need not know.
                        _ = news.changed() => {}
                    }
                }
                // The caller decides whether to try again.
                (Err(error), Some(ready)) => return drop(ready.send(Err(error))),
                (Err(error), None) => {
                    tracing::debug!(%error, "cannot listen to notifications");
                    let jittered = pause.mul_f64(rand::random_range(0.0..1.0));
                    pause = (pause * 2).min(BACKOFF_MAX);
                    tokio::select! {
                        () = tokio::time::sleep(jittered) => {}
                        _ = news.changed() => {}
                    }
                }
            }
        }
    }

    /// Where to listen.
    fn at<'a>(&'a self, leader: Leader, server: &'a Server) -> &'a Target {
        let direct = match (&*self.direct, leader) {
            ([only], _) => Some(only),
            (all, Leader::Server(server)) => all.get(server),
            _ => None,
        };
        direct.unwrap_or(&server.endpoint.target)
    }

    async fn open(
        &self,
        target: &Target,
        server: &Server,
        mailbox: &Arc<Mailbox>,
        statements: &str,
    ) -> Result<Line, PoolError> {
        let endpoint = &server.endpoint;
        let failed = |source| PoolError::Connect { endpoint: target.endpoint(), source };
        let within = self.crew.times.connect;
        let listening = async {
            let (Connected { client, task, .. }, tap, _standing) = self.crew.opener.log_in(target).await?;
            let line = Line { client, tap, task: task.abort_handle() };
            if self.is_behind_pooler(&line).await? {
                return Ok(None);
            }
            self.begin(&line, endpoint, mailbox, statements).await?;
            Ok::<_, ConnectFailure>(Some(line))
        };
        let opened = match tokio::time::timeout(within, Box::pin(listening)).await {
            Ok(Ok(Some(line))) => Ok(line),
            Ok(Ok(None)) => Err(behind_pooler(target)),
            Ok(Err(failure)) => Err(failed(SharedFailure::new(failure))),
            Err(_) => Err(failed(SharedFailure::no_answer(within))),
        };
        endpoint.meters.listens.ended(&opened);
        opened
    }

    /// Whether another process serves the connection than the one that was named: a channel would be listened to on a session
    /// that belongs to somebody else next.
    async fn is_behind_pooler(&self, line: &Line) -> Result<bool, tokio_postgres::Error> {
        if self.crew.opener.pooler == Pooler::Direct {
            return Ok(false);
        }
        let serves: i32 =
            line.client.query_typed_one("SELECT pg_catalog.pg_backend_pid()", &[]).await?.try_get(0)?;
        Ok(serves != line.tap.process())
    }

    /// Begins to listen, and tries whether anything is heard: through a connector that does not hand notifications
    /// on there would only ever be silence.
    async fn begin(
        &self,
        line: &Line,
        endpoint: &Endpoint,
        mailbox: &Arc<Mailbox>,
        statements: &str,
    ) -> Result<(), ConnectFailure> {
        let seen = Sighting::of(&line.client.query_typed_one(Sighting::QUERY, &[]).await?)?;
        self.crew.is_of_this_system(endpoint, seen)?;
        if seen.standby {
            return Err("the server is a standby, and standbys have no notifications".into());
        }
        let trial = format!("forebay_{:016x}", rand::random::<u64>());
        let ears = Arc::new(Ears::new(Arc::clone(mailbox), trial.clone(), self.crew.chores.unheard.clone()));
        line.tap.listen(Arc::clone(&ears));
        line.client.batch_execute(&format!("LISTEN {0}; NOTIFY {0}", quoted(&trial))).await?;
        // What was sent before is heard before the answer.
        line.client.check_connection().await?;
        if !ears.tried() {
            return Err("a notification was sent and not heard: listening needs a connector that hands notifications \
                        to the tap"
                .into());
        }
        line.client.batch_execute(&format!("UNLISTEN {}; {statements}", quoted(&trial))).await?;
        Ok(())
    }

    /// Resolves when the connection ended, or its server is not the primary any more.
    async fn until_lost(&self, line: &Line) {
        let times = self.crew.times;
        loop {
            tokio::time::sleep(times.probe_interval).await;
            let answered = tokio::time::timeout(times.probe, line.client.check_connection()).await;
            if !matches!(answered, Ok(Ok(()))) || line.tap.is_standby() == Some(true) {
                return;
            }
        }
    }
}
