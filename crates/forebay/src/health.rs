use serde::Serialize;

/// The part without which a service that has one cannot answer.
pub(crate) const POSTGRES: &str = "postgres";

/// How well one part of the data path does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// It works.
    Up,
    /// It works with something missing: a replica is away, a cache tier is skipped.
    Degraded,
    /// It does not work.
    Down,
}

/// The condition of one part, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartHealth {
    /// The part: `postgres`, `redis`, `memcached`.
    pub part: &'static str,
    /// How well it does.
    pub condition: Condition,
    /// One sentence for a person.
    pub detail: String,
}

/// The condition of a whole [`DataPath`](crate::DataPath), from what its parts already know: asking does no I/O.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether new requests should be sent here.
    ///
    /// `false` while the path shuts down, and while the database is configured and neither the primary nor a
    /// replica can be reached. A lost Redis or Memcached only makes answers slower, so it does not count. Use it
    /// for readiness, never for liveness: restarting this process does not bring a database back.
    pub ready: bool,
    /// Each configured part.
    pub parts: Vec<PartHealth>,
}

impl Health {
    pub(crate) fn of(parts: Vec<PartHealth>, draining: bool) -> Self {
        let down = |name| parts.iter().any(|p: &PartHealth| p.part == name && p.condition == Condition::Down);
        Self { ready: !draining && !down(POSTGRES), parts }
    }

    /// The condition of one part; `None` when it is not configured.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&PartHealth> {
        self.parts.iter().find(|part| part.part == name)
    }
}
