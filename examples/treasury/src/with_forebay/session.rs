use crate::{
    Failure,
    queries::{Params, Session},
};
use forebay::pool::{Reader, Transaction};
use tokio_postgres::Row;

impl Session for Reader {
    async fn rows(&self, sql: &str, given: Params<'_>) -> Result<Vec<Row>, Failure> {
        Ok(self.query(sql, given).await?)
    }
}

impl Session for Transaction {
    async fn rows(&self, sql: &str, given: Params<'_>) -> Result<Vec<Row>, Failure> {
        Ok(self.query(sql, given).await?)
    }
}
