use super::{
    asked::Asked,
    fetch::Level,
    shared::Shared,
    status::Forward,
    storable::Why,
    stored::{Kept, Stored},
};
use crate::ResponseKey;
use http::HeaderMap;
use std::sync::Arc;

/// What is to be done about a request, by what the cache has in memory.
pub(crate) enum Decision {
    Serve(Arc<Kept>),
    Pass(Why),
    /// `only-if-cached`, and it is not.
    Absent,
    Fill(Fill),
}

/// What is to be asked for.
pub(crate) struct Fill {
    pub(crate) key: ResponseKey,
    pub(crate) level: Level,
    /// The client wants it from the handler, whatever is kept.
    pub(crate) anew: bool,
    pub(crate) forward: Forward,
    /// Variants that have to go for it.
    pub(crate) surplus: Vec<ResponseKey>,
}

impl Shared {
    pub(crate) fn decide(&self, asked: &Asked, headers: &HeaderMap) -> Decision {
        let (mut variant, mut level) = (None, Level::Resource);
        let (mut forward, mut surplus) = (Forward::UriMiss, Vec::new());
        loop {
            let key = variant.as_ref().unwrap_or(&asked.key);
            let Some(found) = self.cache.peek(key) else {
                let key = key.clone();
                return self.unless_refused(asked, Fill { key, level, anew: false, forward, surplus });
            };
            match &found.0 {
                Stored::Response(kept) => {
                    if asked.credentials && !kept.for_credentials {
                        return Decision::Pass(Why::Authorization);
                    }
                    if asked.is_content_with(kept, self) {
                        return Decision::Serve(kept.clone());
                    }
                    let (key, forward) = (key.clone(), Forward::Request);
                    return self.unless_refused(asked, Fill { key, level, anew: true, forward, surplus });
                }
                Stored::Varies(varies) if matches!(level, Level::Resource) => {
                    let values = varies.values(headers);
                    let gone = varies.used(&values, self.policy.rules.variants_max);
                    surplus =
                        gone.iter().map(|values| asked.key.variant(varies.generation, values)).collect();
                    variant = Some(asked.key.variant(varies.generation, &values));
                    level = Level::Variant(varies.clone());
                    forward = Forward::VaryMiss;
                }
                _ => return Decision::Pass(Why::Passing),
            }
        }
    }

    /// What may not be asked for on behalf of others.
    fn unless_refused(&self, asked: &Asked, fill: Fill) -> Decision {
        if asked.directives.only_if_cached {
            Decision::Absent
        } else if asked.credentials {
            Decision::Pass(Why::Authorization)
        } else if asked.range {
            Decision::Pass(Why::Range)
        } else if asked.head {
            Decision::Pass(Why::Method)
        } else if asked.directives.no_store {
            Decision::Pass(Why::NoStoreAsked)
        } else {
            Decision::Fill(fill)
        }
    }
}

impl Asked {
    /// Whether a client that has its say takes this response as it is (RFC 9111 section 5.2.1).
    fn is_content_with(&self, kept: &Kept, shared: &Shared) -> bool {
        let Some(left) = kept.fresh_for(self.at) else { return false };
        let asked = &self.directives;
        !shared.policy.rules.client_directives
            || (!asked.no_cache
                && asked.max_age.is_none_or(|most| kept.age(self.at) <= most)
                && asked.min_fresh.is_none_or(|least| least <= left))
    }

    /// Whether it takes one that is stale, for now.
    pub(crate) fn takes_stale(&self, shared: &Shared) -> bool {
        let asked = &self.directives;
        !shared.policy.rules.client_directives
            || (!asked.no_cache && asked.max_age.is_none() && asked.min_fresh.is_none())
    }
}
