use super::{BudgetConfig, measure::Measure};
use crate::{Error, sync::AtomicU64};
use forebay_metrics::Meter;
use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

/// How many extra calls (hedges, retries) may be made beside the ordinary ones. Cloning is one reference count;
/// all clones are one budget.
///
/// Without it, retries multiply the load of a server that is failing because of its load. Each ordinary call
/// [earns](Self::earn) a share of a token and each extra one [spends](Self::spend) a whole token, so the extra
/// load stays a share of the traffic whatever happens. No clock takes part, and nothing waits.
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

struct Inner {
    /// Parts of tokens at hand, at most `most`.
    parts: AtomicU64,
    most: u64,
    earned: u64,
    config: BudgetConfig,
    measure: Measure,
}

/// A token in parts: the smallest share that counts is a millionth.
const TOKEN: u64 = 1_000_000;

impl Budget {
    /// A full budget that measures nothing.
    ///
    /// # Errors
    /// [`Error::BudgetSetting`] when a setting is out of its range.
    pub fn new(config: BudgetConfig) -> Result<Self, Error> {
        Self::measured(config, "", &Meter::disabled())
    }

    /// A full budget that reports under `name` what it allowed and refused; see [`METRICS`](crate::METRICS).
    ///
    /// # Errors
    /// [`Error::BudgetSetting`] when a setting is out of its range.
    pub fn measured(config: BudgetConfig, name: &str, meter: &Meter) -> Result<Self, Error> {
        config.check()?;
        let most = u64::from(config.burst) * TOKEN;
        Ok(Self(Arc::new(Inner {
            parts: AtomicU64::new(most),
            most,
            earned: (config.share * TOKEN as f64).round() as u64,
            config,
            measure: Measure::new(meter, name),
        })))
    }

    /// An ordinary call is made.
    pub fn earn(&self) {
        self.change(|parts| (parts < self.0.most).then(|| (parts + self.0.earned).min(self.0.most)));
    }

    /// Whether an extra call may be made now; it is paid for when so.
    #[must_use = "an extra call that was refused must not be made"]
    pub fn spend(&self) -> bool {
        let paid = self.change(|parts| parts.checked_sub(TOKEN));
        let counter = if paid { &self.0.measure.spent } else { &self.0.measure.refused };
        counter.increment(1);
        paid
    }

    /// Whole tokens at hand.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.0.parts.load(Ordering::Relaxed) / TOKEN
    }

    /// The settings it was made with.
    #[must_use]
    pub fn config(&self) -> &BudgetConfig {
        &self.0.config
    }

    /// Whether `next` had a value to put in the place of the parts at hand.
    fn change(&self, next: impl Fn(u64) -> Option<u64>) -> bool {
        let mut seen = self.0.parts.load(Ordering::Relaxed);
        while let Some(next) = next(seen) {
            match self.0.parts.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("tokens", &self.tokens()).finish_non_exhaustive()
    }
}
