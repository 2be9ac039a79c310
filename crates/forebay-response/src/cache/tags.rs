//! Tags in fields: what a handler names, groups of responses (RFC 9875), and what a CDN in front is told.

use super::{shared::Policy, target::Target};
use crate::structured::{Value, joined, list};
use forebay_cache::Tag;
use forebay_scope::Scope;
use http::{HeaderMap, HeaderName};
use std::collections::HashSet;

static CACHE_GROUPS: HeaderName = HeaderName::from_static("cache-groups");
static CACHE_GROUP_INVALIDATION: HeaderName = HeaderName::from_static("cache-group-invalidation");

/// More groups than a response can usefully be in (RFC 9875 asks for 32 at least) are not looked at.
const GROUPS_MAX: usize = 128;

impl Policy {
    /// The tags that a response names itself.
    pub(crate) fn tags_named(&self, headers: &HeaderMap) -> Vec<Tag> {
        let mut tags = Vec::new();
        for name in &self.fields.tags_from {
            for line in headers.get_all(name).iter().filter_map(|line| line.to_str().ok()) {
                let names = line.split([' ', ',', '\t']).filter(|name| !name.is_empty());
                tags.extend(names.map(Tag::named));
            }
        }
        tags
    }

    /// Tells a CDN in front, and nobody else, what a response was made from.
    pub(crate) fn tell_tags(&self, headers: &mut HeaderMap, asked: &HeaderMap, tags: &[Tag]) {
        self.strip_tags(headers);
        if let Some(rule) = self.rules.surrogate.as_ref().filter(|_| self.is_told(asked)) {
            let targets = self.fields.targets.iter().map(|target| target.name().clone());
            rule.style.tell(headers, targets, tags);
        }
    }

    /// [`tell_tags`](Self::tell_tags) of a response that is not kept here: a CDN may keep it all the same.
    pub(crate) fn tell_tags_of_passing(&self, headers: &mut HeaderMap, asked: &HeaderMap) {
        let told = self.rules.surrogate.is_some() && self.is_told(asked);
        let mut tags = if told { self.tags_named(headers) } else { Vec::new() };
        if told {
            let read = Scope::with_current(|scope| scope.tags().as_slice().to_vec());
            tags.extend(read.unwrap_or_default().into_iter().filter(is_for_others));
            let mut seen = HashSet::new();
            tags.retain(|tag| seen.insert(tag.clone()));
            tags.extend(unless_known());
        }
        self.tell_tags(headers, asked, &tags);
    }

    fn is_told(&self, asked: &HeaderMap) -> bool {
        self.fields.only_with.as_ref().is_none_or(|name| asked.contains_key(name))
    }

    fn strip_tags(&self, headers: &mut HeaderMap) {
        for name in &self.fields.tags_from {
            headers.remove(name);
        }
    }
}

/// Whether a tag means something elsewhere: those of an address or a group come from a cache of responses that the handler
/// asked.
pub(crate) fn is_for_others(tag: &Tag) -> bool {
    !tag.as_str().starts_with("uri:") && !tag.as_str().starts_with("group:")
}

/// Stands for the tags of the present scope that were too many to note: no CDN can be told of it.
pub(crate) fn unless_known() -> Option<Tag> {
    Scope::with_current(|scope| scope.tags().overflowed()).unwrap_or_default().then(|| Tag::named(""))
}

/// The groups a response is in.
pub(crate) fn groups(headers: &HeaderMap, target: &Target) -> Vec<Tag> {
    named(headers, &CACHE_GROUPS, target)
}

/// The groups that the response to an unsafe request invalidates (RFC 9875 section 3).
pub(crate) fn groups_invalidated(headers: &HeaderMap, target: &Target) -> Vec<Tag> {
    named(headers, &CACHE_GROUP_INVALIDATION, target)
}

fn named(headers: &HeaderMap, field: &HeaderName, target: &Target) -> Vec<Tag> {
    let members = joined(headers, field).and_then(|text| list(&text)).unwrap_or_default();
    // What is no string makes the whole field invalid.
    let names: Option<Vec<&str>> = members
        .iter()
        .map(|member| if let Value::String(name) = member { Some(name.as_str()) } else { None })
        .collect();
    names.unwrap_or_default().into_iter().take(GROUPS_MAX).map(|name| target.group(name)).collect()
}
