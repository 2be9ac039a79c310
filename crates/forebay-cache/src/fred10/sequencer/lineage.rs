use crate::Stamp;
use bytes::{Buf, Bytes};

/// The epochs that ended before the present one began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::fred10) struct Lineage {
    /// Each with its last number, oldest first, as far as the chain remembers them.
    ended: Vec<Stamp>,
    /// How many of the newest the present epoch goes on from; those before it ended because a number was lost.
    live: usize,
}

/// What has become of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The chain goes on from it.
    GoesOn,
    /// It ended, and nothing of it counts any more.
    Over,
    /// The chain never had what was said to be in it.
    Lost,
}

impl Lineage {
    /// As the scripts give it: how many are live, then sixteen bytes for each that ended.
    pub(super) fn read(mut bytes: Bytes) -> Option<Self> {
        let live = usize::from(bytes.try_get_u8().ok()?);
        let mut ended = Vec::with_capacity(bytes.len() / 16);
        while bytes.has_remaining() {
            let (epoch, number) = (bytes.try_get_u64().ok()?, bytes.try_get_u64().ok()?);
            ended.push(Stamp { epoch, number });
        }
        (live <= ended.len()).then_some(Self { ended, live })
    }

    /// The epochs the present one goes on from, oldest first, each with its last number.
    pub(in crate::fred10) fn live(&self) -> &[Stamp] {
        &self.ended[self.ended.len() - self.live..]
    }

    /// What has become of the epoch of `known`, which somebody followed to that number, and which is not the present one.
    pub(super) fn fate(&self, known: Stamp) -> Fate {
        let at = self.ended.iter().position(|last| last.epoch == known.epoch);
        match at {
            Some(at) if known.number > self.ended[at].number => Fate::Lost,
            Some(at) if at >= self.ended.len() - self.live => Fate::GoesOn,
            Some(_) => Fate::Over,
            // Before all that is remembered, unless it is a branch that a server lost as a whole.
            None if self.ended.first().is_none_or(|oldest| known.epoch < oldest.epoch) => Fate::Over,
            None => Fate::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage(live: u8, ended: &[(u64, u64)]) -> Lineage {
        let numbers = ended.iter().flat_map(|(epoch, number)| [epoch.to_be_bytes(), number.to_be_bytes()]);
        let bytes: Vec<u8> = std::iter::once(live).chain(numbers.flatten()).collect();
        Lineage::read(bytes.into()).expect("it is well formed")
    }

    fn fate(lineage: &Lineage, epoch: u64, number: u64) -> Fate {
        lineage.fate(Stamp { epoch, number })
    }

    #[test]
    fn an_epoch_goes_on_up_to_its_last_number() {
        let lineage = lineage(1, &[(3, 10), (5, 20)]);
        assert_eq!(lineage.live(), [Stamp { epoch: 5, number: 20 }]);
        assert_eq!(fate(&lineage, 5, 20), Fate::GoesOn);
        assert_eq!(fate(&lineage, 5, 21), Fate::Lost);
        assert_eq!(fate(&lineage, 3, 10), Fate::Over);
        assert_eq!(fate(&lineage, 3, 11), Fate::Lost);
    }

    #[test]
    fn an_epoch_that_is_not_remembered_is_over_or_was_lost() {
        let lineage = lineage(2, &[(3, 10), (5, 20)]);
        assert_eq!(fate(&lineage, 2, 99), Fate::Over);
        assert_eq!(fate(&lineage, 4, 1), Fate::Lost);
        assert_eq!(fate(&lineage, 9, 1), Fate::Lost);
        assert_eq!(fate(&Lineage::default(), 9, 1), Fate::Over);
    }

    #[test]
    fn bytes_that_make_no_sense_are_none() {
        assert_eq!(Lineage::read(Bytes::new()), None);
        assert_eq!(Lineage::read(Bytes::from_static(&[1])), None);
        assert_eq!(Lineage::read(Bytes::from_static(&[0, 1, 2])), None);
    }
}
