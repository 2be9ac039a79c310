use memcache::exp::{AsyncMetaClient, Error, Get, GetResult, Meta, Set};

/// How often writes are tried again when others change the same items in between.
pub(super) const CONFLICTS_MAX: usize = 8;

/// What became of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// It was written.
    Written,
    /// What is there was to stay.
    Left,
    /// Others kept changing the item.
    Contended,
}

/// Reads the items under `keys`, lets `decide` say what to put in place of each (`None` leaves it), and writes that if the
/// item is still the same; again for those that were not. Two round trips a round, whatever the number of keys.
pub(super) async fn settle(
    client: &AsyncMetaClient,
    keys: &[&[u8]],
    decide: impl Fn(usize, &GetResult) -> Option<Set>,
) -> Result<Vec<Settled>, Error> {
    let mut settled = vec![Settled::Contended; keys.len()];
    let mut open: Vec<usize> = (0..keys.len()).collect();
    for _ in 0..CONFLICTS_MAX {
        if open.is_empty() {
            break;
        }
        let reads = open.iter().map(|at| Get::new(keys[*at]).meta(Meta::NONE.cas().ttl()));
        let held = client.run_many(reads).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut writes = Vec::with_capacity(open.len());
        let mut written = Vec::with_capacity(open.len());
        for (at, held) in open.iter().copied().zip(&held) {
            match decide(at, held) {
                None => settled[at] = Settled::Left,
                Some(write) => {
                    written.push(at);
                    writes.push(if_unchanged(write, held));
                }
            }
        }
        let results = client.run_many(writes).await?;
        open.clear();
        for (at, result) in written.into_iter().zip(results) {
            if result?.applied() {
                settled[at] = Settled::Written;
            } else {
                open.push(at);
            }
        }
    }
    Ok(settled)
}

/// The same write, if the item is still as it was read.
pub(super) fn if_unchanged(write: Set, held: &GetResult) -> Set {
    match held.item.cas {
        Some(cas) if held.hit() => write.compare_cas(cas),
        _ => write.add(),
    }
}
