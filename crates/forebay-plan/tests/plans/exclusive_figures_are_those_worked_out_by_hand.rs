//! Own times, costs and blocks of plans that were worked out by hand.

use forebay_plan::{Exclusive, read};

/// The own times of a text's nodes, in microseconds.
fn own(text: &str) -> Vec<i64> {
    let plan = read(text).unwrap_or_else(|error| panic!("{error}\n{text}")).remove(0);
    let exclusive = Exclusive::of(&plan);
    plan.nodes()
        .iter()
        .map(|node| (exclusive.time_ms(node).expect("times") * 1000.0).round() as i64)
        .collect()
}

#[test]
fn loops_multiply() {
    // The inner side took 0.100 ms × 10.
    let text = "Nested Loop (actual time=0.1..5.000 rows=10 loops=1)
  ->  Seq Scan on a (actual time=0.1..3.000 rows=10 loops=1)
  ->  Index Scan using b_pkey on b (actual time=0.05..0.100 rows=1 loops=10)
";
    assert_eq!(own(text), [1000, 3000, 1000]);
}

#[test]
fn rounding_makes_nothing_negative() {
    // 0.001 ms × 1 000 000 is a second by the text; what there was of it is the 500 ms the join had left.
    let text = "Nested Loop (actual time=0.1..600.000 rows=10 loops=1)
  ->  Seq Scan on a (actual time=0.1..100.000 rows=1000000 loops=1)
  ->  Index Scan using b_pkey on b (actual time=0.001..0.001 rows=0 loops=1000000)
";
    let own = own(text);
    assert!(own.iter().all(|time| *time >= 0), "{own:?}");
    assert_eq!(own.iter().sum::<i64>(), 600_000);
}

#[test]
fn processes_run_side_by_side() {
    // Three processes, 60 ms each: 60 ms of the Gather's 80. The index was looked into by all of them, 0.2 ms × 300 ÷ 3.
    let text = "Gather (actual time=1.0..80.000 rows=300 loops=1)
  Workers Planned: 2
  Workers Launched: 2
  ->  Nested Loop (actual time=0.5..60.000 rows=100 loops=3)
        ->  Parallel Seq Scan on a (actual time=0.1..30.000 rows=100 loops=3)
        ->  Index Scan using b_pkey on b (actual time=0.1..0.200 rows=1 loops=300)
";
    assert_eq!(own(text), [20_000, 10_000, 30_000, 20_000]);
}

#[test]
fn the_leader_may_stand_aside() {
    // Two workers were launched and took all the work: two loops, not three.
    let text = "Gather (actual time=1.0..80.000 rows=300 loops=1)
  Workers Planned: 2
  Workers Launched: 2
  ->  Parallel Seq Scan on a (actual time=0.1..70.000 rows=150 loops=2)
";
    assert_eq!(own(text), [10_000, 70_000]);
}

#[test]
fn a_gather_that_ran_often() {
    // Four runs of three processes.
    let text = "Nested Loop (actual time=1.0..100.000 rows=4 loops=1)
  ->  Seq Scan on a (actual time=0.1..10.000 rows=4 loops=1)
  ->  Gather (actual time=1.0..20.000 rows=1 loops=4)
        Workers Planned: 2
        Workers Launched: 2
        ->  Parallel Seq Scan on b (actual time=1.0..15.000 rows=1 loops=12)
";
    assert_eq!(own(text), [10_000, 10_000, 20_000, 60_000]);
}

#[test]
fn a_common_table_runs_inside_its_scan() {
    // It hangs under the join and ran inside the scan: the join's own are 50 − 42 − 5.
    let text = "Hash Join (actual time=1.0..50.000 rows=1 loops=1)
  CTE c
    ->  Seq Scan on a (actual time=0.1..40.000 rows=100 loops=1)
  ->  CTE Scan on c (actual time=0.1..42.000 rows=100 loops=1)
  ->  Hash (actual time=5.000..5.000 rows=1 loops=1)
        ->  Seq Scan on b (actual time=0.1..4.000 rows=1 loops=1)
";
    assert_eq!(own(text), [3000, 40_000, 2000, 1000, 4000]);
}

#[test]
fn the_scan_that_filled_a_common_table_pays_for_it() {
    // The inner scan ran first and waited for all of it; the outer one read what was there.
    let text = "Hash Join (actual time=1.0..60.000 rows=1 loops=1)
  CTE c
    ->  Seq Scan on a (actual time=0.1..40.000 rows=100 loops=1)
  ->  CTE Scan on c x (actual time=0.1..3.000 rows=100 loops=1)
  ->  Hash (actual time=50.000..50.000 rows=1 loops=1)
        ->  CTE Scan on c y (actual time=0.1..45.000 rows=1 loops=1)
";
    assert_eq!(own(text), [7000, 40_000, 3000, 5000, 5000]);
}

#[test]
fn a_common_table_that_reads_another() {
    let text = "CTE Scan on d (actual time=1.0..60.000 rows=1 loops=1)
  CTE c
    ->  Seq Scan on a (actual time=0.1..40.000 rows=100 loops=1)
  CTE d
    ->  Aggregate (actual time=0.1..55.000 rows=100 loops=1)
          ->  CTE Scan on c (actual time=0.1..50.000 rows=100 loops=1)
";
    assert_eq!(own(text), [5000, 40_000, 5000, 10_000]);
}

