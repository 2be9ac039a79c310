//! Per database system the newest position is kept; what is reached is decided within one timeline.

use forebay_scope::{Position, Positions, Scope};
use proptest::prelude::{Strategy, prop, prop_assert, prop_assert_eq, proptest};

fn at(system: u64, timeline: u32, lsn: u64) -> Position {
    Position { system, timeline, lsn }
}

fn position() -> impl Strategy<Value = Position> {
    (0..3_u64, 1..4_u32, 0..5_u64).prop_map(|(system, timeline, lsn)| at(system, timeline, lsn))
}

#[test]
fn the_timeline_outranks_the_log() {
    assert_eq!(at(1, 2, 5).newest(at(1, 1, 900)), at(1, 2, 5));
    assert_eq!(at(1, 1, 5).newest(at(1, 1, 6)), at(1, 1, 6));
    assert_eq!(at(1, 1, 5).newest(at(2, 9, 9)), at(1, 1, 5), "systems have no order");
}

#[test]
fn only_the_same_log_can_have_reached_a_position() {
    let asked = at(1, 2, 50);
    assert!(asked.is_reached_at(at(1, 2, 50)) && asked.is_reached_at(at(1, 2, 51)));
    assert!(!asked.is_reached_at(at(1, 2, 49)), "behind");
    assert!(!asked.is_reached_at(at(2, 2, 99)), "another system");
    assert!(
        !asked.is_reached_at(at(1, 1, 99)) && !asked.is_reached_at(at(1, 3, 99)),
        "the log may have forked"
    );
}

#[test]
fn a_list_from_elsewhere_is_merged() {
    let text = r#"[{"system":1,"timeline":1,"lsn":5},{"system":1,"timeline":1,"lsn":9}]"#;
    let positions: Positions = serde_json::from_str(text).unwrap();
    assert_eq!(positions.of(1), Some(at(1, 1, 9)), "the older of two must not hide the newer");
    assert_eq!(positions.iter().count(), 1);
    let again: Positions = serde_json::from_str(&serde_json::to_string(&positions).unwrap()).unwrap();
    assert_eq!(again, positions);
}

proptest! {
    #[test]
    fn each_system_keeps_its_newest_in_any_order(all in prop::collection::vec(position(), 0..20), cut in 0..20_usize) {
        let merged: Positions = all.iter().copied().collect();
        let cut = cut.min(all.len());
        let mut in_parts: Positions = all[cut..].iter().copied().collect();
        in_parts.merge_all(&all[..cut].iter().copied().collect());
        let scope = Scope::new();
        scope.require_all(&merged);
        all.iter().for_each(|position| scope.wrote(*position));

        for system in 0..3 {
            let of_system = all.iter().filter(|p| p.system == system);
            let newest = of_system.max_by_key(|p| (p.timeline, p.lsn)).copied();
            prop_assert_eq!(merged.of(system), newest);
            prop_assert_eq!(in_parts.of(system), newest);
            prop_assert_eq!(scope.required(system), newest);
            prop_assert_eq!(scope.written().of(system), newest);
        }
        prop_assert!(merged.iter().count() <= 3);
        prop_assert_eq!(merged.is_empty(), all.is_empty());
    }
}
