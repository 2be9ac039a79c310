use super::{BalancerConfig, tally::Outcomes};
use std::cmp::Ordering;

/// In what a member stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trait {
    Errors,
    Latency,
}

/// How a member compares with its peers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outlier {
    pub(super) by: Trait,
    /// How far beyond the limit, 1 is the limit itself: the worst are ejected first.
    pub(super) severity: f64,
}

/// In what the member at `index` stands out, if it does and if enough is known of it and of any peer.
///
/// It is compared with the lower median of the others: in small fleets means and deviations are moved by the very
/// member that is asked about. Where most are bad none stands out, so what they share is not held against them.
pub(super) fn outlier(
    index: usize,
    fleet: &[Option<Outcomes>],
    config: &BalancerConfig,
    scratch: &mut Vec<f64>,
) -> Option<Outlier> {
    let calls_min = f64::from(config.calls_min);
    let own = fleet[index].filter(|own| own.calls() >= calls_min)?;
    let mut median_of = |fits: fn(&Outcomes) -> f64, figure: fn(&Outcomes) -> f64| {
        let others = fleet.iter().enumerate().filter(|(other, _)| *other != index);
        let judged = others.filter_map(|(_, other)| other.as_ref()).filter(|o| fits(o) >= calls_min);
        scratch.clear();
        scratch.extend(judged.map(figure));
        lower_median(scratch)
    };
    let by_errors = median_of(Outcomes::calls, Outcomes::error_share)
        .filter(|_| config.error_gap > 0.0)
        .map(|median| (own.error_share() - median) / config.error_gap)
        .map(|severity| Outlier { by: Trait::Errors, severity });
    let by_latency = median_of(|peer| peer.answers, Outcomes::typical_ns)
        .filter(|_| config.latency_factor > 0.0 && own.answers >= calls_min)
        .filter(|median| own.typical_ns() - median >= config.latency_gap.as_nanos() as f64)
        .map(|median| own.typical_ns() / (median * config.latency_factor))
        .map(|severity| Outlier { by: Trait::Latency, severity });
    let worst = [by_errors, by_latency].into_iter().flatten().max_by(by_severity)?;
    (worst.severity >= 1.0).then_some(worst)
}

pub(super) fn by_severity(a: &Outlier, b: &Outlier) -> Ordering {
    a.severity.total_cmp(&b.severity)
}

/// The middle one, of two in the middle the smaller. Sorts.
pub(super) fn lower_median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.len().checked_sub(1).map(|last| values[last / 2])
}

#[cfg(test)]
mod tests {
    use super::{Trait, lower_median, outlier};
    use crate::{BalancerConfig, balancer::tally::Outcomes};

    fn outcomes(answers: f64, failures: f64, ms: f64) -> Option<Outcomes> {
        Some(Outcomes { answers, failures, logs: answers * (ms * 1e6).log2() })
    }

    fn standing_out(fleet: &[Option<Outcomes>]) -> Vec<Option<Trait>> {
        let config = BalancerConfig::default();
        let by = |index| outlier(index, fleet, &config, &mut Vec::new()).map(|outlier| outlier.by);
        (0..fleet.len()).map(by).collect()
    }

    #[test]
    fn one_that_fails_stands_out_among_any_number_of_peers() {
        let bad = outcomes(10.0, 40.0, 1.0);
        let good = outcomes(90.0, 1.0, 1.0);
        assert_eq!(standing_out(&[bad]), [None], "alone it has no peers");
        assert_eq!(standing_out(&[bad, good]), [Some(Trait::Errors), None]);
        assert_eq!(standing_out(&[good, bad, good]), [None, Some(Trait::Errors), None]);
        assert_eq!(standing_out(&[bad, bad, good]), [Some(Trait::Errors), Some(Trait::Errors), None]);
        assert_eq!(standing_out(&[bad, bad, bad, good]), [None; 4], "where most fail, none stands out");
    }

    #[test]
    fn one_that_is_slow_stands_out_where_it_matters() {
        let slow = outcomes(50.0, 0.0, 60.0);
        let normal = outcomes(50.0, 0.0, 6.0);
        assert_eq!(standing_out(&[normal, slow]), [None, Some(Trait::Latency)]);
        assert_eq!(standing_out(&[slow, slow]), [None, None], "all are slow together");
        let fast = outcomes(50.0, 0.0, 0.1);
        assert_eq!(standing_out(&[fast, normal]), [None, None], "sixty times, but no 10 ms");
    }

    #[test]
    fn too_few_calls_say_nothing() {
        let few = outcomes(0.0, 19.0, 1.0);
        let many = outcomes(100.0, 0.0, 1.0);
        assert_eq!(standing_out(&[few, many]), [None, None]);
        let bad = outcomes(0.0, 100.0, 1.0);
        assert_eq!(standing_out(&[bad, outcomes(19.0, 0.0, 1.0)]), [None, None], "nor do those of peers");
        assert_eq!(standing_out(&[bad, None]), [None, None], "and an ejected one is no peer");
    }

    #[test]
    fn of_an_even_number_the_lower_middle_counts() {
        assert_eq!(lower_median(&mut []), None);
        assert_eq!(lower_median(&mut [4.0, 1.0]), Some(1.0));
        assert_eq!(lower_median(&mut [4.0, 1.0, 2.0]), Some(2.0));
    }
}
