use crate::{Failure, stats::Tally};
use deadpool_postgres::GenericClient;
use tokio_postgres::{Row, types::ToSql};

/// A connection that counts what is asked of it.
pub(crate) struct Db<'a, C> {
    client: &'a C,
    tally: &'a Tally<'a>,
}

impl<'a, C: GenericClient> Db<'a, C> {
    pub(crate) const fn new(client: &'a C, tally: &'a Tally<'a>) -> Self {
        Self { client, tally }
    }

    pub(crate) async fn rows(&self, sql: &str, given: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
        let statement = self.client.prepare_cached(sql).await?;
        self.tally.queried();
        Ok(self.client.query(&statement, given).await?)
    }

    pub(crate) async fn row(&self, sql: &str, given: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, Failure> {
        let statement = self.client.prepare_cached(sql).await?;
        self.tally.queried();
        Ok(self.client.query_opt(&statement, given).await?)
    }
}
