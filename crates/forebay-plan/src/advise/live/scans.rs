//! How often indexes are scanned on other servers.

use std::collections::HashMap;

use tokio_postgres::Client;

use super::rows;
use super::session::Session;
use crate::advise::error::AdviseError;
use crate::advise::options::Options;

/// How often each index of the client's database was scanned on its server since that server's counters began, by `schema.index`; those that
/// were never scanned are left out. Replicas count for themselves: their sums are for [`Options::scans_elsewhere`].
///
/// # Errors
/// When the statistics cannot be read.
///
/// # Cancellation
/// Dropping the future leaves nothing behind.
pub async fn index_scans(client: &Client, options: &Options) -> Result<HashMap<String, u64>, AdviseError> {
    let session = Session::new(client, options);
    let failed = |source| AdviseError::Server { step: "reading the scans of a replica's indexes", source };
    let rows = session.ask(client.query_typed(rows::SCANS, &[])).await.map_err(failed)?;
    let mut scans = HashMap::with_capacity(rows.len());
    for row in &rows {
        let (schema, index): (&str, &str) =
            (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
        let count = row.try_get::<_, i64>(2).map_err(failed)?;
        scans.insert(format!("{schema}.{index}"), u64::try_from(count).unwrap_or(0));
    }
    Ok(scans)
}
