//! What the server itself counted, of every client: `pg_stat_statements`.

mod reading;

use forebay_sql::{Fingerprint, fingerprint};
use reading::{Counters, Reading};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use tokio_postgres::{Client, Error};

/// Reads `pg_stat_statements`, and says what came since it was read last, by the same fingerprints as [`Capture`](crate::Capture): so that
/// what other programs do to the database can be weighed too.
///
/// ```no_run
/// # async fn example(client: tokio_postgres::Client, capture: forebay_plan::Capture) -> Result<(), tokio_postgres::Error> {
/// use forebay_plan::ServerStatements;
///
/// let mut server = ServerStatements::new(5000);
/// server.read(&client).await?; // from here on
/// // … a minute later:
/// if let Some(since) = server.read(&client).await? {
///     for statement in &since.statements {
///         let ours = capture.statement(statement.fingerprint).map_or(0, |statement| statement.calls);
///         println!("{}: {} calls, {ours} of them by this process", statement.fingerprint, statement.calls);
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ServerStatements {
    statements_max: usize,
    before: Option<Reading>,
    /// Of the statements of the last reading, by the server's own number for them.
    fingerprints: HashMap<i64, Fingerprint>,
}

/// What came between two readings.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ServerDelta {
    /// Statements that ran, those with the most time first.
    pub statements: Vec<ServerStatement>,
    /// Something is missing: counters were reset, or the server made room in its table (`pg_stat_statements.max`) in between; or
    /// there are more statements than are read.
    pub incomplete: bool,
    /// Calls of statements that this role may not see (`GRANT pg_read_all_stats`).
    pub hidden_calls: u64,
}

/// What one statement did on the server, whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ServerStatement {
    /// Names the statement, as in a [`StatementReport`](crate::StatementReport); sixteen hexadecimal digits when serialised.
    #[serde(serialize_with = "as_text")]
    pub fingerprint: Fingerprint,
    /// Calls that ran to their end.
    pub calls: u64,
    /// Milliseconds of running them, without planning and the network.
    pub total_ms: f64,
    /// Rows returned or changed.
    pub rows: u64,
    /// Blocks found in the server's own memory.
    pub blocks_hit: u64,
    /// Blocks that had to be read.
    pub blocks_read: u64,
    /// Blocks of temporary files written: sorts and hashes that did not fit in memory.
    pub temp_blocks_written: u64,
}

impl ServerStatements {
    /// Reads the `statements_max` statements with the most time, at least one.
    #[must_use]
    pub fn new(statements_max: usize) -> Self {
        Self { statements_max: statements_max.max(1), before: None, fingerprints: HashMap::new() }
    }

    /// What the statements of the client's database did since the last call, or `None` at the first one, and where the extension is not
    /// there (in this database, or among the server's `shared_preload_libraries`). Statements inside of functions are left out where
    /// the server tells (PostgreSQL 14).
    ///
    /// # Errors
    /// What the server or the connection said.
    ///
    /// # Cancellation
    /// Dropping the future loses nothing: the next call tells what came since the last one that ended.
    pub async fn read(&mut self, client: &Client) -> Result<Option<ServerDelta>, Error> {
        let Some(now) = Reading::take(client, self.statements_max).await? else { return Ok(None) };
        self.name(client, &now).await?;
        let delta = self.before.as_ref().map(|before| self.delta(before, &now));
        self.fingerprints.retain(|query, _| now.counters.keys().any(|key| key.query == *query));
        self.before = Some(now);
        Ok(delta)
    }

    /// Asks for the texts of statements that are new.
    async fn name(&mut self, client: &Client, now: &Reading) -> Result<(), Error> {
        let mut new: Vec<i64> = now.counters.keys().map(|key| key.query).collect();
        new.retain(|query| !self.fingerprints.contains_key(query));
        if new.is_empty() {
            return Ok(());
        }
        for (query, text) in reading::texts(client, &now.schema, &new).await? {
            self.fingerprints.insert(query, fingerprint(&text));
        }
        Ok(())
    }

    fn delta(&self, before: &Reading, now: &Reading) -> ServerDelta {
        let was_reset = before.reset != now.reset;
        let mut incomplete = was_reset || before.evictions != now.evictions || now.is_cut;
        let (mut by_fingerprint, mut hidden_calls) = (BTreeMap::<Fingerprint, Counters>::new(), 0);
        for (key, counters) in &now.counters {
            let since = match before.counters.get(key).filter(|_| !was_reset) {
                Some(earlier) => counters.since(earlier),
                // It may have been there, beyond what was read.
                None if before.is_cut && !was_reset => {
                    incomplete = true;
                    continue;
                }
                None => *counters,
            };
            if since.calls == 0 {
                continue;
            }
            match self.fingerprints.get(&key.query) {
                Some(fingerprint) => by_fingerprint.entry(*fingerprint).or_default().add(&since),
                None => hidden_calls += since.calls,
            }
        }
        let mut statements: Vec<_> = by_fingerprint.into_iter().map(ServerStatement::from).collect();
        statements.sort_by(|one, other| other.total_ms.total_cmp(&one.total_ms));
        ServerDelta { statements, incomplete, hidden_calls }
    }
}

impl From<(Fingerprint, Counters)> for ServerStatement {
    fn from((fingerprint, counters): (Fingerprint, Counters)) -> Self {
        let Counters { calls, total_ms, rows, blocks_hit, blocks_read, temp_blocks_written, began: _ } =
            counters;
        Self { fingerprint, calls, total_ms, rows, blocks_hit, blocks_read, temp_blocks_written }
    }
}

fn as_text<S: serde::Serializer>(fingerprint: &Fingerprint, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::{reading::Key, *};

    fn reading(reset: i64, evictions: i64, is_cut: bool, calls: &[(i64, u64)]) -> Reading {
        let counters = |calls| Counters { calls, total_ms: calls as f64, ..Counters::default() };
        let counters = calls.iter().map(|(query, calls)| (Key { user: 10, query: *query }, counters(*calls)));
        Reading { schema: String::new(), reset: Some(reset), evictions, is_cut, counters: counters.collect() }
    }

    fn calls(before: &Reading, now: &Reading) -> (Vec<u64>, bool) {
        let fingerprints = (1..10_i64).map(|query| (query, Fingerprint(query.unsigned_abs()))).collect();
        let server = ServerStatements { statements_max: 9, before: None, fingerprints };
        let delta = server.delta(before, now);
        (delta.statements.iter().map(|statement| statement.calls).collect(), delta.incomplete)
    }

    #[test]
    fn counters_that_begin_anew_are_not_taken_for_large_numbers() {
        let before = reading(1, 0, false, &[(1, 100), (2, 50)]);
        assert_eq!(calls(&before, &reading(1, 0, false, &[(1, 103), (2, 50), (3, 7)])), (vec![7, 3], false));
        // Evicted, and back again.
        assert_eq!(calls(&before, &reading(1, 1, false, &[(1, 4), (2, 51)])), (vec![4, 1], true));
        // Reset, with as many calls since as before.
        assert_eq!(calls(&before, &reading(2, 0, false, &[(1, 120)])), (vec![120], true));
        // It may have run all along, behind what was read.
        let cut = reading(1, 0, true, &[(1, 100)]);
        assert_eq!(calls(&cut, &reading(1, 0, true, &[(1, 101), (2, 5000)])), (vec![1], true));
    }
}
