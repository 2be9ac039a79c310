//! What can be a row.

use tokio_postgres::types::ToSql;

/// One row: its values in the order of the columns. Tuples of up to twelve values are rows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row",
    note = "tuples like `(i64, String)` are rows when each value implements `ToSql + Sync`; implement `BulkRow` for a \
            struct of your own"
)]
pub trait BulkRow: Sync {
    /// The values, as many as there are columns.
    fn values(&self) -> Vec<&(dyn ToSql + Sync)>;
}

impl<R: BulkRow> BulkRow for &R {
    fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        (**self).values()
    }
}

macro_rules! tuples {
    ($($first:ident $($rest:ident)*;)*) => {$(
        impl<$first: ToSql + Sync, $($rest: ToSql + Sync),*> BulkRow for ($first, $($rest,)*) {
            #[expect(non_snake_case, reason = "values are named as their types")]
            fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
                let ($first, $($rest,)*) = self;
                vec![$first, $($rest),*]
            }
        }
    )*};
}

tuples! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; A B C D E F G H I;
    A B C D E F G H I J; A B C D E F G H I J K; A B C D E F G H I J K L;
}

#[cfg(test)]
mod tests {
    use super::BulkRow;

    #[test]
    fn tuples_and_references_to_them_are_rows() {
        assert_eq!(BulkRow::values(&&(1_i32, "a", true)).len(), 3);
        assert_eq!((1_i64,).values().len(), 1);
    }
}
