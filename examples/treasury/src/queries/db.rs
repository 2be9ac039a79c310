use crate::{Failure, stats::Tally};
use std::future::Future;
use tokio_postgres::{Row, types::ToSql};

/// The values of a statement's parameters.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// What a statement runs on, in either mode: a session, or a transaction. It keeps statements prepared.
pub(crate) trait Session: Sync {
    /// Runs a statement and collects its rows.
    fn rows(&self, sql: &str, given: Params<'_>) -> impl Future<Output = Result<Vec<Row>, Failure>> + Send;
}

/// A session that counts what is asked of it.
pub(crate) struct Db<'a, C> {
    session: &'a C,
    tally: &'a Tally<'a>,
}

impl<'a, C: Session> Db<'a, C> {
    pub(crate) const fn new(session: &'a C, tally: &'a Tally<'a>) -> Self {
        Self { session, tally }
    }

    /// Every row.
    pub(crate) async fn rows(&self, sql: &str, given: Params<'_>) -> Result<Vec<Row>, Failure> {
        self.tally.queried();
        self.session.rows(sql, given).await
    }

    /// The first row, of statements that find one at most.
    pub(crate) async fn row(&self, sql: &str, given: Params<'_>) -> Result<Option<Row>, Failure> {
        Ok(self.rows(sql, given).await?.into_iter().next())
    }
}
