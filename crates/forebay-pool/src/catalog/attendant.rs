//! The task that reads the catalogue, and looks for changes.

use super::{CatalogConfig, CatalogMeters, CatalogProblem, CatalogSnapshot, Judgement, snapshot::Changes};
use crate::{
    causes::with_causes, endpoint::Endpoint, error::PoolError, session::Session,
    shared_failure::SharedFailure, supervisor::Crew,
};
use forebay_metrics::Meter;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Time between two attempts while it cannot be read, if looks are not more frequent anyway.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Reads the catalogue for one pool.
pub(crate) struct Clerk {
    config: CatalogConfig,
    judgement: Arc<Judgement>,
    meters: CatalogMeters,
    /// A session of its own on the primary.
    session: Option<(Arc<Endpoint>, Session)>,
    /// What the last snapshot has.
    seen: Option<Changes>,
    /// What is too large to be read, until it changes.
    too_large: Option<Changes>,
    read_at: Option<Instant>,
    /// When the last look that was answered was begun.
    looked_at: Instant,
}

impl Clerk {
    /// One for a pool that is to read the catalogue, which he has done once: so that the first statement is judged like all
    /// others. If he could not, the pool works as well.
    pub(crate) async fn employ(
        config: &CatalogConfig,
        judgement: &Arc<Judgement>,
        meter: &Meter,
        crew: &Crew,
    ) -> Option<Self> {
        if !config.enabled {
            return None;
        }
        let mut clerk = Self::new(config.clone(), Arc::clone(judgement), meter);
        Box::pin(clerk.look(crew)).await;
        Some(clerk)
    }

    fn new(config: CatalogConfig, judgement: Arc<Judgement>, meter: &Meter) -> Self {
        let looked_at = Instant::now();
        Self {
            config,
            judgement,
            meters: CatalogMeters::new(meter),
            session: None,
            seen: None,
            too_large: None,
            read_at: None,
            looked_at,
        }
    }

    /// Looks for changes, and reads what changed. Says whether it could; what is wrong is in the log and the status.
    async fn look(&mut self, crew: &Crew) -> bool {
        let begun = Instant::now();
        let result = self.round(crew).await;
        match &result {
            Ok(()) => self.looked_at = begun,
            Err(error) => {
                self.session = None;
                self.meters.failed.increment(1);
                let problem = with_causes(error);
                if self.judgement.failed(&problem) {
                    tracing::warn!(problem, "the database's catalogue is not known");
                }
            }
        }
        self.meters.trusted.set(f64::from(u8::from(self.judgement.is_trusted())));
        result.is_ok()
    }

    async fn round(&mut self, crew: &Crew) -> Result<(), PoolError> {
        let doubts = self.judgement.doubts();
        let within = self.config.read_timeout;
        let session = match self.session.take() {
            Some((endpoint, session))
                if Arc::ptr_eq(&endpoint, &crew.cluster.primary().endpoint) && !session.is_closed() =>
            {
                (endpoint, session)
            }
            _ => open(crew, within).await?,
        };
        let (_, session) = self.session.insert(session);
        let changes = tokio::time::timeout(within, Changes::ask(session.catalog_client())).await;
        let changes = changes.map_err(|_| PoolError::Catalog {
            problem: CatalogProblem::TimedOut { within },
            source: None,
        })??;
        if self.seen == Some(changes) {
            self.judgement.confirm(doubts);
            return Ok(());
        }
        if self.too_large == Some(changes) {
            return Ok(());
        }
        self.judgement.withdraw();
        if let Some(read_at) = self.read_at {
            tokio::time::sleep_until(read_at + self.config.read_interval_min).await;
        }
        let doubts = self.judgement.doubts();
        self.read_at = Some(Instant::now());
        let snapshot = CatalogSnapshot::read(session.catalog_client(), &self.config).await;
        if let Err(PoolError::Catalog { problem, .. }) = &snapshot
            && matches!(problem, CatalogProblem::TooMany { .. } | CatalogProblem::TooLong { .. })
        {
            self.too_large = Some(changes);
        }
        let snapshot = snapshot?;
        let position = session.log_position().await;
        let position = position.map_err(|source| PoolError::Catalog {
            problem: CatalogProblem::Refused,
            source: Some(source),
        })?;
        self.seen = Some(snapshot.changes);
        self.judgement.publish(&snapshot, position, doubts);
        self.meters.read.increment(1);
        Ok(())
    }

    /// How long the next look may take its time.
    fn pause(&self, looked: bool) -> Duration {
        let usual = self.config.poll_interval;
        if looked { usual } else { usual.min(AFTER_FAILURE) }
    }

    /// When nothing is proven any more by what was seen last.
    fn expires_at(&self) -> Instant {
        self.looked_at + self.config.unchecked_max
    }
}

/// A session for reading the catalogue of whoever is the primary.
async fn open(crew: &Crew, within: Duration) -> Result<(Arc<Endpoint>, Session), PoolError> {
    let endpoint = Arc::clone(&crew.cluster.primary().endpoint);
    let failed = |source| PoolError::Connect { endpoint: endpoint.name.clone(), source };
    let (session, seen) = tokio::time::timeout(within, crew.opener.open(&endpoint.target))
        .await
        .map_err(|_| failed(SharedFailure::no_answer(within)))?
        .map_err(|failure| failed(SharedFailure::new(failure)))?;
    crew.is_of_this_system(&endpoint, seen)?;
    if seen.standby {
        return Err(PoolError::NotPrimary { endpoint: endpoint.name.clone() });
    }
    Ok((endpoint, session))
}

/// Keeps what is known of the catalogue up to date for as long as the pool lives.
pub(crate) async fn attend(crew: Arc<Crew>, mut clerk: Clerk) {
    let judgement = Arc::clone(&clerk.judgement);
    let mut leader = crew.cluster.leader();
    leader.mark_unchanged();
    let mut looked = true;
    loop {
        let (pause, expires_at) = (clerk.pause(looked), clerk.expires_at());
        let wait = async {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = judgement.doubted.notified() => {}
                // What the last one wrote may not be in the log of this one.
                Ok(()) = leader.changed() => judgement.doubt(),
            }
        };
        until_expired(&judgement, expires_at, wait).await;
        looked = until_expired(&judgement, expires_at, clerk.look(&crew)).await;
    }
}

/// Does `work`; at `expires_at` nothing is proven any more until it is through.
async fn until_expired<T>(judgement: &Judgement, expires_at: Instant, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = tokio::time::sleep_until(expires_at) => {}
    }
    if judgement.is_trusted() {
        judgement.withdraw();
    }
    work.await
}
