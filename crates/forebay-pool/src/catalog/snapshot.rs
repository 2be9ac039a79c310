//! One reading of a database's catalogue.

use super::{CatalogConfig, CatalogProblem};
use crate::{connect::Connected, error::PoolError, target::Target};
use forebay_sql::{
    AllowList, Catalog, CatalogBuilder, Class, Tie, Volatility, catalog_queries, classify_with,
};
use futures_util::TryStreamExt as _;
use std::pin::pin;
use tokio_postgres::{
    Client, Error, Row,
    types::{ToSql, Type},
};

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const FACTS: &str = "SELECT pg_catalog.current_setting('server_version_num')::int4, \
    pg_catalog.current_schemas(false)::text[]";
/// So that definitions name every schema.
const NAME_SCHEMAS: &str = "SET LOCAL search_path = ''";

/// What a database's catalogue said at one moment: for [`forebay_sql::classify_with`], without a pool.
///
/// A pool reads its own when [`CatalogConfig::enabled`] says so, and keeps it up to date.
///
/// ```no_run
/// use forebay_pool::{CatalogConfig, CatalogSnapshot};
/// use forebay_sql::AllowList;
///
/// # async fn example() -> Result<(), forebay_pool::PoolError> {
/// let snapshot = CatalogSnapshot::fetch("postgres://app@db-1/shop", &CatalogConfig::default()).await?;
/// let class = snapshot.classify("SELECT full_name(id) FROM users", &AllowList::default());
/// for reason in class.reasons() {
///     println!("{reason}");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct CatalogSnapshot {
    catalog: Catalog,
    search_path: Vec<String>,
    entries: usize,
    pub(super) changes: Changes,
}

impl CatalogSnapshot {
    /// Connects to a server, any of a primary and its standbys, and reads its catalogue. `read_timeout` bounds both
    /// steps; `enabled` is not looked at.
    ///
    /// # Errors
    /// [`PoolError::Config`] for a text that is no connection string; [`PoolError::Connect`] with its reason; else as
    /// [`CatalogSnapshot::read`].
    ///
    /// # Cancellation
    /// Dropping the future ends the connection.
    pub async fn fetch(url: &str, config: &CatalogConfig) -> Result<Self, PoolError> {
        let target = Target::parse("url", url)?;
        let Connected { client, .. } = target.open(config.read_timeout).await?;
        Self::read(&client, config).await
    }

    /// Reads the catalogue on a connection that is outside of a transaction. It only reads, in one transaction, and needs no
    /// more rights than any user has.
    ///
    /// # Errors
    /// [`PoolError::Catalog`] when it is larger than `config` allows, takes too long, or the server refuses.
    ///
    /// # Cancellation
    /// When the future is dropped, or runs out of time, the connection is left inside a transaction.
    pub async fn read(client: &Client, config: &CatalogConfig) -> Result<Self, PoolError> {
        let within = config.read_timeout;
        let reading = async {
            let gathered = gather(client, config).await;
            let ended = client.batch_execute(if gathered.is_ok() { "COMMIT" } else { "ROLLBACK" }).await;
            let gathered = gathered?;
            ended.map_err(refused)?;
            Ok(gathered)
        };
        let (builder, snapshot) = tokio::time::timeout(within, reading).await.map_err(|_| {
            PoolError::Catalog { problem: CatalogProblem::TimedOut { within }, source: None }
        })??;
        // Every view is judged.
        let built = tokio::task::spawn_blocking(move || builder.build()).await;
        Ok(Self { catalog: built.map_err(|_| PoolError::Closed)?, ..snapshot })
    }

    /// What `sql` is, by this snapshot and what the application says; names without a schema are looked for as the session
    /// that read it does.
    #[must_use]
    pub fn classify(&self, sql: &str, allow: &AllowList) -> Class {
        let path: Vec<&str> = self.search_path.iter().map(String::as_str).collect();
        classify_with(sql, &self.catalog, Some(&path), allow)
    }

    /// What was read.
    #[must_use]
    pub const fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The schemas in which the session that read it looks for names without one.
    #[must_use]
    pub fn search_path(&self) -> &[String] {
        &self.search_path
    }

    /// How many functions, operators, types, relations, views and policies it knows, by name.
    #[must_use]
    pub const fn entries(&self) -> usize {
        self.entries
    }
}

/// What is another one after any change of what a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Changes {
    number: i64,
    hash: i64,
}

impl Changes {
    pub(super) async fn ask(client: &Client) -> Result<Self, PoolError> {
        let row = client.query_typed_one(catalog_queries::CHANGES, &[]).await.map_err(refused)?;
        let of = |row: &Row| Ok::<_, Error>(Self { number: row.try_get(0)?, hash: row.try_get(1)? });
        of(&row).map_err(refused)
    }
}

