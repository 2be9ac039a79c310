use fred::{
    error::Error,
    interfaces::ClientLike,
    types::{ClusterHash, CustomCommand, Value},
};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What the clock of one server shows, asked now and then and counted on from there.
///
/// What it shows is never thought to be earlier than it is, so that no entry is taken for younger, but for what this machine's
/// clock loses until it is asked again.
#[derive(Debug)]
pub(super) struct ServerClock {
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// When it was asked: it showed `micros` then or later.
    asked: Instant,
    micros: u64,
}

impl ServerClock {
    /// How often it is asked while it is needed. So long a clock that was set, or another server in the place of this one, may
    /// go unnoticed.
    const ASKED_EVERY: Duration = Duration::from_millis(100);
    /// How long it is counted on for a call that is under way.
    const GOOD_FOR: Duration = Duration::from_secs(1);

    pub(super) const fn new() -> Self {
        Self { seen: Mutex::new(None) }
    }

    /// Whether it was asked a short while ago.
    pub(super) fn is_known(&self) -> bool {
        self.seen().is_some_and(|seen| seen.asked.elapsed() < Self::ASKED_EVERY)
    }

    /// What it shows now, as Unix time, if it is known.
    pub(super) fn now(&self) -> Option<Duration> {
        let seen = self.seen()?;
        let since = seen.asked.elapsed();
        (since < Self::GOOD_FOR).then(|| Duration::from_micros(seen.micros).saturating_add(since))
    }

    /// Asks it. Trouble leaves it unknown.
    pub(super) async fn ask(&self, client: &impl ClientLike) {
        let asked = Instant::now();
        let command = CustomCommand::new_static("TIME", ClusterHash::Random, false);
        let shown: Result<Value, Error> = client.custom(command, Vec::<Value>::new()).await;
        let Ok(Some(micros)) = shown.map(micros) else { return };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Seen { asked, micros });
    }

    fn seen(&self) -> Option<Seen> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to `TIME`: seconds, and the microseconds of the present one.
fn micros(shown: Value) -> Option<u64> {
    let parts = shown.into_array();
    let [seconds, micros] = parts.as_slice() else { return None };
    seconds.as_u64()?.checked_mul(1_000_000)?.checked_add(micros.as_u64()?)
}
