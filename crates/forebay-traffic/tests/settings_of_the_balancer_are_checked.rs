//! Wrong settings are named, and the settings are plain data.

use forebay_traffic::{Balancer, BalancerConfig, Error};
use std::time::Duration;

#[test]
fn wrong_settings_are_named() {
    let normal = BalancerConfig::default;
    let wrong = [
        ("error_cost", BalancerConfig { error_cost: Duration::ZERO, ..normal() }),
        ("latency_decay", BalancerConfig { latency_decay: Duration::MAX, ..normal() }),
        ("outcome_memory", BalancerConfig { outcome_memory: Duration::ZERO, ..normal() }),
        ("judge_every", BalancerConfig { judge_every: Duration::ZERO, ..normal() }),
        ("calls_min", BalancerConfig { calls_min: 0, ..normal() }),
        ("error_gap", BalancerConfig { error_gap: 1.1, ..normal() }),
        ("latency_factor", BalancerConfig { latency_factor: 0.5, ..normal() }),
        ("latency_gap", BalancerConfig { latency_gap: Duration::MAX, ..normal() }),
        ("ejected_max", BalancerConfig { ejected_max: f64::NAN, ..normal() }),
        ("ejection", BalancerConfig { ejection: Duration::ZERO, ..normal() }),
        ("ejection_growth", BalancerConfig { ejection_growth: 0.9, ..normal() }),
        ("ejection_max", BalancerConfig { ejection_max: Duration::from_secs(1), ..normal() }),
        ("slow_start", BalancerConfig { slow_start: Duration::ZERO, ..normal() }),
    ];
    for (field, config) in wrong {
        match Balancer::new(config, ["a"]).expect_err("a wrong setting") {
            Error::BalancerSetting { setting, .. } => assert_eq!(setting, field),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn settings_are_plain_data_with_defaults() {
    let config: BalancerConfig =
        serde_json::from_str(r#"{"ejection": "3s", "error_gap": 0}"#).expect("a configuration");
    let ejection = Duration::from_secs(3);
    assert_eq!(config, BalancerConfig { ejection, error_gap: 0.0, ..BalancerConfig::default() });
    assert!(config.check().is_ok());
    assert!(serde_json::from_str::<BalancerConfig>(r#"{"eject": "3s"}"#).is_err(), "a misspelt key is told");
}

#[test]
fn members_are_bounded_and_have_their_names() {
    let names = (0..=Balancer::MEMBERS_MAX).map(|index| index.to_string());
    let most = Balancer::MEMBERS_MAX;
    let told = Balancer::new(BalancerConfig::default(), names).expect_err("one too many");
    assert_eq!(told, Error::TooManyMembers { members: most + 1, most });

    let balancer = Balancer::new(BalancerConfig::default(), ["a", "b"]).expect("a configuration");
    let names: Vec<_> = balancer.status().into_iter().map(|member| member.name).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(balancer.member(2).is_none());
}

#[test]
fn what_is_known_of_a_member_can_be_shown() {
    let balancer = Balancer::new(BalancerConfig::default(), ["a"]).expect("a configuration");
    let shown = serde_json::to_value(balancer.status()).expect("plain data");
    let expected = serde_json::json!([{
        "name": "a", "in_flight": 0, "latency": "0s", "error_share": 0.0, "standing": "whole", "share": 1.0
    }]);
    assert_eq!(shown, expected);
}