/// Reads everything, within the bounds; what is judged later is left in the builder.
async fn gather(
    client: &Client,
    config: &CatalogConfig,
) -> Result<(CatalogBuilder, CatalogSnapshot), PoolError> {
    client.batch_execute(BEGIN).await.map_err(refused)?;
    let facts = client.query_typed_one(FACTS, &[]).await.map_err(refused)?;
    let (version, search_path): (i32, Vec<String>) =
        (facts.try_get(0).map_err(refused)?, facts.try_get(1).map_err(refused)?);
    client.batch_execute(NAME_SCHEMAS).await.map_err(refused)?;
    let changes = Changes::ask(client).await?;
    // A version that no number of eight bits holds is younger than all that are known.
    let mut builder = Catalog::builder(u8::try_from(version / 10_000).unwrap_or(u8::MAX));
    let mut rows = Rows { client, config, entries: 0, bytes: 0 };
    for (query, add) in KINDS {
        for row in rows.of(query).await? {
            builder = add(builder, &row).map_err(refused)?;
        }
    }
    let snapshot =
        CatalogSnapshot { catalog: Catalog::default(), search_path, entries: rows.entries, changes };
    Ok((builder, snapshot))
}

type Add = fn(CatalogBuilder, &Row) -> Result<CatalogBuilder, Error>;

/// Each kind of thing, and how a row of it is added.
const KINDS: [(&str, Add); 9] = [
    (catalog_queries::FUNCTIONS, |builder, row| {
        let (schema, name, why): (&str, &str, Option<&str>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(3)?);
        Ok(builder.function_because(schema, name, volatility(row)?, why))
    }),
    (catalog_queries::FUNCTION_DEFAULTS, |builder, row| {
        Ok(builder.function_defaults(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
    }),
    (catalog_queries::OPERATORS, |builder, row| {
        Ok(builder.operator(row.try_get(0)?, row.try_get(1)?, volatility(row)?, row.try_get(3)?))
    }),
    (catalog_queries::VOLATILE_TYPES, |builder, row| {
        Ok(builder.volatile_type(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
    }),
    (catalog_queries::DOMAINS, |builder, row| {
        Ok(builder.domain(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
    }),
    (catalog_queries::TYPE_PARTS, |builder, row| {
        Ok(builder.made_of(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
    }),
    (catalog_queries::RELATIONS, |builder, row| {
        let tie = match row.try_get(2)? {
            "sequence" => Tie::Sequence,
            "foreign" => Tie::Foreign,
            _ => Tie::Unlogged,
        };
        Ok(builder.relation(row.try_get(0)?, row.try_get(1)?, tie))
    }),
    (catalog_queries::VIEWS, |builder, row| {
        Ok(builder.view(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
    }),
    (catalog_queries::POLICIES, |builder, row| {
        Ok(builder.policy(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
    }),
];

fn volatility(row: &Row) -> Result<Volatility, Error> {
    Ok(Volatility::of(char::from(row.try_get::<_, i8>(2)?.cast_unsigned())))
}

/// Rows of one reading, counted.
struct Rows<'a> {
    client: &'a Client,
    config: &'a CatalogConfig,
    entries: usize,
    bytes: usize,
}

impl Rows<'_> {
    /// The rows of one query. The first that is too many ends the reading, so that no more than the bound is in memory.
    async fn of(&mut self, query: &str) -> Result<Vec<Row>, PoolError> {
        let CatalogConfig { entries_max, bytes_max, .. } = *self.config;
        let nothing = std::iter::empty::<(&(dyn ToSql + Sync), Type)>();
        let mut stream = pin!(self.client.query_typed_raw(query, nothing).await.map_err(refused)?);
        let mut rows = Vec::new();
        while let Some(row) = stream.try_next().await.map_err(refused)? {
            self.entries += 1;
            self.bytes += row.raw_size_bytes();
            let problem = match self {
                Self { entries, .. } if *entries > entries_max => {
                    CatalogProblem::TooMany { max: entries_max }
                }
                Self { bytes, .. } if *bytes > bytes_max => CatalogProblem::TooLong { max: bytes_max },
                _ => {
                    rows.push(row);
                    continue;
                }
            };
            return Err(PoolError::Catalog { problem, source: None });
        }
        Ok(rows)
    }
}

fn refused(source: Error) -> PoolError {
    PoolError::Catalog { problem: CatalogProblem::Refused, source: Some(source) }
}
