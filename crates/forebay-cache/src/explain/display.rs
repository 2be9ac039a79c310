use super::{
    explanation::{Answer, EntryFound, Explanation, Held},
    standing::{Against, Check, Standing},
};
use humantime_serde::re::humantime::format_duration;
use std::{
    fmt::{self, Write as _},
    time::Duration,
};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, cache, key, answer, chain, loading, memory, tiers } = self;
        writeln!(f, "{}:{} in namespace {namespace}: {answer}", printable(cache), printable(key))?;
        match chain {
            Some(stamp) => writeln!(f, "  chain: followed to {} of epoch {:x}", stamp.number, stamp.epoch)?,
            None => writeln!(
                f,
                "  chain: not joined, or with invalidations to send: remote tiers are not trusted"
            )?,
        }
        if *loading {
            writeln!(f, "  it is being loaded")?;
        }
        write!(f, "  memory: {memory}")?;
        for tier in tiers {
            write!(f, "\n  {} (breaker {}): {}", tier.tier, tier.breaker, tier.held)?;
        }
        Ok(())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("answered from memory"),
            Self::StaleMemory => f.write_str("answered from memory, and reloaded meanwhile"),
            Self::Tier(tier) => write!(f, "answered from {tier}"),
            Self::Loader => f.write_str("loaded"),
            Self::Unjudged => f.write_str("cannot be told from here, for want of the encryption key"),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Entry(entry) => entry.fmt(f),
            Self::Tombstone { epoch, number } => {
                write!(f, "a tombstone of number {number}, epoch {epoch:x}: fills by older loads are refused")
            }
            Self::NotUnderstood { why } => write!(f, "bytes that are not understood ({why}): a miss"),
            Self::NotUsed => f.write_str("not used by this cache"),
            Self::NotAsked => f.write_str("not asked"),
            Self::NoAnswer { why } => write!(f, "no answer ({why})"),
        }
    }
}

impl fmt::Display for EntryFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.standing)?;
        match self.age {
            Some(age) => write!(f, "; {} old", short(age))?,
            None => f.write_str("; of unknown age")?,
        }
        match self.ttl_left {
            Some(Duration::ZERO) => f.write_str(", its ttl is over")?,
            Some(left) => write!(f, ", {} of its ttl left", short(left))?,
            None => f.write_str(", no ttl")?,
        }
        match &self.form {
            None => write!(f, "; weighs {}", self.size)?,
            Some(form) => {
                let codec = form.codec.as_deref().unwrap_or("codec");
                write!(f, "; {} bytes, {codec} ({})", self.size, form.fingerprint)?;
                if form.compression != "none" {
                    write!(
                        f,
                        ", {} → {} bytes by {}",
                        form.value_bytes, form.packed_bytes, form.compression
                    )?;
                }
                if let Some(id) = form.encryption_key {
                    write!(f, ", encrypted with key {id}")?;
                }
                write!(f, ", loaded in {}", short(form.load))?;
            }
        }
        let whose = if self.epoch.is_none() { "this node's count" } else { "the chain" };
        write!(f, "\n    its load began at {} of {whose}", self.number)?;
        self.checks.iter().try_for_each(|check| write!(f, "\n    {check}"))
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale, served while it is reloaded",
            Self::Fallback => "stale, served only when a reload fails",
            Self::Expired => "expired",
            Self::Invalid => "invalid",
            Self::OtherForm => "of another codec or schema",
            Self::Sealed => {
                "encrypted: its key, patterns and floor are good, its tags cannot be read from here"
            }
            Self::AgeUnknown => "of unknown age, taken for expired",
        })
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.passed { "✓" } else { "✗" };
        write!(f, "{mark} {}", self.against)?;
        match (self.newest, &self.against) {
            (None, Against::Sequencer) => Ok(()),
            (Some(newest), Against::Epoch) => write!(f, " {newest:x}"),
            (Some(newest), _) if self.exact => write!(f, ": newest {newest}"),
            (Some(newest), _) => write!(f, ": newest at most {newest}"),
            (None, _) => f.write_str(": invalidated softly"),
        }
    }
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("key"),
            Self::Pattern => f.write_str("patterns"),
            Self::Tag(tag) => write!(f, "tag {}", printable(tag)),
            Self::Floor => f.write_str("floor"),
            Self::Epoch => f.write_str("epoch"),
            Self::Tombstone => f.write_str("tombstone above"),
            Self::Sequencer => f.write_str("the sequencer had to be asked and did not answer"),
        }
    }
}

/// Keys and tags may hold line ends and terminal codes; what people read must not.
fn printable(text: &str) -> impl fmt::Display + '_ {
    fmt::from_fn(move |f| {
        text.chars().try_for_each(|c| {
            if c.is_control() { write!(f, "{}", c.escape_default()) } else { f.write_char(c) }
        })
    })
}

/// To the millisecond.
fn short(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    format_duration(Duration::from_millis(millis)).to_string()
}
