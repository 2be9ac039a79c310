//! Which server is asked, and what it knows of functions.

use super::{
    ExplainConfig, Skipped,
    eligible::{self, Place},
    error::ExplainError,
    side::Side,
};
use crate::observe::Sample;
use forebay_pool::{CatalogConfig, CatalogSnapshot, Role, Target};
use forebay_sql::{AllowList, Class};
use std::time::Duration;
use tokio::time::Instant;

/// Where questions go. There is one connection at most.
#[derive(Debug)]
pub(super) struct Servers {
    primary: Target,
    /// Asked first about whatever only reads.
    replica: Option<Target>,
    /// The replica could not be reached; the primary is asked until then.
    replica_again: Option<Instant>,
    open: Option<Open>,
    catalog: Option<(CatalogSnapshot, Instant)>,
    config: ExplainConfig,
}

#[derive(Debug)]
struct Open {
    role: Role,
    side: Side,
    used: Instant,
}

/// How long a replica that could not be reached is left alone.
const REPLICA_AGAIN: Duration = Duration::from_secs(60);

impl Servers {
    pub(super) fn new(primary: Target, replica: Option<Target>, config: ExplainConfig) -> Self {
        Self { primary, replica, replica_again: None, open: None, catalog: None, config }
    }

    /// A connection for a question, and the role of its server.
    pub(super) async fn side(&mut self, place: Place) -> Result<(&mut Side, Role), ExplainError> {
        let now = Instant::now();
        let away = self.replica_again.is_some_and(|again| now < again);
        let wanted = match place {
            Place::Anywhere if self.replica.is_some() && !away => Role::Replica,
            _ => Role::Primary,
        };
        let usable = self.open.take().filter(|open| open.role == wanted && !open.side.is_closed());
        let open = match usable {
            Some(open) => open,
            None => self.connect(wanted).await?,
        };
        let open = self.open.insert(Open { used: now, ..open });
        Ok((&mut open.side, open.role))
    }

    async fn connect(&mut self, wanted: Role) -> Result<Open, ExplainError> {
        let used = Instant::now();
        if let (Role::Replica, Some(replica)) = (wanted, &self.replica) {
            match Side::open(replica, &self.config).await {
                Ok(side) => return Ok(Open { role: Role::Replica, side, used }),
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::debug!(error, "the replica cannot be asked about plans");
                    self.replica_again = Some(used + REPLICA_AGAIN);
                }
            }
        }
        let side = Side::open(&self.primary, &self.config).await?;
        Ok(Open { role: Role::Primary, side, used })
    }

    /// Ends the connection: it may be inside a transaction, or nobody needs it.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    pub(super) fn close_idle(&mut self) {
        let idle_max = self.config.idle_max;
        self.open.take_if(|open| open.used.elapsed() > idle_max);
    }

    /// Where the planner may be asked about a call. The catalogue is looked at only for what the text does not prove.
    pub(super) async fn place_of(&mut self, sample: &Sample) -> Result<Place, ExplainError> {
        match eligible::may_be_planned(sample, &forebay_sql::classify(&sample.sql)) {
            Err(Skipped::Unproven) => {
                let class = self.class(sample).await?;
                eligible::may_be_planned(sample, &class).map_err(ExplainError::Skipped)
            }
            place => place.map_err(ExplainError::Skipped),
        }
    }

    /// Where a call may be run once more, as the catalogue proves that it only reads.
    pub(super) async fn place_to_run(&mut self, sample: &Sample) -> Result<Place, ExplainError> {
        let class = self.class(sample).await?;
        eligible::may_be_run(sample, &class).map_err(ExplainError::Skipped)
    }

    async fn class(&mut self, sample: &Sample) -> Result<Class, ExplainError> {
        let max_age = self.config.catalog_max_age;
        if self.catalog.as_ref().is_none_or(|(_, read)| read.elapsed() > max_age) {
            let within =
                CatalogConfig { read_timeout: self.config.connect_timeout, ..CatalogConfig::default() };
            let (side, _) = self.side(Place::Primary).await?;
            let snapshot = CatalogSnapshot::read(side.client(), &within).await;
            if snapshot.is_err() {
                self.close();
            }
            self.catalog = Some((snapshot.map_err(ExplainError::Connect)?, Instant::now()));
        }
        Ok(match &self.catalog {
            Some((snapshot, _)) => snapshot.classify(&sample.sql, &AllowList::default()),
            None => forebay_sql::classify(&sample.sql),
        })
    }
}
