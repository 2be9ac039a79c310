//! The data: TPC-H tables, and two of the service's own.

mod copy;
mod fill;
mod schema;
mod tables;

pub(crate) use fill::load;

/// How many customers a scale factor has; one in three of them never orders.
pub(crate) fn customers(scale: f64) -> i64 {
    (150_000.0 * scale) as i64
}

/// The accounts that ever ordered something, in the order of their keys.
pub(crate) fn active_accounts(scale: f64) -> Vec<i64> {
    // TPC-H section 4.2.3: orders are not present for customers whose key is a multiple of three.
    (1..=customers(scale)).filter(|key| key % 3 != 0).collect()
}
