//! The handle of a pool.

use crate::{
    builder::PoolBuilder,
    config::PoolConfig,
    error::PoolError,
    freshness::Freshness,
    inner::Inner,
    lane::{Caller, Priority},
    listen::Listener,
    reader::Reader,
    route::Route,
    rows,
    session::Params,
    status::PoolStatus,
    writer::Writer,
};
use forebay_scope::Position;
use futures_util::future;
use std::{fmt, future::Future, panic::Location, sync::Arc, time::Duration};
use tokio_postgres::Row;

/// A pool of clean sessions on a primary and its replicas. Cloning is one reference count.
///
/// Dropping the last handle closes the pool; while guards are out it stays open for them.
#[derive(Clone)]
pub struct Pool(pub(crate) Arc<Inner>, Priority);

impl Pool {
    /// Starts building a pool.
    pub fn builder(config: PoolConfig) -> PoolBuilder {
        PoolBuilder::new(config)
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner), Priority::default())
    }

    /// The same pool for callers of another class: when sessions are scarce, the higher class is served first.
    ///
    /// A handle like any other, to be kept by the part of the program it is for. Statements that wait for a second
    /// session, such as one that runs again on the primary, keep the class of their guard. Default:
    /// [`Priority::Normal`].
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self(Arc::clone(&self.0), priority)
    }

    #[track_caller]
    pub(crate) fn caller(&self) -> Caller {
        Caller { place: Location::caller(), priority: self.1 }
    }

    /// A read-only session: on a replica that is fresh enough for the current scope, else on the primary.
    ///
    /// A scope's read at or after a position goes to a replica known to have replayed it, else to one that turns
    /// out to have within `catch_up_wait`, else to the primary.
    ///
    /// # Errors
    /// [`PoolError::is_timeout`] when none became free in time; [`PoolError::Behind`] when only an unreachable
    /// primary has the position the scope requires; [`PoolError::NoReplica`] when none is fresh enough and
    /// `without_replica` says `refuse`.
    ///
    /// # Cancellation
    /// Dropping the future leaves the queue; nothing is lost.
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = Result<Reader, PoolError>> + Send + '_ {
        let caller = self.caller();
        self.reader(caller, Freshness::default())
    }

    /// [`Pool::read`] that is as fresh as `freshness` says, on top of what the scope requires.
    ///
    /// # Errors
    /// [`PoolError::ForeignPosition`] for a position of another database system; otherwise as [`Pool::read`].
    #[track_caller]
    pub fn read_with(
        &self,
        freshness: Freshness,
    ) -> impl Future<Output = Result<Reader, PoolError>> + Send + '_ {
        self.reader(self.caller(), freshness)
    }

    pub(crate) async fn reader(&self, caller: Caller, freshness: Freshness) -> Result<Reader, PoolError> {
        self.0.is_of_this_system(freshness)?;
        Ok(Reader::new(self.0.read_lease(caller, freshness).await?, Arc::clone(&self.0)))
    }

    /// [`Pool::read`] that sees everything up to `position`, on top of what the scope requires.
    ///
    /// # Errors
    /// [`PoolError::ForeignPosition`] for a position of another database system; otherwise as [`Pool::read`].
    #[track_caller]
    pub fn read_after(
        &self,
        position: Position,
    ) -> impl Future<Output = Result<Reader, PoolError>> + Send + '_ {
        self.reader(self.caller(), Freshness::after(position))
    }

    /// A session on the primary. While it is waited for, another server may become the primary: the wait goes on there.
    ///
    /// # Errors
    /// [`PoolError::is_timeout`] when none became free in time; its source says why when the primary cannot be
    /// reached. [`PoolError::Connect`] at once when no session is open and none can be opened for a reason that waiting
    /// does not mend. [`PoolError::SplitBrain`] while two servers would take writes.
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = Result<Writer, PoolError>> + Send + '_ {
        let caller = self.caller();
        async move {
            let lease = self.0.write_lease(caller).await?;
            Ok(Writer::new(lease, Arc::clone(&self.0)))
        }
    }

    /// Runs a statement where its text allows: one that certainly only reads goes to a replica that is fresh
    /// enough, anything else to the primary. [`Pool::explain_route`] says which and why.
    ///
    /// Each call has a session to itself: `BEGIN`, `SET` or a lock taken here ends with the call.
    ///
    /// # Errors
    /// As [`Pool::read`] or [`Pool::write`], and what the server said.
    #[track_caller]
    pub fn query<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Vec<Row>, PoolError>> + Send + 'a {
        let caller = self.caller();
        async move { Ok(self.routed(sql, params, caller).await?.rows) }
    }

    /// [`Pool::query`] for exactly one row.
    ///
    /// # Errors
    /// [`PoolError::RowCount`] for another number of rows; otherwise as [`Pool::query`].
    #[track_caller]
    pub fn query_one<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Row, PoolError>> + Send + 'a {
        let caller = self.caller();
        async move { rows::one(self.routed(sql, params, caller).await?.rows) }
    }

    /// [`Pool::query`] for at most one row.
    ///
    /// # Errors
    /// As [`Pool::query_one`].
    #[track_caller]
    pub fn query_opt<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<Option<Row>, PoolError>> + Send + 'a {
        let caller = self.caller();
        async move { rows::at_most_one(self.routed(sql, params, caller).await?.rows) }
    }

    /// [`Pool::query`] that returns how many rows the statement changed or returned.
    ///
    /// # Errors
    /// As [`Pool::query`].
    #[track_caller]
    pub fn execute<'a>(
        &'a self,
        sql: &'a str,
        params: Params<'a>,
    ) -> impl Future<Output = Result<u64, PoolError>> + Send + 'a {
        let caller = self.caller();
        async move { Ok(self.routed(sql, params, caller).await?.affected) }
    }

    /// Hears what is sent with `NOTIFY` to these channels, on a connection of its own to the primary. Names are taken
    /// letter by letter, as `NOTIFY "Name"` and `pg_notify` do; `NOTIFY Name` means `name`.
    ///
    /// When this returns, the connection listens. It counts against the server's `max_connections`. Behind a pooler it
    /// leads to the server itself, by [`PoolConfig::direct`].
    ///
    /// # Errors
    /// [`PoolError::Argument`] for names that cannot be; [`PoolError::Connect`] when the primary cannot be reached;
    /// [`PoolError::BehindPooler`] when a pooler stands in front of it and `direct` does not lead past it.
    ///
    /// # Cancellation
    /// Dropping the future ends the connection.
    pub async fn listen<S: Into<String>>(
        &self,
        channels: impl IntoIterator<Item = S>,
    ) -> Result<Listener, PoolError> {
        if *self.0.closing.borrow() {
            return Err(PoolError::Closed);
        }
        let names = channels.into_iter().map(Into::into).collect();
        Box::pin(Listener::start(Arc::clone(&self.0), names)).await
    }

    /// Where [`Pool::query`] would send a statement, and why. Asks no server.
    #[must_use]
    pub fn explain_route(&self, sql: &str) -> Route {
        self.0.explain_route(sql)
    }

    /// The database system this pool reads and writes, as positions name it.
    #[must_use]
    pub fn system(&self) -> u64 {
        self.0.system
    }

    /// What the pool looks like right now.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        PoolStatus::of(&self.0)
    }

    /// Refuses new callers, waits until every session that is out has come back, and ends the background task.
    /// After `timeout` it no longer waits; says whether everything had come back.
    ///
    /// # Cancellation
    /// The pool stays closed; the background task then ends with the last handle.
    pub async fn shutdown(&self, timeout: Duration) -> bool {
        for lane in self.0.cluster.lanes() {
            lane.close();
        }
        for server in self.0.cluster.servers() {
            server.shared.release();
        }
        let emptied = future::join_all(self.0.cluster.lanes().map(|lane| lane.emptied()));
        let drained = tokio::time::timeout(timeout, emptied).await.is_ok();
        self.0.closing.send_replace(true);
        self.0.supervisor.abort();
        drained
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("primary", &self.0.cluster.primary().endpoint.name)
            .field("servers", &self.0.cluster.servers().len())
            .finish_non_exhaustive()
    }
}
