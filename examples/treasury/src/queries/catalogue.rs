use super::{Db, db::Session};
use crate::{
    Failure,
    model::{Fragment, Part},
};

// A range instead of LIKE: a prepared LIKE with a parameter cannot use the index once its plan is generic.
const SEARCH: &str = "\
    SELECT p_partkey, p_name, p_brand, p_type, p_size, p_retailprice_cents FROM part \
    WHERE p_name >= $1 AND p_name < $2 ORDER BY p_name, p_partkey LIMIT 20";

/// The first twenty parts whose name begins with `prefix`.
pub(crate) async fn search<C: Session>(db: &Db<'_, C>, prefix: &str) -> Result<Fragment, Failure> {
    // U+FFFF sorts behind every letter of a name in the "C" collation.
    let end = format!("{prefix}\u{FFFF}");
    let rows = db.rows(SEARCH, &[&prefix, &end]).await?;
    let parts: Vec<_> = rows
        .iter()
        .map(|row| Part {
            part: row.get(0),
            name: row.get(1),
            brand: row.get(2),
            kind: row.get(3),
            size: row.get(4),
            price_cents: row.get(5),
        })
        .collect();
    Ok(Fragment::of(&parts)?)
}
