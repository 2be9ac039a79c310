//! Texts seen before, at the cost of a look-up.

use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use crate::class::{Class, Kind};
use crate::classify::classify;
use crate::fingerprint::{Fingerprint, fingerprint};

/// What is known about one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    class: Class,
    fingerprint: Fingerprint,
    /// Moves with everything but the text that the class depends on.
    epoch: u64,
}

impl Statement {
    /// Work it out from the text.
    #[must_use]
    pub fn of(sql: &str) -> Self {
        Self { class: classify(sql), fingerprint: fingerprint(sql), epoch: 0 }
    }

    /// Its class, with the reasons.
    #[must_use]
    pub const fn class(&self) -> &Class {
        &self.class
    }

    /// The kind of its class.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.class.kind()
    }

    /// Its fingerprint.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// Remembers what is known about texts, within a bound of memory. Shared by reference; a hit hashes the text once and takes no lock that
/// another hit would wait for.
pub struct Classifier {
    seen: Cache<Box<str>, Arc<Statement>, Bytes, RandomState>,
    text_bytes_max: usize,
}

impl Classifier {
    /// A classifier that keeps about `memory_bytes_max` of texts and classes and drops what is asked for least. A text longer than a
    /// sixteenth of that is worked out each time, so that no single text can push out the others.
    #[must_use]
    pub fn new(memory_bytes_max: usize) -> Self {
        let statements = (memory_bytes_max / (Bytes::ENTRY + 128)).max(1);
        let seen = Cache::with(
            statements,
            memory_bytes_max as u64,
            Bytes,
            RandomState::default(),
            DefaultLifecycle::default(),
        );
        Self { seen, text_bytes_max: memory_bytes_max / 16 }
    }

    /// What is known about `sql`, from memory if it was seen before.
    #[must_use]
    pub fn statement(&self, sql: &str) -> Arc<Statement> {
        self.statement_at(sql, 0, classify)
    }

    /// The same with a class by `judge`, such as [`classify_with`](crate::classify_with) and a snapshot. What was remembered under another
    /// `epoch` is judged anew: a caller whose judgement changes counts it up.
    ///
    /// ```
    /// use forebay_sql::{AllowList, Catalog, Classifier, Kind, Volatility, classify_with};
    ///
    /// let classifier = Classifier::default();
    /// let kind = |epoch, volatility| {
    ///     let catalog = Catalog::builder(15).function("public", "score", volatility).build();
    ///     let judge = |sql: &str| classify_with(sql, &catalog, Some(&["public"]), &AllowList::default());
    ///     classifier.statement_at("SELECT score(7)", epoch, judge).kind()
    /// };
    /// assert_eq!(kind(1, Volatility::Stable), Kind::Read);
    /// assert_eq!(kind(1, Volatility::Volatile), Kind::Read, "remembered");
    /// assert_eq!(kind(2, Volatility::Volatile), Kind::Unproven);
    /// ```
    pub fn statement_at(&self, sql: &str, epoch: u64, judge: impl FnOnce(&str) -> Class) -> Arc<Statement> {
        if let Some(statement) = self.seen.get(sql).filter(|statement| statement.epoch == epoch) {
            return statement;
        }
        let statement = Arc::new(Statement { class: judge(sql), fingerprint: fingerprint(sql), epoch });
        if sql.len() <= self.text_bytes_max {
            self.seen.insert(Box::from(sql), Arc::clone(&statement));
        }
        statement
    }

    /// How many texts are remembered now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether no text is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

impl Default for Classifier {
    /// Four mebibytes: about ten thousand statements of usual length.
    fn default() -> Self {
        Self::new(4 << 20)
    }
}

impl fmt::Debug for Classifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Classifier")
            .field("len", &self.len())
            .field("text_bytes_max", &self.text_bytes_max)
            .finish()
    }
}

/// Weighs an entry by the memory it takes.
#[derive(Clone, Debug)]
struct Bytes;

impl Bytes {
    /// An entry without its text and reasons: slots of the cache, the shared class, counters.
    const ENTRY: usize = 160;
}

impl Weighter<Box<str>, Arc<Statement>> for Bytes {
    fn weight(&self, text: &Box<str>, statement: &Arc<Statement>) -> u64 {
        (Self::ENTRY + text.len() + statement.class.reasons().len() * 64) as u64
    }
}
