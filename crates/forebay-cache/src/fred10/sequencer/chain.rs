use super::{
    SequencerConfig,
    bus::is_sharded,
    lineage::Lineage,
    replay::generation,
    wire::{body, fitting, pattern_name, positions, read, read_pattern, read_positions},
};
use crate::{
    Event, Invalidation, LivePatterns, Mark, Newest, Question, Stamp, Target,
    fred10::script::{Call, Script},
};
use bytes::{Buf, Bytes};
use forebay_scope::{Positions, Tag};
use fred::{
    error::{Error, ErrorKind},
    interfaces::{ClientLike, LuaInterface},
    types::Value,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use xxhash_rust::xxh3::xxh3_128;

/// Longer names are hashed in the tables of tags.
const NAME_BYTES_MAX: usize = 128;

/// The chain of a namespace in Redis: its keys, and the scripts that are the only ones to touch them.
#[derive(Debug)]
pub(in crate::fred10) struct Chain {
    pub(in crate::fred10) config: SequencerConfig,
    keys: [Bytes; 5],
    pub(super) channel: String,
    issue: Script,
    follow: Script,
    renew: Script,
    newest: Script,
    /// The largest generation of an epoch seen, so that a chain that has to start anew starts later.
    generation: AtomicU64,
}

/// The chain as Redis has it.
#[derive(Debug)]
pub(in crate::fred10) struct Followed {
    pub(in crate::fred10) end: Mark,
    pub(in crate::fred10) positions: Positions,
    pub(in crate::fred10) events: Vec<Event>,
    pub(in crate::fred10) patterns: LivePatterns,
    pub(in crate::fred10) lineage: Lineage,
}

/// An invalidation, as the script that issues it wants to have it.
#[derive(Debug, Clone)]
pub(super) struct Issue(Arc<[Value; 5]>);

impl Issue {
    /// # Errors
    /// When it has positions of more databases than there can be.
    pub(super) fn of(invalidation: &Invalidation) -> Result<Self, Error> {
        let invalidation = &*fitting(invalidation);
        let too_many = "positions of more databases than can be listed";
        let body = body(invalidation).ok_or_else(|| Error::new(ErrorKind::InvalidArgument, too_many))?;
        let (target, name) = match &invalidation.target {
            Target::Key(key) => ("k", hashed(key)),
            Target::Tag(tag) => ("t", table_name(tag.as_str())),
            Target::Pattern { cache, pattern } => ("p", pattern_name(cache.as_deref(), pattern)),
            Target::Clear(Some(cache)) => ("c", table_name(cache)),
            Target::Clear(None) => ("a", String::new()),
        };
        let link: [u8; 8] = rand::random();
        Ok(Self(Arc::new([
            target.into(),
            Value::Bytes(name.into()),
            Bytes::copy_from_slice(&link).into(),
            body.into(),
            positions(&invalidation.positions).into(),
        ])))
    }
}

impl Followed {
    /// Whether numbers of the epoch still count.
    pub(super) fn counts(&self, epoch: u64) -> bool {
        self.end.stamp.epoch == epoch || self.lineage.live().iter().any(|last| last.epoch == epoch)
    }
}

/// What is asked of the chain besides its end.
#[derive(Debug, Clone, Copy)]
pub(in crate::fred10) enum Wanted {
    End,
    /// The events from the number of a mark on, unless there are more than are kept.
    Events(Mark),
    /// The patterns that are remembered.
    Patterns,
}

impl Chain {
    pub(in crate::fred10) fn new(config: SequencerConfig) -> Self {
        let key = |part: &str| format!("{}{{{}}}:{part}", config.key_prefix, config.namespace);
        Self {
            keys: ["chain", "log", "tags", "tags-older", "patterns"].map(|part| Bytes::from(key(part))),
            channel: key("bus"),
            config,
            issue: Script::new(concat!(
                include_str!("../scripts/chain.lua"),
                include_str!("../scripts/issue.lua")
            )),
            follow: Script::new(concat!(
                include_str!("../scripts/chain.lua"),
                include_str!("../scripts/follow.lua")
            )),
            renew: Script::new(concat!(
                include_str!("../scripts/chain.lua"),
                include_str!("../scripts/renew.lua")
            )),
            newest: Script::new(concat!(
                include_str!("../scripts/chain.lua"),
                include_str!("../scripts/newest.lua")
            )),
            generation: AtomicU64::new(0),
        }
    }

    /// The keys: chain, log, tags, older tags.
    pub(in crate::fred10) fn keys(&self) -> [Bytes; 5] {
        self.keys.clone()
    }

    /// Gives each of them the next number, in one script.
    pub(super) async fn issue<C>(&self, client: &C, invalidations: &[Issue]) -> Result<Vec<Event>, Error>
    where
        C: LuaInterface + Sync,
    {
        let settings: [Value; 5] = [
            self.config.events_max.into(),
            self.config.tags_max.into(),
            self.config.patterns_max.into(),
            self.channel.as_str().into(),
            publish_on(client).into(),
        ];
        let each = invalidations.iter().flat_map(|Issue(arguments)| arguments.iter().cloned());
        let call = self.restarting(settings.into_iter().chain(each));
        let events = self.issue.call(client, call).await?.into_array().into_iter();
        let events: Option<Vec<Event>> = events.map(|event| read(event.into_bytes()?)).collect();
        let events = events.filter(|events| events.len() == invalidations.len()).ok_or_else(unexpected)?;
        if let Some(last) = events.last() {
            self.remember(last.stamp.epoch);
        }
        Ok(events)
    }

    /// The end of the chain, and what was `wanted` of it.
    pub(in crate::fred10) async fn follow<C>(&self, client: &C, wanted: Wanted) -> Result<Followed, Error>
    where
        C: LuaInterface + Sync,
    {
        let from = match wanted {
            Wanted::Events(mark) => mark.stamp.number.to_string(),
            Wanted::End => String::new(),
            Wanted::Patterns => "patterns".to_owned(),
        };
        // Redis trims whole nodes of a stream, so it has up to a hundred more than asked for.
        let most = i64::from(self.config.events_max) + 101;
        let reply = self.follow.call(client, self.restarting([from.into(), most.into()])).await?;
        let followed = read_followed(reply).ok_or_else(unexpected)?;
        self.remember(followed.end.stamp.epoch);
        Ok(followed)
    }

    /// Starts a new epoch for the sake of one that knows what was `lost`, unless the chain no longer ends at `end`.
    pub(super) async fn renew<C: LuaInterface + Sync>(
        &self,
        client: &C,
        end: Mark,
        lost: Stamp,
    ) -> Result<(), Error> {
        let eight = |number: u64| Value::from(Bytes::copy_from_slice(&number.to_be_bytes()));
        let arguments: [Value; 5] = [
            eight(end.stamp.epoch),
            end.stamp.number.to_string().into(),
            eight(end.link),
            eight(lost.epoch),
            eight(lost.number),
        ];
        self.renew.call(client, self.restarting(arguments)).await.map(|_| ())
    }

    pub(in crate::fred10) async fn newest<C>(
        &self,
        client: &C,
        cache: &str,
        key: &[u8],
        tags: &[Tag],
    ) -> Result<Newest, Error>
    where
        C: LuaInterface + Sync,
    {
        let mut answers = self.newest_all(client, cache, &[Question { key, tags }]).await?;
        answers.pop().ok_or_else(unexpected)
    }

    /// [`Chain::newest`] for several entries, in one call.
    pub(super) async fn newest_all<C: LuaInterface + Sync>(
        &self,
        client: &C,
        cache: &str,
        questions: &[Question<'_>],
    ) -> Result<Vec<Newest>, Error> {
        let name = |kind: char, name: String| Value::Bytes(format!("{kind}{name}").into());
        let mut arguments = vec![name('c', table_name(cache))];
        for Question { key, tags } in questions {
            arguments.push(name('k', hashed(key)));
            arguments.extend(tags.iter().map(|tag| name('t', table_name(tag.as_str()))));
        }
        let reply = self.newest.call(client, Call { keys: self.keys.to_vec(), arguments }).await?;
        let numbers: Option<Vec<u64>> = reply.into_array().into_iter().map(number).collect();
        read_newest(numbers.as_deref().unwrap_or_default(), questions).ok_or_else(unexpected)
    }

    /// Takes note of an epoch that was seen.
    pub(super) fn remember(&self, epoch: u64) {
        self.generation.fetch_max(generation(epoch), Ordering::Relaxed);
    }

    /// A call of a script that starts a new epoch when there is no chain.
    fn restarting(&self, arguments: impl IntoIterator<Item = Value>) -> Call {
        let later = self.generation.load(Ordering::Relaxed) + 1;
        let random: [u8; 3] = rand::random();
        let link: [u8; 8] = rand::random();
        let first = [
            Value::from(later.to_string()),
            Bytes::copy_from_slice(&random).into(),
            Bytes::copy_from_slice(&link).into(),
        ];
        Call { keys: self.keys.to_vec(), arguments: first.into_iter().chain(arguments).collect() }
    }
}

/// A tag or cache in the tables. A long name is hashed: two that met would invalidate each other, which is safe.
fn table_name(name: &str) -> String {
    if name.len() <= NAME_BYTES_MAX { name.to_owned() } else { hashed(name.as_bytes()) }
}

/// A name that takes the same room whatever it stands for.
fn hashed(name: &[u8]) -> String {
    format!("#{:032x}", xxh3_128(name))
}

/// How a script tells the other nodes.
fn publish_on<C: ClientLike>(client: &C) -> &'static str {
    if is_sharded(client) { "SPUBLISH" } else { "PUBLISH" }
}

fn read_newest(numbers: &[u64], questions: &[Question<'_>]) -> Option<Vec<Newest>> {
    // The cache's own number is a floor for everything in it.
    let [epoch, _, floor, numbers @ ..] = numbers else { return None };
    let mut numbers = numbers.iter().map(|number| *number.max(floor));
    let newest = |Question { tags, .. }: &Question<'_>| {
        let key = numbers.next()?;
        let tags = tags.iter().map(|_| numbers.next()).collect::<Option<_>>()?;
        Some(Newest { epoch: *epoch, floor: *floor, key, tags })
    };
    questions.iter().map(newest).collect()
}

fn read_followed(reply: Value) -> Option<Followed> {
    let mut parts = reply.into_array().into_iter();
    let stamp = Stamp { epoch: number(parts.next()?)?, number: number(parts.next()?)? };
    let end = Mark { stamp, link: number(parts.next()?)? };
    let mut positions = parts.next()?.into_bytes()?;
    let count = positions.len() / 20;
    let positions = read_positions(&mut positions, count)?;
    let events = parts
        .next()?
        .into_array()
        .into_iter()
        .map(|event| read(event.into_bytes()?))
        .collect::<Option<_>>()?;
    let patterns = read_patterns(parts.next()?)?;
    let lineage = Lineage::read(parts.next()?.into_bytes()?)?;
    Some(Followed { end, positions, events, patterns, lineage })
}

/// A floor, then patterns and their numbers in turns.
fn read_patterns(reply: Value) -> Option<LivePatterns> {
    let mut parts = reply.into_array().into_iter();
    let Some(floor) = parts.next() else { return Some(LivePatterns::default()) };
    let mut live = LivePatterns { floor: number(floor)?, newest: Vec::with_capacity(parts.len() / 2) };
    while let Some(name) = parts.next() {
        let target = read_pattern(std::str::from_utf8(&name.into_bytes()?).ok()?)?;
        live.newest.push((target, parts.next()?.into_string()?.parse().ok()?));
    }
    live.newest.sort_by_key(|(_, number)| *number);
    Some(live)
}

fn number(value: Value) -> Option<u64> {
    value.into_bytes()?.try_get_u64().ok()
}

fn unexpected() -> Error {
    Error::new(ErrorKind::Protocol, "the script gave an unexpected reply")
}
