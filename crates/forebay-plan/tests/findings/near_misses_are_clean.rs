//! Each rule on a plan with the fault and on one just short of it.

use crate::written::{check, found};

#[test]
fn a_sequential_scan_that_keeps_most_rows_is_the_right_one() {
    let scan = |kept: u32, removed: u32, ms: f64| {
        format!(
            "Seq Scan on t  (cost=0.00..2084.00 rows={kept} width=8) (actual time=0.010..{ms} rows={kept} loops=1)
  Filter: (a = 7)
  Rows Removed by Filter: {removed}
"
        )
    };
    check(&scan(10, 99_990, 9.5), "sequential-scan-discards-rows@0", &scan(60_000, 40_000, 9.5));
    // Cheap, whatever the share.
    assert!(found(&scan(1, 999, 0.2)).is_empty());
    assert!(found(&scan(0, 99_999, 0.9)).is_empty());
}

#[test]
fn rows_on_every_page_are_not_worth_an_index() {
    let scan = |kept: u32| {
        format!(
            "Seq Scan on t  (cost=0.00..2084.00 rows={kept} width=8) (actual time=0.010..9.500 rows={kept} loops=1)
  Filter: (a = 7)
  Rows Removed by Filter: 44442
  Buffers: shared hit=500 read=25
"
        )
    };
    check(&scan(60), "sequential-scan-discards-rows@0", &scan(1709));
}

#[test]
fn a_condition_that_no_index_can_answer_is_none_of_a_scan() {
    let text =
        "Seq Scan on t  (cost=0.00..2084.00 rows=10 width=8) (actual time=0.010..9.500 rows=10 loops=1)
  Filter: (NOT (hashed SubPlan 1))
  Rows Removed by Filter: 99990
  SubPlan 1
    ->  Seq Scan on u  (cost=0.00..1.00 rows=90 width=8) (actual time=0.010..0.020 rows=90 loops=1)
";
    assert!(found(text).is_empty());
}

#[test]
fn partitions_are_one_table() {
    let mut text =
        "Append  (cost=0.00..2084.00 rows=10 width=8) (actual time=0.010..40.000 rows=40 loops=1)\n"
            .to_owned();
    for part in 1..=40 {
        text.push_str(&format!(
            "  ->  Seq Scan on t_{part}  (cost=0.00..50.00 rows=1 width=8) (actual time=0.010..1.000 rows=1 loops=1)
        Filter: (a = 7)
        Rows Removed by Filter: 9999
"
        ));
    }
    assert_eq!(found(&text), ["sequential-scan-discards-rows@1"]);
}

#[test]
fn a_cheap_filter_behind_an_index_is_fine() {
    let scan = |kept: u32, removed: u32| {
        format!(
            "Index Scan using i on t  (cost=0.00..2084.00 rows={kept} width=8) (actual time=0.010..9.500 rows={kept} loops=1)
  Index Cond: (a = 7)
  Filter: (b = 7)
  Rows Removed by Filter: {removed}
"
        )
    };
    check(&scan(100, 9_900), "index-scan-filters-rows@0", &scan(5_000, 5_000));
}

#[test]
fn an_order_that_soon_gives_what_is_wanted_is_the_right_one() {
    let scan = |removed: u32| {
        format!(
            "Limit  (cost=0.00..9.00 rows=10 width=8) (actual time=0.010..9.600 rows=10 loops=1)
  ->  Index Scan using t_created on t  (cost=0.00..2084.00 rows=900 width=8) (actual time=0.010..9.500 rows=10 loops=1)
        Filter: (b = 7)
        Rows Removed by Filter: {removed}
"
        )
    };
    check(&scan(90_000), "wrong-index-for-order@1", &scan(150));
}

#[test]
fn a_sort_in_memory_is_none_on_disk() {
    let sort = |method: &str| {
        format!(
            "Sort  (cost=9.10..9.30 rows=50000 width=8) (actual time=80.000..90.000 rows=50000 loops=1)
  Sort Key: a
  Sort Method: {method}
  ->  Seq Scan on t  (cost=0.00..5.00 rows=50000 width=8) (actual time=0.010..8.500 rows=50000 loops=1)
"
        )
    };
    check(&sort("external merge  Disk: 9040kB"), "sort-spill@0", &sort("quicksort  Memory: 25kB"));
}

#[test]
fn batches_that_were_reckoned_with_are_no_surprise() {
    let join = |batches: &str| {
        format!(
            "Hash Join  (cost=1.00..900.00 rows=50000 width=4) (actual time=50.000..90.000 rows=50000 loops=1)
  Hash Cond: (a = b)
  ->  Seq Scan on a  (cost=0.00..400.00 rows=50000 width=4) (actual time=0.100..5.000 rows=50000 loops=1)
  ->  Hash  (cost=0.00..400.00 rows=50000 width=4) (actual time=20.000..20.000 rows=50000 loops=1)
        Buckets: 65536  Batches: {batches}  Memory Usage: 3585kB
        ->  Seq Scan on b  (cost=0.00..400.00 rows=50000 width=4) (actual time=0.100..5.000 rows=50000 loops=1)
"
        )
    };
    check(&join("16 (originally 1)"), "hash-spill@2", &join("2"));
    assert!(found(&join("1")).is_empty());
    assert_eq!(found(&join("64")), ["hash-spill@2"], "all but a sixty-fourth went to disk");
}

