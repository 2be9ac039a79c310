use super::inner::Inner;
use crate::CacheKey;
use forebay_scope::{Positions, Scope, Tag};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The positions of tags that loads of a cache came upon only while they ran: in other caches, or in what they read. The
/// cache's later loads must have reached them from the beginning.
#[derive(Debug, Default)]
pub(super) struct Unforeseen(Mutex<Positions>);

impl Unforeseen {
    fn lock(&self) -> MutexGuard<'_, Positions> {
        // Every change is a merge of maxima.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: CacheKey, V> Inner<K, V> {
    /// What a load of `key` that declares its tags must have reached besides: what the tags of the entry before it stand
    /// for, and those that other loads came upon.
    pub(super) fn foreseen(&self, key: &K) -> Positions {
        let mut positions = self.unforeseen.lock().clone();
        if let Some(before) = self.inspect(key) {
            positions.merge_all(&self.namespace.positions_of(before.life.tags()));
        }
        positions
    }

    /// Whether what depends on `tags` may have been read before what they stand for: it did not `have_to` reach that
    /// much, and its reads, noted in `scope`, are not known to have. The next load will know better.
    ///
    /// What the tags stand for was acknowledged before the load began, or it is not kept in any case: an invalidation that
    /// came later has a number above its stamp.
    pub(super) fn fell_short(&self, have_to: &Positions, scope: &Scope, tags: &[Tag]) -> bool {
        let needed = self.namespace.positions_of(tags);
        let short = needed.iter().any(|needed| {
            let asked_for = have_to.of(needed.system).is_some_and(|least| least.newest(needed) == least);
            !asked_for && !scope.saw(needed)
        });
        if short {
            self.unforeseen.lock().merge_all(&needed);
        }
        short
    }
}
