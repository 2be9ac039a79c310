use super::layer::Shared;
use crate::{
    Coding, Prepared,
    encode::encode_anew,
    variants::{Key, Variant},
};
use bytes::Bytes;
use std::sync::Arc;

impl<E> Shared<E> {
    /// Counts a response from a form of a prepared body, and has the form made better when they are many.
    pub(super) fn sent_prepared(&self, prepared: &Prepared, coding: Coding) {
        if !self.may_upgrade(prepared.body()) || !prepared.is_hot(coding, self.config.hot.hits) {
            return;
        }
        let (level, watch, hot) = (self.config.hot_level(coding), self.watch.upgrades(), prepared.clone());
        let taken = self.upgrades.offer(move || {
            watch.done(hot.upgrade(coding, level, |body| encode_anew(coding, level, body)));
        });
        if !taken {
            prepared.cool(coding);
            self.watch.upgrades().refused();
        }
    }

    /// The same of a form in the store.
    pub(super) fn sent_stored(&self, key: &Key, body: &Bytes) {
        let Some(variants) = &self.variants else { return };
        if !self.may_upgrade(body) || !variants.is_hot(key, self.config.hot.hits) {
            return;
        }
        let level = self.config.hot_level(key.coding);
        let (watch, hot) = (self.watch.upgrades(), (Arc::clone(variants), key.clone(), body.clone()));
        let taken = self.upgrades.offer(move || {
            let (variants, key, body) = hot;
            let better = encode_anew(key.coding, level, &body);
            let better = better.map(|better| Variant::encoded(better, key.tag, key.coding, level));
            watch.done(better.is_some_and(|better| variants.upgrade(&key, &body, better)));
        });
        if !taken {
            variants.cool(key);
            self.watch.upgrades().refused();
        }
    }

    fn may_upgrade(&self, body: &Bytes) -> bool {
        let hot = self.config.hot;
        hot.hits > 0 && body.len() as u64 <= hot.bytes_max
    }
}
