/// The newest number of the chain that hit something, as far as this node knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The number, or one that is not below it.
    pub(crate) number: u64,
    /// Whether it is the number and not just a bound, so that asking would bring nothing new.
    pub(crate) exact: bool,
    /// The newest number this node itself heard of: a sequencer that lost it does not take it back.
    pub(super) heard: u64,
}

impl Bound {
    /// Not above `number`, and not known better.
    pub(crate) const fn at_most(number: u64) -> Self {
        Self { number, exact: false, heard: 0 }
    }

    /// Exactly `number`.
    pub(crate) const fn exactly(number: u64) -> Self {
        Self { number, exact: true, heard: number }
    }

    /// An invalidation took `number`.
    pub(crate) fn numbered(&mut self, number: u64) {
        // A bound stays one: what it covers may be newer than this event, when events come out of order.
        self.number = self.number.max(number);
        self.heard = self.heard.max(number);
    }

    /// The sequencer answered `number` to a question asked when this node had applied everything up to `asked_at`.
    pub(crate) fn learned(&mut self, number: u64, asked_at: u64) {
        if self.exact || self.number > asked_at {
            // Something was heard since, so the answer may be the older of the two.
            self.number = self.number.max(number);
        } else {
            *self = Self { number: number.max(self.heard), exact: true, ..*self };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequencer_that_lost_what_was_heard_does_not_take_it_back() {
        let mut bound = Bound::at_most(2);
        bound.numbered(3);
        bound.learned(0, 3);
        assert_eq!((bound.number, bound.exact), (3, true));
    }
}
