use super::{handle::Cache, inner::Inner};
use crate::{
    CacheKey, Stamp, Stored,
    clock::NEVER,
    envelope::{Decoded, EntryHeader, Header, Reject},
    explain::{Against, Answer, Check, EntryFound, Explanation, Form, Held, Standing, TierHeld},
    freshness::Freshness,
    memory::{Glanced, Life, Verdict},
    tiers::Look,
};
use bytes::Bytes;
use forebay_traffic::State;
use std::time::Duration;

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Why a read of `key` would be answered, or not: what each tier holds of it, what that is good for, and by which
    /// numbers. For people who wonder; it takes a round trip for each remote tier.
    ///
    /// Looks only: no counter moves, nothing is promoted, loaded or learned. A tier whose circuit breaker is not closed
    /// is not asked. Cancel safe.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
    /// use forebay_cache::{Answer, Cache, Standing, Tag};
    ///
    /// let users: Cache<u64, String> = Cache::builder("users").stale_if_error(std::time::Duration::MAX).build()?;
    /// users.entry(&7).tags(|| [Tag::of("user", 7)]).get_or_load(async || "Ada".to_owned()).await;
    /// assert_eq!(users.explain(&7).await.answer, Answer::Memory);
    ///
    /// users.invalidator().soft().tag(&Tag::of("user", 7)).await;
    /// let why = users.explain(&7).await;
    /// assert_eq!(why.answer, Answer::Loader);
    /// let entry = why.memory.entry().expect("it is kept as a fallback");
    /// assert_eq!(entry.standing, Standing::Fallback);
    /// println!("{why}"); // … ✗ tag user:7: newest 1
    /// # Ok(()) }
    /// ```
    pub async fn explain(&self, key: &K) -> Explanation {
        let bytes = key.with_bytes(Bytes::copy_from_slice);
        self.0.explained(&bytes, &key.text()).await
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// Explains the key with these bytes and this text.
    pub(super) async fn explained(&self, key: &[u8], text: &str) -> Explanation {
        let memory = self.explain_memory(key, text);
        let chain = self.namespace.trusted_stamp();
        let tiers = self.explain_tiers((key, text), chain.is_some()).await;
        let answer = if memory.is(Standing::Fresh) {
            Answer::Memory
        } else if memory.is(Standing::Stale) && self.loader.is_some() {
            Answer::StaleMemory
        } else {
            let fresh = tiers.iter().find(|tier| tier.held.is(Standing::Fresh)).filter(|_| chain.is_some());
            fresh.map_or(Answer::Loader, |tier| Answer::Tier(tier.tier.clone()))
        };
        Explanation {
            namespace: self.namespace.name().to_owned(),
            cache: self.name.to_string(),
            key: text.to_owned(),
            answer,
            chain,
            loading: !self.flights.is_idle(key),
            memory,
            tiers,
        }
    }

    fn explain_memory(&self, key: &[u8], text: &str) -> Held {
        let Some(Glanced { life, since, valid, verdict }) = self.memory.glance(key) else {
            return Held::Nothing;
        };
        let now = self.memory.clock.now();
        let floors = &self.memory.floors;
        let standing = standing(verdict, valid);
        let mut checks = Vec::new();
        if life.is_softened() {
            checks.push(Check::failed(Against::Key));
        }
        checks.push(Check::of(Against::Floor, floors.soft(), true, life.loaded_at_change));
        checks.extend(self.namespace.pattern_check((&self.name, text), since));
        checks.extend(self.namespace.tag_checks(life.loaded_at_change, life.tags()));
        Held::Entry(Box::new(EntryFound {
            standing,
            epoch: None,
            number: life.loaded_at_change,
            checks,
            age: Some(Duration::from_nanos(now.saturating_sub(life.born))),
            ttl_left: ttl_left(&life, now),
            size: life.weight(),
            tags: life.tags().iter().map(|tag| tag.as_str().to_owned()).collect(),
            form: None,
        }))
    }

    async fn explain_tiers(&self, (key, text): (&[u8], &str), trusted: bool) -> Vec<TierHeld> {
        let full_key = self.full_key_of(key);
        let tier_key = self.tier_key(&full_key);
        let mut buried_at = None;
        let mut tiers = Vec::with_capacity(self.namespace.tiers().len());
        for tier in self.namespace.tiers() {
            let held = if self.remote.is_none() {
                Held::NotUsed
            } else {
                match tier.look(&tier_key).await {
                    Look::NotAsked => Held::NotAsked,
                    Look::NoAnswer(why) => Held::NoAnswer { why },
                    Look::Found(None) => Held::Nothing,
                    Look::Found(Some(stored)) => {
                        self.explain_stored(
                            (key, text),
                            (&full_key, &tier_key),
                            &stored,
                            &mut buried_at,
                            trusted,
                        )
                        .await
                    }
                }
            };
            tiers.push(TierHeld { tier: tier.name().to_owned(), breaker: breaker_state(tier.state()), held });
        }
        tiers
    }

    async fn explain_stored(
        &self,
        (key, text): (&[u8], &str),
        (full_key, tier_key): (&Bytes, &Bytes),
        stored: &Stored,
        buried_at: &mut Option<Stamp>,
        trusted: bool,
    ) -> Held {
        let mut header = match Header::read(&stored.value, tier_key) {
            Ok(Header::Entry(header)) => header,
            Ok(Header::Tombstone(stamp)) => {
                *buried_at = (*buried_at).max(Some(stamp));
                return Held::Tombstone { epoch: stamp.epoch, number: stamp.number };
            }
            Err(reject) => return Held::NotUnderstood { why: format!("{reject:?}") },
        };
        let decoded = self.remote.as_ref().map(|remote| remote.wire.inspect(&stored.value, tier_key));
        let other_form = match decoded {
            Some(Ok(Decoded::Entry(entry))) => {
                header.tags = entry.tags;
                false
            }
            Some(Err(Reject::OtherSchema)) => true,
            Some(Err(reject)) => return Held::NotUnderstood { why: format!("{reject:?}") },
            _ => false,
        };
        let mut checks =
            self.namespace.checks((&self.name, text), full_key, header.stamp, &header.tags).await;
        if let Some(stamp) = buried_at.filter(|stamp| header.stamp < *stamp) {
            checks.push(Check { passed: false, ..Check::passed(Against::Tombstone, stamp.number, true) });
        }
        let valid = trusted && checks.iter().all(|check| check.passed);
        let spread = self.spread(key);
        let mut entry = EntryFound::of_header(&header, stored, self.freshness.jitter * spread, valid);
        entry.checks = checks;
        if other_form {
            entry.standing = Standing::OtherForm;
        }
        Held::Entry(Box::new(entry))
    }
}

