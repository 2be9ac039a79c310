//! Whatever the bytes: a plan or an error, and never a panic.

use proptest::prelude::*;

use crate::holds::holds;

/// Parts of plans, in any order.
const PARTS: [&str; 44] = [
    "QUERY PLAN\n",
    "----------\n",
    "+--------+\n",
    "-[ RECORD 1 ]---\n",
    "QUERY PLAN | ",
    "| ",
    " |\n",
    "+\n",
    ".\n",
    ".",
    "Seq Scan on t",
    "Nested Loop",
    "Hash Join",
    "Gather",
    "CTE Scan on c",
    "ModifyTable",
    "Update on t",
    "  (cost=0.00..1.00 rows=1 width=4)",
    " (actual time=0.010..5.000 rows=3 loops=2)",
    " (actual rows=3 loops=0)",
    " (never executed)",
    "\n",
    "\n  ",
    "\n        ",
    "->  ",
    "Filter: (a = '",
    "'",
    "InitPlan 1 (returns $0)",
    "SubPlan 1",
    "CTE c",
    "Filter: (a = $0)",
    "Worker 0:  actual time=1.0..2.0 rows=1 loops=1",
    "Buffers: shared hit=3, temp read=1",
    "Sort Method: quicksort  Memory: 25kB",
    "Planning:",
    "JIT:",
    "Execution Time: 1.0 ms",
    "Trigger a on b: time=1.0 calls=2",
    "{\"Plan\": {\"Node Type\": \"CTE Scan\", \"CTE Name\": \"c\"",
    ", \"Plans\": [",
    "]}",
    "\"",
    "duration: 1 ms  plan:\n\t",
    "é…│",
];

proptest! {
    #[test]
    fn any_characters(text in "\\PC{0,200}") {
        holds(&text);
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        holds(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn parts_of_plans_in_any_order(parts in proptest::collection::vec(0..PARTS.len(), 0..40)) {
        holds(&parts.iter().map(|part| PARTS[*part]).collect::<String>());
    }

    #[test]
    fn a_plan_cut_or_changed_anywhere(at in 0..3000_usize, put in 0..PARTS.len(), which in 0..5_usize) {
        let text = [
            include_str!("psql/aligned_json.txt"), include_str!("psql/wrapped_border_2_text.txt"), include_str!("psql/expanded_text.txt"),
            include_str!("psql/unicode_text.txt"), include_str!("psql/log_text.txt"),
        ][which];
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).expect("0 is one");
        holds(&text[..at]);
        holds(&format!("{}{}{}", &text[..at], PARTS[put], &text[at..]));
    }
}
