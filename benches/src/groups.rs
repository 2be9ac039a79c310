use crate::Report;
use anyhow::bail;

/// A part of a bench that can be run alone, and its name.
pub type Group = (&'static str, fn(&mut Report) -> anyhow::Result<()>);

/// The groups that were asked for, in the order of the bench; all of them when none was.
///
/// # Errors
/// A name that none of them has.
pub fn chosen(groups: &[Group], asked: &[String]) -> anyhow::Result<Vec<Group>> {
    let names: Vec<_> = groups.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = asked.iter().find(|wanted| !names.contains(&wanted.as_str())) {
        bail!("there is no group `{unknown}`; the groups are {}", names.join(", "));
    }
    let is_asked = |group: &&Group| asked.is_empty() || asked.iter().any(|wanted| wanted == group.0);
    Ok(groups.iter().filter(is_asked).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [Group; 3] = [("a", |_| Ok(())), ("b", |_| Ok(())), ("c", |_| Ok(()))];

    fn names(asked: &[&str]) -> Option<Vec<&'static str>> {
        let asked: Vec<_> = asked.iter().map(ToString::to_string).collect();
        Some(chosen(&GROUPS, &asked).ok()?.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn all_of_them_or_those_that_were_named() {
        assert_eq!(names(&[]), Some(vec!["a", "b", "c"]));
        assert_eq!(names(&["c", "a"]), Some(vec!["a", "c"]));
    }

    #[test]
    fn a_name_that_nothing_has_is_refused() {
        assert_eq!(names(&["a", "d"]), None);
    }
}
