//! Orders of spending and earning that threads could produce.

use super::{Budget, BudgetConfig};
use shuttle::{check_pct, check_random, thread};

#[test]
fn no_token_is_spent_twice_and_none_is_lost() {
    let test = || {
        let budget = Budget::new(BudgetConfig { share: 0.5, burst: 2 }).expect("a valid configuration");
        assert!(budget.spend() && budget.spend() && !budget.spend());
        let work = |budget: Budget| {
            thread::spawn(move || {
                budget.earn();
                budget.spend()
            })
        };
        // Four halves are two tokens; a thread may come too early for one, and then it is left.
        let threads = [0; 4].map(|_| work(budget.clone()));
        let spent = threads.into_iter().map(|t| t.join().expect("no thread panicked"));
        let spent = spent.filter(|&spent| spent).count() as u64;
        assert_eq!(spent + budget.tokens(), 2);
    };
    check_random(test, 1_000);
    check_pct(test, 1_000, 3);
}
