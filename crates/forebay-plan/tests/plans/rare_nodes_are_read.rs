//! Nodes and lines that need an extension, another version or luck to be met, from texts.

use forebay_plan::{Plan, Value, read};

fn plan(text: &str) -> Plan {
    read(text).unwrap_or_else(|error| panic!("{error}\n{text}")).remove(0)
}

#[test]
fn foreign_and_custom_scans() {
    let plan = plan(
        "Append  (cost=100.00..200.00 rows=2 width=4) (actual time=1.000..2.000 rows=2 loops=1)
  ->  Async Foreign Scan on public.far f  (cost=100.00..100.00 rows=1 width=4) (actual time=0.900..0.900 rows=1 loops=1)
        Output: f.id
        Remote SQL: SELECT id FROM public.far WHERE ((note = 'a: b'))
  ->  Foreign Delete on gone  (cost=100.00..100.00 rows=1 width=4)
  ->  Custom Scan (ChunkAppend) on metrics m  (cost=0.00..1.00 rows=1 width=4) (never executed)
        Chunks excluded during startup: 3
",
    );
    let [_, far, gone, custom] = plan.nodes() else { panic!("{plan}") };
    assert_eq!(
        (far.node_type(), far.operation(), far.relation(), far.schema(), far.alias()),
        ("Foreign Scan", Some("Select"), Some("far"), Some("public"), Some("f"))
    );
    assert_eq!(far.fields().get("Async Capable"), Some(&Value::Bool(true)));
    assert_eq!(far.fields().text("Remote SQL"), Some("SELECT id FROM public.far WHERE ((note = 'a: b'))"));
    assert_eq!((gone.node_type(), gone.operation()), ("Foreign Scan", Some("Delete")));
    assert_eq!(
        (custom.node_type(), custom.fields().text("Custom Plan Provider")),
        ("Custom Scan", Some("ChunkAppend"))
    );
    assert!(custom.is_never_executed() && !far.is_never_executed());
    assert_eq!(custom.fields().count("Chunks excluded during startup"), Some(3));
}

#[test]
fn a_node_of_a_later_version_is_kept() {
    let text = "Quantum Scan on users u  (cost=0.00..1.00 rows=1 width=4)
  Entangled With: (SubPlan 1).col1
  Index Searches: 7
  Disabled: true
  ->  Seq Scan on users  (cost=0.00..1.00 rows=1 width=4)
";
    let plan = plan(text);
    let root = plan.root();
    assert_eq!((root.node_type(), root.relation(), root.alias()), ("Quantum Scan", Some("users"), Some("u")));
    assert_eq!(root.fields().text("Entangled With"), Some("(SubPlan 1).col1"));
    assert_eq!(root.fields().count("Index Searches"), Some(7));
    assert_eq!(root.fields().get("Disabled"), Some(&Value::Bool(true)));
    let json = r#"{"Plan":{"Node Type":"Quantum Scan","Spin":0.50,"Nested":{"a":[1,null]},"Spin":1e3},"Future":true}"#;
    assert_eq!(
        read(json).unwrap()[0].to_string(),
        json,
        "numbers as they are spelled, repeated keys as well"
    );
}

#[test]
fn sorts_hashes_and_memory_are_typed() {
    let plan = plan(
        "Gather Merge  (cost=1.00..9.00 rows=10 width=4) (actual time=5.000..9.000 rows=30 loops=1)
  Workers Planned: 2
  Workers Launched: 1
  ->  Sort  (cost=1.00..2.00 rows=10 width=4) (actual time=4.000..4.500 rows=15 loops=2)
        Sort Key: a, lower(b, 'x, y'), \"c d\" DESC NULLS LAST
        Sort Method: external merge  Disk: 1040kB
        Worker 0:  actual time=3.900..4.400 rows=14 loops=1
          Sort Method: quicksort  Memory: 25kB
          Buffers: shared hit=2
        ->  Parallel Hash Left Join  (cost=1.00..2.00 rows=10 width=4) (actual time=2.000..3.000 rows=15 loops=2)
              Hash Cond: (a = b)
              Buffers: shared hit=5 read=3, temp read=7 written=9
              I/O Timings: shared/local read=0.100, temp write=0.250
              ->  Parallel Seq Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.100..0.200 rows=2 loops=2)
              ->  Parallel Hash  (cost=0.00..1.00 rows=1 width=4) (actual time=1.000..1.000 rows=5 loops=2)
                    Buckets: 4096 (originally 1024)  Batches: 8 (originally 1)  Memory Usage: 3585kB
                    ->  Parallel Index Only Scan Backward using b_pkey on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.100..0.900 rows=5 loops=2)
                          Heap Fetches: 12
