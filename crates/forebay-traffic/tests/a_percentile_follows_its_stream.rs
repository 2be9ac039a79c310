//! The share of answers above the value is the one that was asked for, also after the stream has changed.

use forebay_traffic::Percentile;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::time::Duration;

/// Answers around `median`, spread log-normally (Box and Muller).
fn answer(rng: &mut StdRng, median: Duration) -> Duration {
    let (radius, angle) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    let normal = (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
    median.mul_f64((0.7 * normal).exp())
}

/// The share of the next answers that take longer than the value.
fn above(percentile: &Percentile, rng: &mut StdRng, median: Duration) -> f64 {
    let count = 20_000;
    let slower = (0..count)
        .filter(|_| {
            let took = answer(rng, median);
            let slower = percentile.value().is_some_and(|value| took > value);
            percentile.note(took);
            slower
        })
        .count();
    slower as f64 / f64::from(count)
}

#[test]
fn whatever_share_is_wanted() {
    for share in [0.5, 0.9, 0.95, 0.99] {
        let (percentile, mut rng) = (Percentile::new(share), StdRng::seed_from_u64(7));
        (0..1_000).for_each(|_| percentile.note(answer(&mut rng, Duration::from_millis(2))));
        let above = above(&percentile, &mut rng, Duration::from_millis(2));
        assert!((above - (1.0 - share)).abs() < 0.02, "{above} at {share}");
    }
}

#[test]
fn it_follows_up_within_some_thirty_answers_and_down_within_some_hundreds() {
    let (percentile, mut rng) = (Percentile::new(0.95), StdRng::seed_from_u64(7));
    let mut notes = |count, median| {
        (0..count).for_each(|_| percentile.note(answer(&mut rng, Duration::from_millis(median))));
        percentile.value().expect("there were enough")
    };
    let before = notes(2_000, 2);
    assert!(notes(40, 20) > before * 5);
    notes(2_000, 20);
    let (slow, after) = (notes(1, 20), notes(1_000, 2));
    assert!(after < slow / 5, "{after:?} {slow:?}");
}

#[test]
fn nothing_is_said_before_enough_is_known() {
    let percentile = Percentile::new(0.95);
    (0..19).for_each(|_| percentile.note(Duration::from_millis(1)));
    assert_eq!(percentile.value(), None);
    percentile.note(Duration::ZERO);
    assert!(percentile.value().is_some());
}
