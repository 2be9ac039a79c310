/// The middle of a set of samples and its spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// The median.
    pub median: f64,
    /// The first quartile.
    pub low: f64,
    /// The third quartile.
    pub high: f64,
    /// How many samples.
    pub samples: usize,
}

impl Summary {
    /// Summarises samples; of none it is all zeros.
    #[must_use]
    pub fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = samples.len().saturating_sub(1);
            samples.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
        };
        Self { median: at(0.5), low: at(0.25), high: at(0.75), samples: samples.len() }
    }

    /// Half the distance between the quartiles, as a share of the median.
    #[must_use]
    pub fn noise(&self) -> f64 {
        if self.median == 0.0 { 0.0 } else { (self.high - self.low) / 2.0 / self.median }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_of_five() {
        let s = Summary::of(vec![5.0, 1.0, 3.0, 2.0, 4.0]);
        assert_eq!((s.low, s.median, s.high, s.samples), (2.0, 3.0, 4.0, 5));
        assert!((s.noise() - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn of_nothing_is_zero() {
        assert_eq!(Summary::of(vec![]).median, 0.0);
    }
}
