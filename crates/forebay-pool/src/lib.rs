//! A clean Postgres connection from the right server.
//!
//! A [`Pool`] holds sessions on one primary and its streaming standbys, over the parts of deadpool-postgres and
//! tokio-postgres, with an idle list, a queue and a supervisor of its own:
//!
//! - **Clean.** A tap on the wire knows each session's transaction state and its requests in flight. What comes
//!   back with a statement running, inside a transaction, or with settings and locks of its own is cancelled,
//!   rolled back and reset in the background, and lent again only then.
//! - **From the right server.** [`Pool::read`] is read-only at the server and goes to a replica that is fresh
//!   enough; [`Pool::write`], [`Pool::begin`] and [`Pool::transaction`] go to the primary; [`Pool::query`] looks
//!   at the text. What a standby refuses runs once on the primary, and is learned.
//! - **What you wrote you read.** A commit returns its log [position](forebay_scope::Position), and tells the
//!   current [`Scope`](forebay_scope::Scope); reads of that scope, or [`Pool::read_after`], are served by a server
//!   that has reached it.
//!
//! ```no_run
//! use forebay_pool::{Pool, PoolConfig};
//!
//! # async fn example() -> Result<(), forebay_pool::PoolError> {
//! let config = PoolConfig::from_url("postgres://app@db-1/shop")?.replicas(["postgres://app@db-2/shop"])?;
//! let pool = Pool::builder(config).build().await?;
//!
//! let paid = pool.transaction(async |tx| {
//!     tx.execute("UPDATE account SET balance = balance - $1 WHERE id = $2", &[&5_i64, &1_i32]).await?;
//!     tx.execute("UPDATE account SET balance = balance + $1 WHERE id = $2", &[&5_i64, &2_i32]).await
//! }).await?;
//!
//! // On whichever server has it.
//! let reader = pool.read_after(paid.position).await?;
//! let row = reader.query_one("SELECT balance FROM account WHERE id = $1", &[&2_i32]).await?;
//! let balance: i64 = row.get("balance");
//! # Ok(()) }
//! ```
//!
//! # Sessions
//!
//! The primary has two kinds: for writing, and read-only ones for the reads it gets. Count both, and those of
//! every process, against `max_connections`; each server has one more for the probe, and `pipelined_sessions`
//! more once [`Pool::pipelined`] is used. A session that took `COPY … FROM STDIN` data other than by `insert_many` is closed after use. What a user's own function leaves in its session (a setting, an
//! advisory lock), and names given with the SQL command `PREPARE`, are not removed.
//!
//! # Dropping futures
//!
//! Dropping the future of a statement stops the statement: the server is told to cancel it before the session is
//! used for anything else, by the same guard or another. Whether a write took effect is then unknown. The
//! deadline of the current scope does the same, and sets the server's own `statement_timeout` a little behind it.

#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod bulk;
mod call;
mod catalog;
mod causes;
mod checkout;
mod cleaning;
mod cluster;
mod config;
mod connect;
mod contain;
mod control;
mod counts;
mod credentials;
pub mod deadpool_postgres014;
mod election;
mod ended;
mod endpoint;
mod error;
mod frames;
mod freshness;
mod heal;
mod hedging;
mod identifier;
mod inner;
mod kept_open;
mod lag;
mod lane;
mod large_objects;
mod leaks;
mod lease;
mod leftovers;
mod listen;
mod mark;
mod metrics;
mod mode;
mod observer;
mod opener;
mod options;
mod pipelined;
mod places;
mod pool;
mod pooler;
mod position;
mod reader;
mod refusal;
mod route;
mod routed;
mod rows;
#[cfg(feature = "rustls")]
pub mod rustls023;
mod selector;
mod session;
mod shared_failure;
mod sighting;
mod spans;
mod statements;
mod status;
mod step;
mod supervisor;
mod tap;
mod target;
mod tls_settings;
mod tokens;
mod transaction;
mod unnamed;
mod wire;
mod writer;

pub use builder::PoolBuilder;
pub use bulk::{Bulk, BulkRow};
pub use catalog::{CatalogConfig, CatalogProblem, CatalogSnapshot, CatalogStatus};
pub use config::PoolConfig;
pub use connect::{Canceller, Cancelling, Connect, ConnectFailure, ConnectPlain, Connected};
pub use control::Sessions;
pub use counts::{
    CancelsStatus, ClosedStatus, ConnectsStatus, FallbacksStatus, HealedStatus, PositionsStatus, ReadsStatus,
    RefusedStatus, RetriesStatus, SessionCounts, WaitsStatus,
};
pub use credentials::{Credentials, Login, Wanted};
pub use endpoint::Role;
pub use error::PoolError;
pub use freshness::{Freshness, WithoutReplica};
pub use hedging::{HedgesStatus, HedgingConfig};
pub use lane::Priority;
pub use listen::{Gap, Heard, Listener};
pub use mark::Mark;
pub use metrics::METRICS;
pub use mode::Mode;
pub use observer::{BoundValues, ObservedValues, Outcome, QueryEvent, QueryObserver, ReturnedRows};
pub use pipelined::{Pipelined, PipelinedStatus};
pub use places::ServerConfig;
pub use pool::Pool;
pub use pooler::Pooler;
pub use reader::Reader;
pub use refusal::ConnectReason;
pub use route::Route;
pub use routed::{RoutesStatus, Routing};
pub use selector::{Candidate, ReplicaSelector};
pub use shared_failure::SharedFailure;
pub use spans::TracedText;
pub use status::{HeldGuard, NestedWait, PoolStatus, ServerStatus, SessionsStatus};
pub use step::Step;
pub use tap::{Tap, Tapped, TransactionState};
pub use target::Target;
pub use tls_settings::{TlsMode, TlsSettings};
pub use tokens::PositionTokens;
pub use transaction::{Committed, Isolation, Retries, Transaction, TransactionOptions};
pub use writer::Writer;
