//! What is known of a statement's text, worked out once.

use foldhash::fast::RandomState;
use forebay_pool::{Mark, QueryEvent};
use forebay_sql::{Fingerprint, Kind, Statement, relations};
use quick_cache::{
    Weighter,
    sync::{Cache, DefaultLifecycle},
};
use std::sync::{Arc, OnceLock};
use tokio_postgres::Column;

/// Bytes of texts, with what is known of them.
const BYTES_MAX: usize = 4 << 20;
/// Longer ones are worked out each time: none may push out the others.
const TEXT_BYTES_MAX: usize = BYTES_MAX / 16;

/// The texts that were asked last. One that was seen before costs a look-up that waits for nobody.
pub(super) struct Texts(Cache<Arc<str>, Arc<Text>, Bytes, RandomState>);

/// A text, and all that it says whatever the call.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) sql: Arc<str>,
    pub(super) fingerprint: Fingerprint,
    pub(super) kind: Kind,
    /// Of the values that are written into it.
    pub(super) literals: Box<[Option<Mark>]>,
    /// Of its result, as it was first.
    columns: OnceLock<Arc<[Box<str>]>>,
    reads_a_relation: OnceLock<bool>,
}

impl Texts {
    pub(super) fn new() -> Self {
        let (texts, bytes) = (BYTES_MAX / 512, BYTES_MAX as u64);
        Self(Cache::with(texts, bytes, Bytes, RandomState::default(), DefaultLifecycle::default()))
    }

    pub(super) fn of(&self, event: &QueryEvent<'_>) -> Arc<Text> {
        if let Some(known) = self.0.get(event.sql) {
            return known;
        }
        let statement = Statement::of(event.sql);
        let text = Arc::new(Text {
            sql: event.sql.into(),
            fingerprint: statement.fingerprint(),
            kind: statement.kind(),
            literals: event.literals().into(),
            columns: OnceLock::new(),
            reads_a_relation: OnceLock::new(),
        });
        if event.sql.len() <= TEXT_BYTES_MAX {
            self.0.insert(Arc::clone(&text.sql), Arc::clone(&text));
        }
        text
    }
}

impl Text {
    /// The names of these columns; after a change of the schema they may be others than before.
    pub(super) fn names(&self, columns: &[Column]) -> Arc<[Box<str>]> {
        let names = || columns.iter().map(|column| column.name().into()).collect();
        let known = self.columns.get_or_init(names);
        let pairs = || known.iter().zip(columns).all(|(name, column)| **name == *column.name());
        if known.len() == columns.len() && pairs() { Arc::clone(known) } else { names() }
    }

    /// Whether it asks for data at all, and not for the time or for a sign of life.
    pub(super) fn reads_a_relation(&self) -> bool {
        *self.reads_a_relation.get_or_init(|| {
            relations(&self.sql)
                .map_or_else(|hidden| !hidden.seen().reads().is_empty(), |found| !found.reads().is_empty())
        })
    }
}

/// Weighs a text by the memory it takes.
#[derive(Clone)]
struct Bytes;

impl Weighter<Arc<str>, Arc<Text>> for Bytes {
    fn weight(&self, text: &Arc<str>, known: &Arc<Text>) -> u64 {
        (text.len() + known.literals.len() * 8 + 256) as u64
    }
}