#[test]
fn an_aggregate_in_memory_is_none_on_disk() {
    let aggregate = |tail: &str| {
        format!(
            "HashAggregate  (cost=1.00..900.00 rows=50000 width=4) (actual time=50.000..90.000 rows=50000 loops=1)
  Group Key: a
  Batches: {tail}
  ->  Seq Scan on a  (cost=0.00..400.00 rows=90000 width=4) (actual time=0.100..5.000 rows=90000 loops=1)
"
        )
    };
    check(
        &aggregate("21  Memory Usage: 4145kB  Disk Usage: 9048kB"),
        "aggregate-spill@0",
        &aggregate("1  Memory Usage: 4145kB"),
    );
}

#[test]
fn a_loop_over_few_rows_is_the_right_join() {
    let join = |expected: u32, rows: u32, lookup_ms: f64| {
        format!(
            "Nested Loop  (cost=1.00..900.00 rows={expected} width=4) (actual time=0.100..100.000 rows={rows} loops=1)
  ->  Seq Scan on a  (cost=0.00..400.00 rows={expected} width=4) (actual time=0.100..5.000 rows={rows} loops=1)
  ->  Index Scan using b_pkey on b  (cost=0.00..4.00 rows=1 width=4) (actual time=0.001..{lookup_ms} rows=1 loops={rows})
        Index Cond: (id = a.b)
"
        )
    };
    check(&join(40_000, 40_000, 0.002), "nested-loop-large-outer@0", &join(500, 500, 0.16));
}

#[test]
fn all_pairs_are_what_a_cross_join_is() {
    let text = "Nested Loop  (cost=1.00..900.00 rows=2000000 width=4) (actual time=0.100..900.000 rows=2000000 loops=1)
  ->  Seq Scan on a  (cost=0.00..400.00 rows=20000 width=4) (actual time=0.100..5.000 rows=20000 loops=1)
  ->  Materialize  (cost=0.00..4.00 rows=100 width=4) (actual time=0.000..0.020 rows=100 loops=20000)
        ->  Seq Scan on b  (cost=0.00..4.00 rows=100 width=4) (actual time=0.010..0.020 rows=100 loops=1)
";
    assert!(found(text).is_empty());
}

#[test]
fn an_exact_bitmap_knows_its_rows() {
    let scan = |recheck: u32, blocks: &str| {
        format!(
            "Bitmap Heap Scan on t  (cost=9.00..900.00 rows=2000 width=4) (actual time=2.000..20.000 rows=2000 loops=1)
  Recheck Cond: (a = 7)
  Rows Removed by Index Recheck: {recheck}
  Heap Blocks: {blocks}
  ->  Bitmap Index Scan on t_a  (cost=0.00..8.00 rows=2000 width=0) (actual time=1.900..1.900 rows=2000 loops=1)
        Index Cond: (a = 7)
"
        )
    };
    check(&scan(98_000, "exact=300 lossy=1700"), "lossy-bitmap@0", &scan(900, "exact=1990 lossy=10"));
}

#[test]
fn few_heap_fetches_are_usual() {
    let scan = |fetches: u32| {
        format!(
            "Index Only Scan using t_a on t  (cost=0.00..900.00 rows=50000 width=4) (actual time=0.020..30.000 rows=50000 loops=1)
  Index Cond: (a > 7)
  Heap Fetches: {fetches}
"
        )
    };
    check(&scan(50_000), "heap-fetches@0", &scan(1_200));
}

#[test]
fn compiling_that_is_cheap_is_fine() {
    let aggregate = |ms: f64| {
        format!(
            "Aggregate  (cost=900.00..900.00 rows=1 width=4) (actual time=100.000..100.000 rows=1 loops=1)
  ->  Seq Scan on t  (cost=0.00..800.00 rows=50000 width=4) (actual time=0.020..30.000 rows=50000 loops=1)
Planning Time: 0.100 ms
JIT:
  Functions: 12
  Timing: Generation 1.0 ms, Inlining 0.0 ms, Optimization 1.0 ms, Emission 1.0 ms, Total {ms} ms
Execution Time: 100.100 ms
"
        )
    };
    check(&aggregate(70.0), "jit-overhead@0", &aggregate(10.0));
}

#[test]
fn planning_is_only_dear_where_running_is_cheaper() {
    let scan = |planning: f64, run: f64| {
        format!(
            "Index Scan using t_pkey on t  (cost=0.00..8.00 rows=1 width=8) (actual time=0.010..{run} rows=1 loops=1)
  Index Cond: (id = 7)
Planning Time: {planning} ms
Execution Time: {run} ms
"
        )
    };
    check(&scan(40.0, 0.2), "planning-overhead@0", &scan(2.0, 0.2));
    assert!(found(&scan(40.0, 90.0)).is_empty());
}

