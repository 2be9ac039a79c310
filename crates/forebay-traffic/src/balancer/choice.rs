use super::Terms;

/// A candidate and the key that chance gave it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    pub(super) index: usize,
    pub(super) terms: Terms,
    key: f32,
}

/// Two of the candidates it was offered, drawn without replacement and by weight: those with the smallest keys, in
/// order. One pass, no list of candidates.
///
/// Source of the keys: P. Efraimidis, P. Spirakis, "Weighted random sampling with a reservoir", IPL 2006.
#[derive(Debug, Clone, Copy, Default)]
struct Two {
    first: Option<Drawn>,
    second: Option<Drawn>,
}

impl Two {
    fn offer(&mut self, drawn: Drawn) {
        if self.first.is_none_or(|first| drawn.key < first.key) {
            self.second = self.first.replace(drawn);
        } else if self.second.is_none_or(|second| drawn.key < second.key) {
            self.second = Some(drawn);
        }
    }

    /// The one that costs less, and its cost; of equals the one that was drawn first. `None` when nothing was offered.
    fn cheaper(&self, cost: impl Fn(&Drawn) -> f64) -> Option<(usize, f64)> {
        let first = self.first.as_ref()?;
        let first = (first.index, cost(first));
        match &self.second {
            Some(second) => {
                let second = (second.index, cost(second));
                Some(if second.1 < first.1 { second } else { first })
            }
            None => Some(first),
        }
    }
}

/// Two of those that are near, and two of those that are far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Draws {
    near: Two,
    far: Two,
}

impl Draws {
    pub(super) fn offer(&mut self, drawn: Drawn) {
        if drawn.terms.far { self.far.offer(drawn) } else { self.near.offer(drawn) }
    }

    /// The one that costs least, near ones first among equals. `None` when nothing was offered.
    pub(super) fn cheapest(&self, cost: impl Fn(&Drawn) -> f64) -> Option<usize> {
        let near = self.near.cheaper(&cost);
        let best = match (near, self.far.cheaper(&cost)) {
            (Some(near), Some(far)) => Some(if far.1 < near.1 { far } else { near }),
            (near, far) => near.or(far),
        };
        best.map(|(index, _)| index)
    }
}

/// Numbers that look random, from one that is. Source: SplitMix64 (G. Steele and others, OOPSLA 2014).
#[derive(Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn draw(&mut self, index: usize, terms: Terms) -> Drawn {
        // From the exponential distribution whose rate is the weight.
        Drawn { index, terms, key: -(1.0 - self.unit()).ln() / terms.weight as f32 }
    }

    /// At least 0 and less than 1.
    pub(super) fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) >> 40) as f32 / (1 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::{Chance, Draws};
    use crate::Terms;

    #[test]
    fn each_is_drawn_as_often_as_its_weight_says() {
        let mut chance = Chance(1);
        let mut hits = [0; 3];
        for _ in 0..40_000 {
            let mut two = Draws::default();
            for (index, weight) in [1.0, 1.0, 2.0].into_iter().enumerate() {
                two.offer(chance.draw(index, Terms::default().weight(weight)));
            }
            hits[two.cheapest(|_| 1.0).expect("three were offered")] += 1;
        }
        let near = |hits: i32, expected: i32| (hits - expected).abs() < 500;
        assert!(near(hits[0], 10_000) && near(hits[1], 10_000) && near(hits[2], 20_000), "{hits:?}");
    }

    #[test]
    fn of_two_the_cheaper_is_chosen_and_never_the_same_twice() {
        let mut chance = Chance(2);
        for _ in 0..1_000 {
            let mut two = Draws::default();
            (0..2).for_each(|index| two.offer(chance.draw(index, Terms::default())));
            assert_eq!(two.cheapest(|drawn| drawn.index as f64), Some(0));
        }
    }

    #[test]
    fn far_ones_are_chosen_when_all_that_are_near_are_dearer_by_the_factor() {
        let mut chance = Chance(3);
        let mut chosen = |near_cost: f64| {
            let mut draws = Draws::default();
            // One near, many far.
            draws.offer(chance.draw(0, Terms::default()));
            (1..20).for_each(|index| draws.offer(chance.draw(index, Terms::default().far(3.0))));
            draws.cheapest(|drawn| drawn.terms.times * if drawn.index == 0 { near_cost } else { 1.0 })
        };
        for _ in 0..1_000 {
            assert_eq!(chosen(2.9), Some(0));
            assert_ne!(chosen(3.1), Some(0));
        }
    }
}
