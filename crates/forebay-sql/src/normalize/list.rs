//! Lists whose length does not matter.

/// A list being written: an element that is spelled like the one before it is taken back.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    /// Rows of `VALUES`, which end with the first token that is no row.
    pub(super) rows: bool,
    /// Where the element before begins and ends.
    last: Option<(usize, usize)>,
    /// Where the current element begins, with its comma if it is not the first.
    start: usize,
}

impl List {
    pub(super) const fn elements(start: usize) -> Self {
        Self { rows: false, last: None, start }
    }

    pub(super) const fn rows(start: usize) -> Self {
        Self { rows: true, last: None, start }
    }

    /// Whether nothing was written of it yet.
    pub(super) const fn is_empty(&self, out: &str) -> bool {
        self.last.is_none() && self.start == out.len()
    }

    /// The current element is complete.
    pub(super) fn end_element(&mut self, out: &mut String) {
        let same = self.last.is_some_and(|(start, end)| bare(&out[start..end]) == bare(&out[self.start..]));
        if same {
            out.truncate(self.start);
        } else {
            self.last = Some((self.start, out.len()));
            self.start = out.len();
        }
    }
}

/// An element without its comma and spaces.
fn bare(element: &str) -> &str {
    element.trim_start_matches(',').trim_start()
}
