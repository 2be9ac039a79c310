//! How much time asking may take.

use std::time::Duration;

/// Time to spend on questions: a share of what servers spent on the calls that are observed.
#[derive(Debug)]
pub(super) struct Budget {
    share: f64,
    burst: Duration,
    /// Seconds; below zero after a question that took longer than there was.
    left: f64,
    /// What the observed calls had taken when this was last filled.
    seen: Duration,
}

impl Budget {
    pub(super) fn new(share: f64, burst: Duration, seen: Duration) -> Self {
        Self { share, burst, left: burst.as_secs_f64(), seen }
    }

    /// Fills it by what the observed calls have taken by now, and says whether there is something to spend.
    pub(super) fn allows(&mut self, busy: Duration) -> bool {
        self.left += busy.saturating_sub(self.seen).as_secs_f64() * self.share;
        self.left = self.left.min(self.burst.as_secs_f64());
        self.seen = busy;
        self.left > 0.0
    }

    pub(super) fn spend(&mut self, took: Duration) {
        self.left -= took.as_secs_f64();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_spent_than_a_share_of_the_load_and_what_was_saved_up() {
        let ms = Duration::from_millis;
        let mut budget = Budget::new(0.01, ms(20), ms(0));
        let (mut busy, mut spent) = (ms(0), ms(0));
        for _ in 0..1000 {
            busy += ms(100);
            if budget.allows(busy) {
                budget.spend(ms(7));
                spent += ms(7);
            }
        }
        // A hundredth of 100 s, what there was at the beginning, and one question too long.
        assert!(spent <= ms(1000 + 20 + 7), "{:?}", spent);
        assert!(spent >= ms(990), "{:?}", spent);
    }

    #[test]
    fn without_load_nothing_is_asked() {
        let ms = Duration::from_millis;
        let mut budget = Budget::new(0.01, ms(20), ms(0));
        budget.spend(ms(30));
        assert!(!budget.allows(ms(0)));
        assert!(!budget.allows(ms(900)));
        assert!(budget.allows(ms(1100)));
    }
}
