//! Many rows in one call: `COPY` for many, `UNNEST` for few and for upserts.

mod columns;
mod plan;
mod row;
mod target;

pub(crate) use columns::Columns;
pub(crate) use plan::{Plan, Way, plan, with_row};
pub use row::BulkRow;
pub use target::Bulk;
