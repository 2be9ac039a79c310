//! Hedges and retries are a share of the traffic, plus a burst.

use forebay_traffic::{Budget, BudgetConfig, Error};
use std::thread;

#[test]
fn they_are_a_share_of_the_ordinary_calls_after_the_burst() {
    let budget = Budget::new(BudgetConfig::default()).expect("a valid configuration");
    let mut extra = 0;
    for _ in 0..10_000 {
        extra += u32::from(budget.spend());
        budget.earn();
    }
    // Ten of the burst, and two of a hundred.
    assert_eq!(extra, 10 + 199, "the last one is at hand");
    assert_eq!(budget.tokens(), 1);
}

#[test]
fn a_quiet_time_earns_no_more_than_the_burst() {
    let budget = Budget::new(BudgetConfig { share: 1.0, burst: 3 }).expect("a valid configuration");
    (0..1_000).for_each(|_| budget.earn());
    assert_eq!(budget.tokens(), 3);
    assert_eq!((0..10).filter(|_| budget.spend()).count(), 3);
}

#[test]
fn threads_share_one_budget() {
    let budget = Budget::new(BudgetConfig { share: 0.1, burst: 10_000 }).expect("a valid configuration");
    while budget.spend() {}
    let spent: usize = thread::scope(|scope| {
        let work = || {
            let budget = budget.clone();
            scope.spawn(move || {
                (0..10_000)
                    .filter(|_| {
                        budget.earn();
                        budget.spend()
                    })
                    .count()
            })
        };
        [work(), work(), work(), work()].into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert_eq!(spent, 4_000);
}

#[test]
fn no_burst_allows_nothing_and_wrong_settings_are_named() {
    let none = Budget::new(BudgetConfig { burst: 0, ..BudgetConfig::default() }).expect("allowed");
    (0..1_000).for_each(|_| none.earn());
    assert!(!none.spend());

    let wrong = [
        ("share", BudgetConfig { share: 0.0, ..BudgetConfig::default() }),
        ("share", BudgetConfig { share: f64::NAN, ..BudgetConfig::default() }),
        ("burst", BudgetConfig { burst: 10_001, ..BudgetConfig::default() }),
    ];
    for (field, config) in wrong {
        match Budget::new(config).expect_err("a wrong setting") {
            Error::BudgetSetting { setting, .. } => assert_eq!(setting, field),
            other => panic!("{other}"),
        }
    }
    let read: BudgetConfig = serde_json::from_str(r#"{"share": 0.1}"#).expect("a configuration");
    assert_eq!(read, BudgetConfig { share: 0.1, ..BudgetConfig::default() });
    assert!(serde_json::from_str::<BudgetConfig>(r#"{"part": 0.1}"#).is_err(), "a misspelt key is told");
}