#[test]
fn workers_are_not_missed_by_what_is_short() {
    let gather = |launched: u32, ms: f64| {
        format!(
            "Gather  (cost=0.00..800.00 rows=50000 width=4) (actual time=0.020..{ms} rows=50000 loops=1)
  Workers Planned: 2
  Workers Launched: {launched}
  ->  Parallel Seq Scan on t  (cost=0.00..800.00 rows=20833 width=4) (actual time=0.020..{} rows=50000 loops=1)
",
            ms * 0.9
        )
    };
    check(&gather(0, 90.0), "workers-not-launched@0", &gather(0, 4.0));
    assert!(found(&gather(2, 90.0)).is_empty());
}

#[test]
fn a_foreign_key_with_its_index_is_a_fair_price() {
    let delete = |trigger: &str| {
        format!(
            "Delete on p  (cost=0.00..8.00 rows=0 width=0) (actual time=1.000..1.000 rows=0 loops=1)
  ->  Seq Scan on p  (cost=0.00..8.00 rows=500 width=6) (actual time=0.010..0.500 rows=500 loops=1)
Planning Time: 0.100 ms
{trigger}
Execution Time: 60.000 ms
"
        )
    };
    check(
        &delete("Trigger for constraint c_p_fkey: time=58.000 calls=500"),
        "trigger-time@0",
        &delete("Trigger for constraint c_p_fkey: time=20.000 calls=500"),
    );
    assert_eq!(found(&delete("Trigger told on p: time=50.000 calls=500")), ["trigger-time@0"]);
    assert!(found(&delete("Trigger told on p: time=9.000 calls=500")).is_empty());
}

#[test]
fn a_hashed_subplan_runs_once() {
    let scan = |rows: u32, loops: u32, ms: f64| {
        format!(
            "Seq Scan on t  (cost=0.00..800.00 rows={rows} width=4) (actual time=0.020..100.000 rows={rows} loops=1)
  SubPlan 1
    ->  Index Scan using u_t on u  (cost=0.00..8.00 rows=1 width=4) (actual time=0.001..{ms} rows=1 loops={loops})
          Index Cond: (t_id = t.id)
"
        )
    };
    check(&scan(20_000, 20_000, 0.004), "correlated-subplan@1", &scan(20_000, 1, 80.0));
}

#[test]
fn a_small_offset_skips_little() {
    let limit = |computed: u32| {
        format!(
            "Limit  (cost=0.00..9.00 rows=10 width=8) (actual time=19.000..19.600 rows=10 loops=1)
  ->  Index Scan using t_pkey on t  (cost=0.00..2084.00 rows=99000 width=8) (actual time=0.010..19.500 rows={computed} loops=1)
"
        )
    };
    check(&limit(50_010), "large-offset@0", &limit(510));
}

#[test]
fn a_join_is_filtered_late_only_when_it_could_be_earlier() {
    let join = |kind: &str, filter: &str| {
        format!(
            "Hash {kind}Join  (cost=1.00..900.00 rows=40 width=4) (actual time=50.000..90.000 rows=40 loops=1)
  Hash Cond: (b.id = a.b)
  {filter}: 49960
  ->  Seq Scan on a  (cost=0.00..400.00 rows=50000 width=4) (actual time=0.100..5.000 rows=50000 loops=1)
  ->  Hash  (cost=0.00..400.00 rows=50000 width=4) (actual time=20.000..20.000 rows=50000 loops=1)
        Buckets: 65536  Batches: 1  Memory Usage: 3585kB
        ->  Seq Scan on b  (cost=0.00..400.00 rows=50000 width=4) (actual time=0.100..5.000 rows=50000 loops=1)
"
        )
    };
    check(
        &join("", "Join Filter: ((a.x = 1) OR (b.y = 'a.b OR c'::text))\n  Rows Removed by Join Filter"),
        "late-filter@0",
        &join("", "Join Filter: ((a.x = b.y) OR (a.x = b.z))\n  Rows Removed by Join Filter"),
    );
    check(
        &join("Left ", "Filter: (COALESCE(b.state, 'none'::text) = 'open'::text)\n  Rows Removed by Filter"),
        "late-filter@0",
        &join("Left ", "Filter: (b.id IS NULL)\n  Rows Removed by Filter"),
    );
}

#[test]
fn what_never_ran_did_no_harm() {
    let text = "Result  (cost=0.00..9000.00 rows=10 width=8) (actual time=20.000..20.000 rows=0 loops=1)
  ->  Seq Scan on t  (cost=0.00..9000.00 rows=10 width=8) (never executed)
        Filter: (a = 7)
  ->  Gather  (cost=0.00..800.00 rows=50000 width=4) (never executed)
        Workers Planned: 2
        ->  Parallel Seq Scan on t  (cost=0.00..800.00 rows=20833 width=4) (never executed)
Planning Time: 0.100 ms
Execution Time: 20.100 ms
";
    assert!(found(text).is_empty(), "{:?}", found(text));
}
