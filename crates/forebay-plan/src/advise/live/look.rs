//! A look at what came of earlier advice.

use std::collections::{BTreeSet, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use forebay_sql::fingerprint;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::catalogue::read_named;
use super::session::{Session, is_lost, words};
use super::statements::{HIDDEN, schema};
use crate::advise::advice::Advice;
use crate::advise::error::AdviseError;
use crate::advise::ledger::{Counted, Facts, Ledger, Outcome};
use crate::advise::options::Options;

/// Statements whose counters are read, those with the most time first.
const COUNTED_MAX: i64 = 10_000;

impl Ledger {
    /// Measures what came of the advice in the ledger that is for the client's database, and takes down the new one. `advice` is that of just
    /// now, for the same statements if their costs are to be compared. Times and blocks are measured where `pg_stat_statements` is there and
    /// may be read; where it cannot be, that is added to what the advice has not seen.
    ///
    /// # Errors
    /// When the connection is lost or the catalogue cannot be read; nothing is taken down then.
    ///
    /// # Cancellation
    /// Dropping the future leaves the ledger as it was, and nothing behind on the server.
    pub async fn look(
        &mut self,
        client: &Client,
        advice: &mut Advice,
        options: &Options,
    ) -> Result<Vec<Outcome>, AdviseError> {
        let session = Session::new(client, options);
        let asked = session.ask(client.query_typed_one("SELECT current_database()::text", &[])).await;
        let failed = AdviseError::server("asking for the database's name");
        let database: String = asked.and_then(|row| row.try_get(0)).map_err(failed)?;
        let own = self.records.iter().filter(|record| record.database == database);
        let mut named: BTreeSet<(String, String)> =
            own.map(|record| (record.schema.clone(), record.table.clone())).collect();
        named.extend(advice.indexes.iter().map(|index| (index.schema.clone(), index.table.clone())));
        // What may not be read was said of the workload's tables.
        let tables = read_named(&session, named, &mut Vec::new()).await?.list;
        let counted = counted(&session, &mut advice.unseen).await?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let costs = advice.statements.iter().map(|known| (known.fingerprint.clone(), known.cost)).collect();
        let facts = Facts {
            database,
            at_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            tables,
            counted,
            costs,
            elsewhere: options.scans_elsewhere.clone(),
            calls_min: options.unused_calls_min.max(1),
        };
        let outcomes = self.measure(&facts);
        self.keep(advice, &facts);
        Ok(outcomes)
    }
}

/// What the server counted, by fingerprint; none where it does not count or does not tell.
async fn counted(
    session: &Session<'_>,
    unseen: &mut Vec<String>,
) -> Result<Option<HashMap<String, Counted>>, AdviseError> {
    let why = match read(session).await {
        Ok(Some(counted)) => return Ok(Some(counted)),
        Ok(None) => "it is not in this database".to_owned(),
        Err(source) if is_lost(&source) => {
            return Err(AdviseError::Server { step: "reading pg_stat_statements", source });
        }
        Err(error) => words(&error),
    };
    unseen.push(format!("times and blocks of the ledger's statements, without pg_stat_statements: {why}"));
    Ok(None)
}

async fn read(session: &Session<'_>) -> Result<Option<HashMap<String, Counted>>, tokio_postgres::Error> {
    let Some(schema) = schema(session).await? else { return Ok(None) };
    let sql = format!(
        "SELECT s.query, s.calls, s.total_exec_time, (s.shared_blks_hit + s.shared_blks_read)::int8, \
         (pg_catalog.date_part('epoch', i.stats_reset) * 1000000)::int8 \
         FROM {schema}.pg_stat_statements AS s, {schema}.pg_stat_statements_info AS i \
         WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
         AND s.calls > 0 AND s.query IS NOT NULL AND s.query <> '{HIDDEN}' ORDER BY s.total_exec_time DESC LIMIT $1"
    );
    let rows = session.ask(session.client.query_typed(&sql, &[(&COUNTED_MAX, Type::INT8)])).await?;
    let mut all: HashMap<String, Counted> = HashMap::new();
    for row in &rows {
        let (sql, counted) = one(row)?;
        all.entry(fingerprint(sql).to_string()).or_default().add(&counted);
    }
    Ok(Some(all))
}

fn one(row: &Row) -> Result<(&str, Counted), tokio_postgres::Error> {
    let count = |at: usize| row.try_get::<_, i64>(at).map(|count| u64::try_from(count).unwrap_or(0));
    let counted =
        Counted { calls: count(1)?, total_ms: row.try_get(2)?, blocks: count(3)?, reset_us: row.try_get(4)? };
    Ok((row.try_get(0)?, counted))
}
