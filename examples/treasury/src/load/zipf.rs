use rand::RngExt;

/// Picks places with Zipf's law, exponent 1: the second is asked for half as often as the first.
#[derive(Debug)]
pub(crate) struct Zipf {
    up_to: Vec<f64>,
}

impl Zipf {
    /// Over `places` places; at least one.
    pub(crate) fn new(places: usize) -> Self {
        let up_to = (1..=places.max(1)).scan(0.0, |sum, place| {
            *sum += 1.0 / place as f64;
            Some(*sum)
        });
        Self { up_to: up_to.collect() }
    }

    /// A place, 0 the most likely.
    pub(crate) fn pick(&self, rng: &mut impl rand::Rng) -> usize {
        let total = self.up_to.last().copied().unwrap_or(1.0);
        let point = rng.random::<f64>() * total;
        self.up_to.partition_point(|&sum| sum <= point).min(self.up_to.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::Zipf;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn the_first_place_is_asked_for_twice_as_often_as_the_second() {
        let zipf = Zipf::new(1000);
        let mut rng = StdRng::seed_from_u64(1);
        let mut seen = [0_u32; 1000];
        for _ in 0..200_000 {
            seen[zipf.pick(&mut rng)] += 1;
        }
        let ratio = f64::from(seen[0]) / f64::from(seen[1]);
        assert!((1.9..2.1).contains(&ratio), "{ratio}");
        // 1 / H(1000) of all requests go to the first place.
        assert!((0.13..0.14).contains(&(f64::from(seen[0]) / 200_000.0)));
    }
}