impl EntryFound {
    /// What an envelope says of its entry; `shortened` is the part of its ttl that jitter takes. Without checks.
    pub(crate) fn of_header(header: &EntryHeader, stored: &Stored, shortened: f64, valid: bool) -> Self {
        // What expires in a tier that does not say when it was put is of unknown age.
        let age = header.age_now(stored.remaining).or_else(|| header.ttl.is_none().then_some(header.age));
        let freshness = Freshness {
            ttl: header.ttl,
            stale_while_revalidate: header.stale.unwrap_or_default(),
            stale_if_error: header.fallback.unwrap_or_default(),
            jitter: shortened,
            ..Freshness::default()
        };
        let times = freshness.times(0, age.unwrap_or_default(), 1.0);
        let standing = match age {
            _ if !valid => Standing::Invalid,
            None => Standing::AgeUnknown,
            Some(_) if times.fresh_until > 0 => Standing::Fresh,
            Some(_) if times.refresh_until > 0 => Standing::Stale,
            Some(_) if times.fallback_until > 0 => Standing::Fallback,
            Some(_) => Standing::Expired,
        };
        Self {
            standing,
            epoch: Some(header.stamp.epoch),
            number: header.stamp.number,
            checks: Vec::new(),
            age,
            ttl_left: header.ttl.map(|_| Duration::from_nanos(times.fresh_until)),
            size: stored.value.len() as u64,
            tags: header.tags.iter().map(|tag| tag.as_str().to_owned()).collect(),
            form: Some(Form {
                fingerprint: header.fingerprint.to_string(),
                codec: header.fingerprint.guess().map(|(codec, schema)| format!("{codec}, schema {schema}")),
                encryption_key: header.key_id,
                compression: header.compression,
                value_bytes: header.value_bytes as u64,
                packed_bytes: header.packed_bytes as u64,
                load: header.load,
            }),
        }
    }
}

fn standing(verdict: Verdict, valid: bool) -> Standing {
    match verdict {
        Verdict::Fresh => Standing::Fresh,
        Verdict::Refresh => Standing::Stale,
        Verdict::Fallback => Standing::Fallback,
        Verdict::Dead if valid => Standing::Expired,
        Verdict::Dead => Standing::Invalid,
    }
}

fn ttl_left(life: &Life, now: u64) -> Option<Duration> {
    let until = life.times.fresh_until;
    (until != NEVER).then(|| Duration::from_nanos(until.saturating_sub(now)))
}

pub(crate) fn breaker_state(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::HalfOpen => "half_open",
        State::Open => "open",
    }
}
