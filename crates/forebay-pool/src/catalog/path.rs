//! The schemas in which sessions look for names.

use std::collections::BTreeSet;

/// All schemas in which any session of a pool looks for names without one. With those of all sessions together a
/// judgement holds on each of them: one more schema can only add what is against a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schemas(Option<BTreeSet<Box<str>>>);

impl Default for Schemas {
    fn default() -> Self {
        Self(Some(BTreeSet::new()))
    }
}

impl Schemas {
    /// Most schemas that are told apart; with more the path counts as not known.
    const MAX: usize = 128;

    /// Adds those of a session; says whether that is news.
    pub(crate) fn add(&mut self, path: &[String]) -> bool {
        let Some(known) = &mut self.0 else { return false };
        let before = known.len();
        known.extend(path.iter().map(|schema| Box::from(schema.as_str())));
        let is_news = known.len() > before;
        if known.len() > Self::MAX {
            self.0 = None;
        }
        is_news
    }

    /// The path as `forebay-sql` takes it.
    pub(super) fn with<T>(&self, work: impl FnOnce(Option<&[&str]>) -> T) -> T {
        match &self.0 {
            None => work(None),
            Some(known) => work(Some(&known.iter().map(|schema| &**schema).collect::<Vec<_>>())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schemas;

    #[test]
    fn too_many_schemas_are_as_good_as_none_known() {
        let mut schemas = Schemas::default();
        assert!(schemas.add(&["a".to_owned(), "b".to_owned()]));
        assert!(!schemas.add(&["b".to_owned()]));
        schemas.with(|path| assert_eq!(path, Some(&["a", "b"][..])));
        let many: Vec<String> = (0..=Schemas::MAX).map(|number| number.to_string()).collect();
        assert!(schemas.add(&many));
        schemas.with(|path| assert_eq!(path, None));
        assert!(!schemas.add(&["c".to_owned()]));
    }
}
