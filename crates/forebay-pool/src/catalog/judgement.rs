//! What a statement is: by its text, the application's lists, and what is known of the catalogue.

use super::{CatalogSnapshot, CatalogStatus, Schemas, changes::may_change_schema};
use crate::{config::PoolConfig, freshness::Freshness, lane::Access, lease::Lease, tap::TransactionState};
use forebay_scope::Position;
use forebay_sql::{AllowList, Catalog, Class, Classifier, Statement, classify, classify_with};
use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Notify;

/// Judges statements, and remembers them by their text until what they were judged by changes.
pub(crate) struct Judgement {
    classifier: Classifier,
    allow: AllowList,
    /// Whether the catalogue is read at all.
    reads_catalog: bool,
    /// Moves with everything but the text that a class depends on.
    epoch: AtomicU64,
    /// Looked at for texts that are not remembered.
    known: RwLock<Arc<Known>>,
    /// Tells the task that reads the catalogue of a doubt.
    pub(super) doubted: Notify,
}

/// What is known beside texts.
#[derive(Clone, Default)]
struct Known {
    snapshot: Option<Arc<Kept>>,
    /// Whether the schema is the one of the snapshot, as far as anybody here knows.
    trusted: bool,
    schemas: Schemas,
    /// How many times there was reason to think that the schema is another one.
    doubts: u64,
    reads: u64,
    problem: Option<String>,
}

/// A snapshot in use.
struct Kept {
    catalog: Catalog,
    /// What is left of it while it is not trusted.
    in_doubt: Catalog,
    entries: usize,
    /// A server behind this may have other functions.
    position: Position,
}

impl Judgement {
    pub(crate) fn new(config: &PoolConfig) -> Self {
        let allow = AllowList::default()
            .read_only_functions(&config.read_only_functions)
            .primary_functions(&config.primary_functions)
            .primary_tables(&config.primary_tables);
        Self {
            classifier: Classifier::new(config.classifier_bytes_max),
            allow,
            reads_catalog: config.catalog.enabled,
            epoch: AtomicU64::new(0),
            known: RwLock::default(),
            doubted: Notify::new(),
        }
    }

    /// What is known of a statement by now.
    pub(crate) fn statement(&self, sql: &str) -> Arc<Statement> {
        // Before what it stands for is looked at: what is judged meanwhile by something newer is judged again.
        let epoch = self.epoch.load(Ordering::Acquire);
        self.classifier.statement_at(sql, epoch, |sql| self.judge(sql))
    }

    fn judge(&self, sql: &str) -> Class {
        if self.is_by_text() {
            return classify(sql);
        }
        let known = Arc::clone(&self.known());
        let nothing = Catalog::default();
        let catalog = known.snapshot.as_ref().map_or(&nothing, |kept| match known.trusted {
            true => &kept.catalog,
            false => &kept.in_doubt,
        });
        known.schemas.with(|path| classify_with(sql, catalog, path, &self.allow))
    }

    fn is_by_text(&self) -> bool {
        !self.reads_catalog && self.allow.is_empty()
    }

    /// How fresh a server must be for a read: one that rests on the snapshot needs the functions that were seen.
    pub(crate) fn freshness(&self, class: &Class) -> Freshness {
        let kept = if class.rests_on_catalog() { self.known().snapshot.clone() } else { None };
        kept.map_or_else(Freshness::default, |kept| Freshness::after(kept.position))
    }

    /// Takes in where a session looks for names. It is told of before the session is lent.
    pub(crate) fn saw_path(&self, path: &[String]) {
        if self.is_by_text() || !self.known().schemas.clone().add(path) {
            return;
        }
        self.change(true, |known| {
            known.schemas.add(path);
        });
    }

    /// The schema may be another one from now on: the snapshot proves nothing until somebody has looked.
    pub(crate) fn doubt(&self) {
        if self.reads_catalog {
            self.change(self.is_trusted(), |known| {
                known.doubts += 1;
                known.trusted = false;
            });
            self.doubted.notify_one();
        }
    }

    /// The same after a statement of our own on a session for writing, once what it changed can be seen by others.
    pub(crate) fn after_statement(&self, lease: &Lease, sql: &str, ended: bool) {
        if !self.reads_catalog || lease.lane().access != Access::Write {
            return;
        }
        if may_change_schema(self.statement(sql).class(), sql) {
            lease.note_schema_change();
        }
        let open = matches!(lease.tap().transaction(), TransactionState::Open | TransactionState::Failed);
        // Of a statement that nobody waited for nobody will hear again.
        if (!open || !ended) && lease.took_schema_change() {
            self.doubt();
        }
    }

    pub(super) fn doubts(&self) -> u64 {
        self.known().doubts
    }

    pub(crate) fn is_trusted(&self) -> bool {
        self.known().trusted
    }

    /// Nobody could look for changes for too long, or there was one.
    pub(super) fn withdraw(&self) {
        self.change(true, |known| known.trusted = false);
    }

    /// Somebody looked after `doubts`, and nothing had changed.
    pub(super) fn confirm(&self, doubts: u64) {
        self.change(!self.is_trusted(), |known| {
            known.problem = None;
            known.trusted = known.snapshot.is_some() && known.doubts == doubts;
        });
    }

    /// Takes a snapshot that was begun after `doubts`; the log had got to `position` by its end.
    pub(super) fn publish(&self, snapshot: &CatalogSnapshot, position: Position, doubts: u64) {
        let catalog = snapshot.catalog().clone();
        let in_doubt = catalog.without_proofs();
        let kept = Kept { catalog, in_doubt, entries: snapshot.entries(), position };
        self.change(true, |known| {
            known.snapshot = Some(Arc::new(kept));
            known.trusted = known.doubts == doubts;
            known.reads += 1;
            known.problem = None;
        });
    }

    /// Notes why it could not be read; says whether that is news.
    pub(super) fn failed(&self, problem: &str) -> bool {
        let is_news = self.known().problem.as_deref() != Some(problem);
        self.change(false, |known| known.problem = Some(problem.to_owned()));
        is_news
    }

    /// What became of the catalogue, if it is read.
    pub(crate) fn status(&self) -> Option<CatalogStatus> {
        let known = self.known();
        self.reads_catalog.then(|| CatalogStatus {
            trusted: known.trusted,
            entries: known.snapshot.as_ref().map_or(0, |kept| kept.entries),
            reads: known.reads,
            problem: known.problem.clone(),
        })
    }

    /// Why the catalogue proves nothing now, in words, when it is to.
    pub(crate) fn why_in_doubt(&self) -> Option<String> {
        let known = self.known();
        (self.reads_catalog && !known.trusted).then(|| match &known.problem {
            Some(problem) => format!("the catalogue is not known: {problem}"),
            None => "the schema has changed, and the catalogue is about to be read again".to_owned(),
        })
    }

    /// Changes what is known, and lets statements be judged anew when they may be something else by it.
    fn change(&self, matters: bool, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut known));
        if matters {
            self.epoch.fetch_add(1, Ordering::Release);
        }
    }

    fn known(&self) -> RwLockReadGuard<'_, Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judgement").field("reads_catalog", &self.reads_catalog).finish_non_exhaustive()
    }
}
