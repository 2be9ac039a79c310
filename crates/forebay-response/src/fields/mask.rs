use super::{
    BadMask, FieldFilter, FieldsConfig, JsonFraming, Malformed,
    draft::{Draft, Limits, Reader, write_name},
    selection::Selection,
    tree::{Select, Tree},
};
use crate::query_text::parameters;
use std::{collections::BTreeMap, fmt, sync::Arc};
use xxhash_rust::xxh3::xxh3_64;

/// Which fields of a JSON document a client wants, compiled once. Cloning is one reference count.
///
/// Two notations:
/// - `kind,items(id,author/name,*)`, as in Google's APIs: `a/b` and `a(b)` select `b` of `a`, `*` is every member, and a
///   selection goes through arrays to each of their elements. `\` before one of `,/()*\` makes it part of a name.
/// - `fields[articles]=title,body` of JSON:API: of resources of this type the named attributes and relationships, of
///   resources of types that are not named everything.
///
/// Selections add up: `a/b,a` is all of `a`. A value without members (a number, a text, null) is sent where something inside
/// of it was selected.
///
/// ```
/// use forebay_response::FieldMask;
///
/// let mask = FieldMask::parse("items(id,author/name),kind")?;
/// assert_eq!(mask.to_string(), "items(author(name),id),kind");
/// assert_eq!(mask.filter(br#"{"kind":"list","items":[{"id":1,"text":"long"}]}"#)?, br#"{"kind":"list","items":[{"id":1}]}"#);
///
/// let items = mask.selection().member("items");
/// assert_eq!(items.pick(["id", "text", "author"]), ["id", "author"]); // the columns to read
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FieldMask(Arc<Inner>);

struct Inner {
    tree: Tree,
    of: Of,
    /// The mask in its one spelling.
    text: String,
}

/// What a mask is about.
pub(super) enum Of {
    /// The document.
    Document(Select),
    /// Resources, by their type.
    Resources(Vec<(Box<str>, Select)>),
}

impl FieldMask {
    /// Compiles `a,b(c/d)` within the default [limits](FieldsConfig).
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, BadMask> {
        Self::parse_within(text, &FieldsConfig::default())
    }