",
    );
    let [gather, sort, join, a, hash, b] = plan.nodes() else { panic!("{plan}") };
    assert_eq!((gather.workers_planned(), gather.workers_launched()), (Some(2), Some(1)));
    assert_eq!(sort.sort_key().collect::<Vec<_>>(), ["a", "lower(b, 'x, y')", "\"c d\" DESC NULLS LAST"]);
    let sorts: Vec<_> = sort.sorts().map(|sort| (sort.method, sort.space_kb, sort.on_disk)).collect();
    assert_eq!(sorts, [("external merge", 1040, true), ("quicksort", 25, false)]);
    assert_eq!(sort.workers().next().and_then(|worker| worker.count("Shared Hit Blocks")), Some(2));
    assert_eq!((join.node_type(), join.join_type(), join.is_parallel()), ("Hash Join", Some("Left"), true));
    let buffers = join.buffers().unwrap();
    assert_eq!(
        (buffers.shared_hit, buffers.shared_read, buffers.temp_read, buffers.temp_written),
        (5, 3, 7, 9)
    );
    assert_eq!(join.fields().number("Temp I/O Write Time"), Some(0.25));
    assert_eq!((a.relationship(), hash.relationship()), (Some("Outer"), Some("Inner")));
    let hash = hash.hash().unwrap();
    assert_eq!((hash.batches, hash.planned_batches, hash.memory_kb), (8, Some(1), 3585));
    assert_eq!(
        (b.heap_fetches(), b.index(), b.fields().text("Scan Direction")),
        (Some(12), Some("b_pkey"), Some("Backward"))
    );
}

#[test]
fn what_stands_below_the_plan_is_typed() {
    let plan = plan(
        "Insert on t  (cost=0.00..1.00 rows=0 width=0) (actual time=3.000..3.000 rows=0 loops=1)
  ->  Result  (cost=0.00..1.00 rows=1 width=4) (actual time=0.001..0.002 rows=1 loops=1)
Settings: work_mem = '64kB', search_path = 'a, \"b\"'
Query Identifier: -5811125384163911237
Planning:
  Buffers: shared hit=12
  Memory: used=12kB  allocated=16kB
Planning Time: 0.120 ms
Serialization: time=0.045 ms  output=3kB  format=text
Trigger t_told on t: time=1.500 calls=3
Trigger for constraint t_user_fkey: time=0.500 calls=1
JIT:
  Functions: 4
  Options: Inlining false, Optimization false, Expressions true, Deforming true
  Timing: Generation 0.5 ms (Deform 0.2 ms), Inlining 0.0 ms, Optimization 0.3 ms, Emission 4.0 ms, Total 4.9 ms
Execution Time: 8.000 ms
(14 rows)
",
    );
    assert_eq!((plan.planning_ms(), plan.execution_ms()), (Some(0.12), Some(8.0)));
    assert_eq!(plan.settings().collect::<Vec<_>>(), [("work_mem", "64kB"), ("search_path", "a, \"b\"")]);
    assert_eq!(plan.jit().map(|jit| (jit.functions, jit.total_ms)), Some((4, Some(4.9))));
    let triggers: Vec<_> = plan
        .triggers()
        .map(|trigger| (trigger.name, trigger.constraint, trigger.total_ms, trigger.calls))
        .collect();
    assert_eq!(triggers, [(Some("t_told"), None, Some(1.5), 3), (None, Some("t_user_fkey"), Some(0.5), 1)]);
    let planning = plan.fields().get("Planning").and_then(Value::object).unwrap();
    assert_eq!(
        (planning.count("Shared Hit Blocks"), planning.count("Memory Allocated")),
        (Some(12), Some(16))
    );
    assert_eq!(
        plan.fields().get("Query Identifier").map(ToString::to_string).as_deref(),
        Some("-5811125384163911237")
    );
}

#[test]
fn generic_plans_are_told_from_custom_ones() {
    let scan = |cond: &str| {
        plan(&format!("Index Scan using i on t  (cost=0.00..1.00 rows=1 width=4)\n  Index Cond: {cond}\n"))
    };
    assert!(scan("(id = $1)").is_generic());
    assert!(!scan("(id = 7)").is_generic());
    assert!(!scan("(id = 'costs $1'::text)").is_generic());
    let init = plan(
        "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)
  Filter: (a > $0)
  InitPlan 1 (returns $0)
    ->  Result  (cost=0.00..1.00 rows=1 width=4)
",
    );
    assert!(!init.is_generic(), "the result of an InitPlan is no parameter");
}
