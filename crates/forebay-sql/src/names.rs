//! A hash index over a fixed list of names, built by the compiler.

/// An open-addressing index of `SLOTS` (a power of two, at least twice the number of names) over a list kept elsewhere.
pub(crate) struct Names<const SLOTS: usize> {
    /// Position in the list plus one; zero is an empty slot.
    slots: [u16; SLOTS],
}

impl<const SLOTS: usize> Names<SLOTS> {
    /// Index `list`, whose names must differ.
    pub(crate) const fn index(list: &[&str]) -> Self {
        assert!(SLOTS.is_power_of_two() && list.len() * 2 <= SLOTS);
        let mut slots = [0_u16; SLOTS];
        let mut at = 0;
        while at < list.len() {
            let mut slot = hash(list[at].as_bytes()) as usize & (SLOTS - 1);
            while slots[slot] != 0 {
                slot = (slot + 1) & (SLOTS - 1);
            }
            at += 1;
            slots[slot] = at as u16;
        }
        Self { slots }
    }

    /// The position of `name`, whose ASCII letters may be of any case, in a list of lower-case names.
    #[inline]
    pub(crate) fn find_folded(&self, list: &[&str], name: &str) -> Option<usize> {
        self.find(name.as_bytes(), |at| list[at].eq_ignore_ascii_case(name))
    }

    /// The position of exactly `name` in the list.
    pub(crate) fn find_exact(&self, list: &[&str], name: &str) -> Option<usize> {
        self.find(name.as_bytes(), |at| list[at] == name)
    }

    #[inline]
    fn find(&self, name: &[u8], is: impl Fn(usize) -> bool) -> Option<usize> {
        let mut slot = hash(name) as usize & (SLOTS - 1);
        loop {
            match self.slots[slot] {
                0 => return None,
                entry if is(usize::from(entry) - 1) => return Some(usize::from(entry) - 1),
                _ => slot = (slot + 1) & (SLOTS - 1),
            }
        }
    }
}

/// FNV-1a over the bytes with ASCII letters folded to lower case, its high bits folded in.
const fn hash(name: &[u8]) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    let mut at = 0;
    while at < name.len() {
        hash = (hash ^ name[at].to_ascii_lowercase() as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash ^ (hash >> 15)
}