    /// [`parse`](Self::parse) within other limits.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse_within(text: &str, limits: &FieldsConfig) -> Result<Self, BadMask> {
        if text.len() > limits.mask_bytes_max {
            return Err(BadMask::TooLong(limits.mask_bytes_max));
        }
        let within = Limits { names: limits.names_max, levels: limits.levels_max };
        let mut draft = Reader::new(text, within).read()?;
        let mut left = limits.names_max;
        draft.spread(&mut left).map_err(|_| BadMask::TooManyNames(limits.names_max))?;
        let mut text = String::new();
        if draft.whole {
            text.push('*');
        }
        draft.write(&mut text);
        let mut tree = Tree::default();
        let of = Of::Document(tree.add(&draft));
        Ok(Self(Arc::new(Inner { tree, of, text })))
    }

    /// The mask of a request, from its query (undecoded, without the `?`); `None` when it asks for none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of_query(query: &str, config: &FieldsConfig) -> Result<Option<Self>, BadMask> {
        let parameter = config.parameter.as_str();
        let found = parameters(query, |name| is_mask(name, parameter)).map_err(|_| BadMask::NotText)?;
        match &found[..] {
            [] => Ok(None),
            [(name, text)] if *name == parameter => Self::parse_within(text, config).map(Some),
            many if many.iter().any(|(name, _)| *name == parameter) => Err(BadMask::Repeated),
            many => {
                let types = many
                    .iter()
                    .map(|(name, names)| (resource_type(name, parameter).unwrap_or_default(), &**names));
                Self::of_types(types, config).map(Some)
            }
        }
    }

    /// JSON:API's sparse fieldsets: for each type of resources the names of its fields, with commas between.
    ///
    /// # Errors
    /// An empty name, a type that is there twice, or a limit that is exceeded.
    pub fn of_types<'t>(
        types: impl IntoIterator<Item = (&'t str, &'t str)>,
        limits: &FieldsConfig,
    ) -> Result<Self, BadMask> {
        let mut drafts: BTreeMap<&str, Draft> = BTreeMap::new();
        let (mut bytes, mut names) = (0, 0);
        for (of, fields) in types {
            bytes += of.len() + fields.len();
            if bytes > limits.mask_bytes_max {
                return Err(BadMask::TooLong(limits.mask_bytes_max));
            }
            let mut draft = Draft::default();
            let mut at = 0;
            // No names at all is allowed, and selects none.
            for name in fields.split(',').filter(|_| !fields.is_empty()) {
                if name.is_empty() {
                    let found = if at < fields.len() { "`,`" } else { "its end" };
                    return Err(BadMask::Syntax { at, found, expected: "a name" });
                }
                names += 1;
                at += name.len() + 1;
                draft.named.insert(name.to_owned(), Draft::WHOLE);
            }
            names += 1;
            if names > limits.names_max {
                return Err(BadMask::TooManyNames(limits.names_max));
            }
            if drafts.insert(of, draft).is_some() {
                return Err(BadMask::Repeated);
            }
        }
        let (mut tree, mut text) = (Tree::default(), String::new());
        let mut of = Vec::with_capacity(drafts.len());
        for (name, draft) in &drafts {
            if !text.is_empty() {
                text.push('&');
            }
            write_name(name, &mut text);
            text.push('=');
            draft.write(&mut text);
            of.push(((*name).into(), tree.add(draft)));
        }
        Ok(Self(Arc::new(Inner { tree, of: Of::Resources(of), text })))
    }

    /// What is selected of the whole document. Of a JSON:API mask, which is about resources, that is everything: see
    /// [`FieldMask::of_type`].
    #[must_use]
    pub fn selection(&self) -> Selection<'_> {
        match self.0.of {
            Of::Document(select) => Selection::new(&self.0.tree, select),
            Of::Resources(_) => Selection::new(&self.0.tree, Select::Whole),
        }
    }

    /// What is selected of resources of a type; of a mask that is not about types, what is selected of the document.
    #[must_use]
    pub fn of_type(&self, name: &str) -> Selection<'_> {
        match &self.0.of {
            Of::Document(_) => self.selection(),
            Of::Resources(types) => Selection::new(&self.0.tree, select_type(types, name.as_bytes())),
        }
    }

    /// Whether it selects everything, whatever the document.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.0.of, Of::Document(Select::Whole))
    }

    /// What it selects of one document that is all here.
    ///
    /// # Errors
    /// The document is no JSON, or exceeds a default limit.
    pub fn filter(&self, document: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut filter = FieldFilter::new(self, JsonFraming::Document, &FieldsConfig::default());
        let mut out = Vec::new();
        filter.push(document, &mut out)?;
        filter.finish()?;
        Ok(out)
    }

    /// A number for the mask: the same for two spellings of one selection, and from one program to the next.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        xxh3_64(self.0.text.as_bytes())
    }

    /// Appends itself to the key of a cache: two masks append the same if, and only if, they select the same.
    #[cfg(feature = "cache")]
    pub(crate) fn add_to_key(&self, key: &mut Vec<u8>) {
        key.push(u8::from(matches!(self.0.of, Of::Document(_))));
        key.extend_from_slice(&(self.0.text.len() as u64).to_be_bytes());
        key.extend_from_slice(self.0.text.as_bytes());
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.0.tree
    }

    pub(super) fn about(&self) -> &Of {
        &self.0.of
    }
}

/// What is selected of resources of a type: all of it where the type is not named.
pub(super) fn select_type(types: &[(Box<str>, Select)], name: &[u8]) -> Select {
    let named = types.iter().find(|(of, _)| of.as_bytes() == name);
    named.map_or(Select::Whole, |(_, select)| *select)
}

/// Whether a (decoded) parameter of a query holds the mask, or a part of it.
pub(crate) fn is_mask(name: &str, parameter: &str) -> bool {
    name == parameter || resource_type(name, parameter).is_some()
}

/// The `type` of `fields[type]`.
fn resource_type<'n>(name: &'n str, parameter: &str) -> Option<&'n str> {
    name.strip_prefix(parameter)?.strip_prefix('[')?.strip_suffix(']')
}

impl fmt::Display for FieldMask {
    /// The mask in its one spelling: the same selection always gives the same text, for the key of a cache.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for FieldMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FieldMask").field(&self.0.text).finish()
    }
}

impl PartialEq for FieldMask {
    fn eq(&self, other: &Self) -> bool {
        let kind = |mask: &Self| matches!(mask.0.of, Of::Document(_));
        self.0.text == other.0.text && kind(self) == kind(other)
    }
}

impl Eq for FieldMask {}
