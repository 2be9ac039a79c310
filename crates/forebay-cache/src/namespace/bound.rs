/// The newest number of the chain that hit something, as far as this node knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The number, or one that is not below it.
    pub(crate) number: u64,
    /// Whether it is the number and not just a bound, so that asking would bring nothing new.
    pub(crate) exact: bool,
}

impl Bound {
    /// Not above `number`, and not known better.
    pub(crate) const fn at_most(number: u64) -> Self {
        Self { number, exact: false }
    }

    /// An invalidation took `number`.
    pub(crate) fn numbered(&mut self, number: u64) {
        // A bound stays one: what it covers may be newer than this event, when events come out of order.
        self.number = self.number.max(number);
    }

    /// The sequencer answered `number` to a question asked when this node had applied everything up to `asked_at`.
    pub(crate) fn learned(&mut self, number: u64, asked_at: u64) {
        if self.exact || self.number > asked_at {
            // Something was heard since, so the answer may be the older of the two.
            self.number = self.number.max(number);
        } else {
            *self = Self { number, exact: true };
        }
    }
}
