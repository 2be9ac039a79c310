use super::zipf::Zipf;
use crate::data;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tpchgen::distribution::Distributions;

/// The kinds of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Route {
    Dashboard,
    Portfolio,
    Ledger,
    Search,
    Payment,
}

impl Route {
    pub(crate) const ALL: [Self; 5] =
        [Self::Dashboard, Self::Portfolio, Self::Ledger, Self::Search, Self::Payment];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::Portfolio => "portfolio",
            Self::Ledger => "ledger",
            Self::Search => "search",
            Self::Payment => "payment",
        }
    }
}

/// Who is asked for, and how often: the same for every client of a run.
#[derive(Debug)]
pub(crate) struct Workload {
    /// Account keys, the most asked for first.
    accounts: Vec<i64>,
    by_account: Zipf,
    /// Search texts as they stand in a query string, the most asked for first.
    searches: Vec<String>,
    by_search: Zipf,
    payments_percent: u8,
}

impl Workload {
    pub(crate) fn new(scale: f64, seed: u64, payments_percent: u8) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut accounts = data::active_accounts(scale);
        accounts.shuffle(&mut rng);
        let mut searches = search_texts();
        searches.shuffle(&mut rng);
        let (by_account, by_search) = (Zipf::new(accounts.len()), Zipf::new(searches.len()));
        Self { accounts, by_account, searches, by_search, payments_percent }
    }

    /// The next kind of request: 45 dashboards, 30 portfolios, 20 ledgers and 3 searches in 98 reads.
    pub(crate) fn route(&self, rng: &mut StdRng) -> Route {
        if rng.random_range(0..100) < self.payments_percent {
            return Route::Payment;
        }
        match rng.random_range(0..98) {
            0..45 => Route::Dashboard,
            45..75 => Route::Portfolio,
            75..95 => Route::Ledger,
            _ => Route::Search,
        }
    }

    /// An account: its place in the order of popularity, and its key.
    pub(crate) fn account(&self, rng: &mut StdRng) -> (usize, i64) {
        let place = self.by_account.pick(rng);
        (place, self.accounts[place])
    }

    /// How many accounts there are.
    pub(crate) fn accounts(&self) -> usize {
        self.accounts.len()
    }

    pub(crate) fn search(&self, rng: &mut StdRng) -> &str {
        &self.searches[self.by_search.pick(rng)]
    }
}

/// Beginnings of part names: each colour TPC-H names parts by, alone and with a letter of the next word.
fn search_texts() -> Vec<String> {
    let colours = Distributions::static_default().part_colors().get_values();
    let with_letter =
        |colour: &&str| ('a'..='z').map(|letter| format!("{colour}+{letter}")).collect::<Vec<_>>();
    colours
        .iter()
        .flat_map(|colour| std::iter::once((*colour).to_owned()).chain(with_letter(colour)))
        .collect()
}