#[test]
fn what_writes_in_a_with_goes_on_after_the_root() {
    // Nobody reads it: it runs when the rest is done, and its time is in no other.
    let text = "Result (actual time=0.001..0.001 rows=1 loops=1)
  CTE gone
    ->  Delete on a (actual time=7.000..7.000 rows=0 loops=1)
          ->  Seq Scan on a (actual time=0.1..4.000 rows=100 loops=1)
";
    assert_eq!(own(text), [1, 3000, 4000]);
    // A scan took the first 5 of 7 ms.
    let text = "Limit (actual time=6.000..6.000 rows=1 loops=1)
  CTE gone
    ->  Delete on a (actual time=0.1..7.000 rows=100 loops=1)
  ->  CTE Scan on gone (actual time=5.000..5.000 rows=1 loops=1)
";
    assert_eq!(own(text), [1000, 7000, 0]);
}

#[test]
fn an_init_plan_runs_where_its_result_is_asked_for() {
    // It hangs under the aggregate and ran inside the scan: 30 − 25 for the aggregate, 25 − 20 for the scan.
    for (name, result) in [("InitPlan 1 (returns $0)", "$0"), ("InitPlan 1", "(InitPlan 1).col1")] {
        let text = format!(
            "Aggregate (actual time=30.000..30.000 rows=1 loops=1)
  {name}
    ->  Seq Scan on b (actual time=20.000..20.000 rows=1 loops=1)
  ->  Seq Scan on a (actual time=21.0..25.000 rows=5 loops=1)
        Filter: (score > {result})
"
        );
        assert_eq!(own(&text), [5000, 20_000, 5000], "{name}");
    }
}

#[test]
fn workers_get_an_init_plans_result_from_the_gather() {
    let text = "Aggregate (actual time=50.000..50.000 rows=1 loops=1)
  InitPlan 1 (returns $0)
    ->  Seq Scan on b (actual time=20.000..20.000 rows=1 loops=1)
  ->  Gather (actual time=21.0..45.000 rows=5 loops=1)
        Workers Planned: 1
        Workers Launched: 1
        Params Evaluated: $0
        ->  Parallel Seq Scan on a (actual time=0.1..20.000 rows=3 loops=2)
              Filter: (score > $0)
";
    assert_eq!(own(text), [5000, 20_000, 5000, 20_000]);
}

#[test]
fn sub_plans_run_inside_their_node() {
    // Hashed once, and correlated ten times 0.5 ms.
    let hashed = "Seq Scan on a (actual time=5.0..9.000 rows=5 loops=1)
  Filter: (NOT (hashed SubPlan 1))
  SubPlan 1
    ->  Seq Scan on b (actual time=0.1..4.000 rows=50 loops=1)
";
    assert_eq!(own(hashed), [5000, 4000]);
    let correlated = "Seq Scan on a (actual time=0.5..8.000 rows=10 loops=1)
  SubPlan 1
    ->  Aggregate (actual time=0.5..0.500 rows=1 loops=10)
          ->  Index Scan using b_a on b (actual time=0.1..0.300 rows=3 loops=10)
";
    assert_eq!(own(correlated), [3000, 2000, 3000]);
}

#[test]
fn what_never_ran_took_nothing() {
    let text = "Append (actual time=0.1..10.000 rows=5 loops=1)
  ->  Seq Scan on a (actual time=0.1..8.000 rows=5 loops=1)
  ->  Seq Scan on b (never executed)
";
    assert_eq!(own(text), [2000, 8000, 0]);
}

#[test]
fn costs_and_blocks_are_divided_alike() {
    let text = "Limit  (cost=0.00..10.00 rows=1 width=4) (actual rows=1 loops=1)
  Buffers: shared hit=12 read=4, temp read=3
  ->  Nested Loop  (cost=0.00..100.00 rows=10 width=4) (actual rows=1 loops=1)
        Buffers: shared hit=12 read=4
        ->  Seq Scan on a  (cost=0.00..20.00 rows=10 width=4) (actual rows=5 loops=1)
              Buffers: shared hit=2
        ->  Index Scan using b_pkey on b  (cost=0.00..6.00 rows=1 width=4) (actual rows=1 loops=5)
              Buffers: shared hit=10 read=4
";
    let plan = read(text).unwrap().remove(0);
    let exclusive = Exclusive::of(&plan);
    assert_eq!(exclusive.time_ms(plan.root()), None, "there are no times");
    // The join is expected to run for a tenth: 100 is scaled to 10, of which 2 are the scan's and 10 × 6 ÷ 10 the index's.
    let costs: Vec<f64> = plan.nodes().iter().map(|node| exclusive.cost(node).unwrap()).collect();
    assert_eq!(costs, [0.0, 2.0, 2.0, 6.0]);
    let blocks: Vec<_> = plan
        .nodes()
        .iter()
        .map(|node| exclusive.buffers(node).unwrap())
        .map(|own| (own.shared_hit, own.shared_read, own.temp_read))
        .collect();
    assert_eq!(blocks, [(0, 0, 3), (0, 0, 0), (2, 0, 0), (10, 4, 0)]);
}

#[test]
fn the_planner_counts_an_init_plan_where_it_hangs() {
    let text = "Aggregate  (cost=31.00..31.00 rows=1 width=8)
  InitPlan 1 (returns $0)
    ->  Seq Scan on b  (cost=0.00..10.00 rows=1 width=8)
  ->  Seq Scan on a  (cost=0.00..20.00 rows=500 width=8)
        Filter: (score > $0)
";
    let plan = read(text).unwrap().remove(0);
    let exclusive = Exclusive::of(&plan);
    let costs: Vec<f64> = plan.nodes().iter().map(|node| exclusive.cost(node).unwrap()).collect();
    assert_eq!(costs, [1.0, 10.0, 20.0]);
}
