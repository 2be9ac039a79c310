use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where a namespace's chain of invalidations lives in Redis, and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SequencerConfig {
    /// The namespace: caches whose invalidations are numbered together, on every node. 1 to 128 bytes without braces
    /// or control characters. Default: `default`.
    pub namespace: String,
    /// What the keys begin with. Default: `forebay:`.
    pub key_prefix: String,
    /// How often the bus is asked for a sign of life. An invalidation that was lost on the way is noticed within this
    /// time. Default: 1 s.
    #[serde(with = "humantime_serde")]
    pub heartbeat: Duration,
    /// Invalidations kept for replay to a node that missed some; Redis may keep a hundred more. Default: 10,000.
    pub events_max: u32,
    /// Tags and keys (and caches that were cleared) whose newest number is kept; when there are more, entries older than
    /// those that are forgotten are misses for a node that joined later. Default: 100,000.
    pub tags_max: u32,
    /// Patterns whose newest number is kept; when there are more, entries older than those that are forgotten are misses
    /// for a node that joined later. Default: 1024.
    pub patterns_max: u32,
    /// News kept in this process until [`heard`](crate::Sequencer::heard) takes them; when there are more they
    /// are replaced by [`Heard::Interrupted`](crate::Heard). Default: 16,384.
    pub heard_max: usize,
}

impl Default for SequencerConfig {
    fn default() -> Self {
        Self {
            namespace: "default".into(),
            key_prefix: "forebay:".into(),
            heartbeat: Duration::from_secs(1),
            events_max: 10_000,
            tags_max: 100_000,
            patterns_max: 1024,
            heard_max: 16_384,
        }
    }
}

impl SequencerConfig {
    /// The defaults for a namespace.
    #[must_use]
    pub fn of(namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), ..Self::default() }
    }

    pub(in crate::fred10) fn check(&self) -> Result<(), &'static str> {
        let odd = |text: &str| text.contains(|c: char| c.is_control() || c == '{' || c == '}');
        if self.namespace.is_empty()
            || self.namespace.len() > 128
            || odd(&self.namespace)
            || odd(&self.key_prefix)
        {
            return Err(
                "a namespace has 1 to 128 bytes, and neither it nor the key prefix holds braces or control characters",
            );
        }
        let zero = [self.events_max, self.patterns_max].contains(&0) || self.heard_max == 0;
        if self.heartbeat.is_zero() || zero || self.tags_max < 4 {
            return Err(
                "heartbeat, events_max, patterns_max and heard_max must not be zero, tags_max not below 4",
            );
        }
        Ok(())
    }
}
