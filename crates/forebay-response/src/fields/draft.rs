//! A mask while it is read: a tree that selections are merged into.

use super::BadMask;
use std::collections::BTreeMap;

/// What is selected of one value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// All of it; then nothing below matters.
    pub(super) whole: bool,
    pub(super) named: BTreeMap<String, Draft>,
    /// Of members that are not named.
    pub(super) any: Option<Box<Draft>>,
}

impl Draft {
    pub(super) const WHOLE: Self = Self { whole: true, named: BTreeMap::new(), any: None };

    /// Selects what the other one selects as well.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.whole || other.whole {
            *self = Self::WHOLE;
            return;
        }
        for (name, draft) in &other.named {
            self.named.entry(name.clone()).or_default().merge(draft);
        }
        if let Some(any) = &other.any {
            self.any.get_or_insert_default().merge(any);
        }
    }

    /// Spreads `*` over its named neighbours, so that each key finds all that is selected of it in one place. `left` is how
    /// many names may still come of it.
    pub(super) fn spread(&mut self, left: &mut usize) -> Result<(), Exhausted> {
        if let Some(any) = &mut self.any {
            any.spread(left)?;
            *left = left.checked_sub(1).ok_or(Exhausted)?;
            if any.whole {
                *self = Self::WHOLE;
                return Ok(());
            }
        }
        for draft in self.named.values_mut() {
            *left = left.checked_sub(1).ok_or(Exhausted)?;
            if let Some(any) = &self.any {
                draft.merge(any);
            }
            draft.spread(left)?;
        }
        // What `*` says already need not be said again.
        let any = self.any.as_deref();
        self.named.retain(|_, draft| any != Some(&*draft));
        Ok(())
    }

    /// The mask in its one spelling: the same selection always gives the same text.
    pub(super) fn write(&self, out: &mut String) {
        let members = self.named.iter().map(|(name, draft)| (Some(name), draft));
        let any = self.any.iter().map(|draft| (None, &**draft));
        for (at, (name, draft)) in members.chain(any).enumerate() {
            if at > 0 {
                out.push(',');
            }
            match name {
                Some(name) => write_name(name, out),
                None => out.push('*'),
            }
            if !draft.whole {
                out.push('(');
                draft.write(out);
                out.push(')');
            }
        }
    }
}

/// More names came of it than the limit allows.
pub(super) struct Exhausted;

/// What has a meaning in a mask, and can stand in a name only behind a `\`.
pub(super) const SPECIAL: [char; 6] = [',', '/', '(', ')', '*', '\\'];

pub(super) fn write_name(name: &str, out: &mut String) {
    for character in name.chars() {
        if SPECIAL.contains(&character) {
            out.push('\\');
        }
        out.push(character);
    }
}

/// Limits on what is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) names: usize,
    pub(super) levels: usize,
}

/// Reads `a,b(c/d,*)`.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    names: usize,
    limits: Limits,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, limits: Limits) -> Self {
        Self { text, at: 0, names: 0, limits }
    }

    /// The whole text as one list of selections.
    pub(super) fn read(mut self) -> Result<Draft, BadMask> {
        let draft = self.list(0)?;
        match self.peek() {
            None => Ok(draft),
            Some(_) => Err(self.unexpected("`,` or the end")),
        }
    }

    fn list(&mut self, level: usize) -> Result<Draft, BadMask> {
        let mut draft = Draft::default();
        loop {
            let selected = self.path(level)?;
            draft.merge(&selected);
            if !self.take(',') {
                return Ok(draft);
            }
        }
    }

    fn path(&mut self, level: usize) -> Result<Draft, BadMask> {
        if level >= self.limits.levels {
            return Err(BadMask::TooDeep(self.limits.levels));
        }
        let name = self.name()?;
        self.names += 1;
        if self.names > self.limits.names {
            return Err(BadMask::TooManyNames(self.limits.names));
        }
        let below = if self.take('/') {
            self.path(level + 1)?
        } else if self.take('(') {
            let below = self.list(level + 1)?;
            if !self.take(')') {
                return Err(self.unexpected("`,` or `)`"));
            }
            below
        } else {
            Draft::WHOLE
        };
        let mut draft = Draft::default();
        match name {
            Some(name) => drop(draft.named.insert(name, below)),
            None => draft.any = Some(Box::new(below)),
        }
        Ok(draft)
    }

    /// A name; `None` for `*`.
    fn name(&mut self) -> Result<Option<String>, BadMask> {
        if self.take('*') {
            return Ok(None);
        }
        let mut name = String::new();
        while let Some(character) = self.peek() {
            let taken = match character {
                '\\' => {
                    self.at += 1;
                    self.peek().ok_or_else(|| self.unexpected("an escaped character"))?
                }
                special if SPECIAL.contains(&special) => break,
                plain => plain,
            };
            name.push(taken);
            self.at += taken.len_utf8();
        }
        if name.is_empty() { Err(self.unexpected("a name")) } else { Ok(Some(name)) }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        if is_next {
            self.at += wanted.len_utf8();
        }
        is_next
    }

    fn unexpected(&self, expected: &'static str) -> BadMask {
        let found = match self.peek() {
            None => "its end",
            Some(',') => "`,`",
            Some('/') => "`/`",
            Some('(') => "`(`",
            Some(')') => "`)`",
            Some('*') => "`*`",
            Some(_) => "another character",
        };
        BadMask::Syntax { at: self.at, found, expected }
    }
}
