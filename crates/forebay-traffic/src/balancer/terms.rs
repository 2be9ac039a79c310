use std::time::Duration;

/// What the caller knows of a candidate beyond the outcomes of calls.
///
/// `cost = (in_flight / weight + 1) × (latency + error share × error cost) × times + plus`
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    pub(super) plus_ns: f64,
    pub(super) times: f64,
    pub(super) weight: f64,
    pub(super) far: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self::NEUTRAL
    }
}

impl Terms {
    /// Nothing is known: add nothing, multiply by 1, weight 1.
    pub const NEUTRAL: Self = Self { plus_ns: 0.0, times: 1.0, weight: 1.0, far: false };

    /// Adds to the cost: what a replica's lag is worth, a round trip to another region. Default: nothing.
    #[must_use]
    pub fn plus(mut self, cost: Duration) -> Self {
        self.plus_ns = cost.as_secs_f64() * 1e9;
        self
    }

    /// Multiplies the cost: with 2 a member is the choice when the other one drawn is more than twice as dear. From 0.001 to 1,000; what lies outside is taken for the nearest, and no number for the least.
    /// Default: 1.
    #[must_use]
    pub const fn times(mut self, factor: f64) -> Self {
        self.times = bounded(factor);
        self
    }

    /// It is in another zone: two of the members that are *not* far are drawn as if there were no others, and likewise two
    /// that are; the cheapest of those far is chosen only when this factor times its cost is still less. So however
    /// many are far, calls stay near until the near ones are that much dearer: slow, failing, busy, or none. At least 1;
    /// otherwise bounded as [`times`](Self::times), which it multiplies. Default: near.
    #[must_use]
    pub const fn far(mut self, factor: f64) -> Self {
        self.times = bounded(self.times * bounded(factor.max(1.0)));
        self.far = true;
        self
    }

    /// How much it can carry: with 2 it is drawn twice as often as one with 1, and is as busy when it has twice as
    /// many calls under way. Best is the number of calls it serves at once (the sessions of a pool): with 1, each
    /// call under way counts as one that the next has to wait for, and a slow server draws calls as soon as a
    /// fast one has a few. From 0.001 to 1,000; what lies outside is taken for the nearest, and no number for the
    /// least. Default: 1.
    #[must_use]
    pub const fn weight(mut self, weight: f64) -> Self {
        self.weight = bounded(weight);
        self
    }
}

/// `max` and `min` turn what is no number into the bound.
const fn bounded(value: f64) -> f64 {
    value.max(0.001).min(1_000.0)
}
