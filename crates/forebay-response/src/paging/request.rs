use super::{BadPage, CursorError, Cursors, Page, PageConfig};
use crate::query_text::parameters;
use serde::{Serialize, de::DeserializeOwned};

/// Which page of a list a request asks for: how many items, after which place.
///
/// With the feature `axum` it is an extractor; a [`PageConfig`] in the request's extensions (`axum::Extension`) takes the
/// place of the default settings, and a bad page is a 400.
///
/// ```
/// use forebay_response::{Cursors, Page, PageConfig, PageRequest};
///
/// let cursors: Cursors<i64> = Cursors::new("users by id", [b"at least sixteen bytes, kept secret"])?;
/// let asked = PageRequest::of_query("limit=2", &PageConfig::default())?;
/// let after: Option<i64> = asked.after(&cursors)?;
/// // SELECT id FROM users WHERE ($1::bigint IS NULL OR id > $1) ORDER BY id LIMIT $2, with `after` and `asked.fetch()`:
/// # assert_eq!((after, asked.fetch()), (None, 3));
/// let rows: Vec<i64> = vec![1, 2, 3];
/// let page: Page<i64> = asked.page(rows, &cursors, |id| *id)?;
/// assert_eq!(page.items, [1, 2]);
/// assert_eq!(cursors.verify(page.next.as_deref().unwrap_or_default()), Ok(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    size: u32,
    cursor: Option<String>,
}

impl PageRequest {
    /// The page that a query (undecoded, without the `?`) asks for. An empty cursor counts as none.
    ///
    /// # Errors
    /// A size out of range, a cursor that is too long, a parameter given twice. Whether the cursor is a good one shows in
    /// [`PageRequest::after`].
    pub fn of_query(query: &str, config: &PageConfig) -> Result<Self, BadPage> {
        let (mut size, mut cursor) = (None, None);
        let is_ours = |name: &str| name == config.size_parameter || name == config.cursor_parameter;
        for (name, value) in parameters(query, is_ours).map_err(|_| BadPage::NotText)? {
            let place = if name == config.size_parameter { &mut size } else { &mut cursor };
            if place.replace(value).is_some() {
                return Err(BadPage::Repeated(name.into_owned()));
            }
        }
        let cursor = cursor.filter(|cursor| !cursor.is_empty());
        if cursor.as_ref().is_some_and(|cursor| cursor.len() > config.cursor_bytes_max) {
            return Err(BadPage::CursorTooLong(config.cursor_bytes_max));
        }
        let size = match size {
            None => config.size_default,
            Some(text) => {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                let size = text.parse().ok().filter(|size| digits && (1..=config.size_max).contains(size));
                let wrong =
                    || BadPage::Size { parameter: config.size_parameter.clone(), max: config.size_max };
                size.ok_or_else(wrong)?
            }
        };
        Ok(Self { size, cursor: cursor.map(std::borrow::Cow::into_owned) })
    }

    /// How many items the page has at most.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.size
    }

    /// How many rows to ask the database for: one more than the page has, which tells whether there is a next page.
    #[must_use]
    pub fn fetch(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// The place after which the page begins; `None` for the first page.
    ///
    /// # Errors
    /// [`BadPage::Cursor`] for a cursor that is not one of this list.
    pub fn after<P: Serialize + DeserializeOwned>(&self, cursors: &Cursors<P>) -> Result<Option<P>, BadPage> {
        self.cursor.as_deref().map(|cursor| cursors.verify(cursor)).transpose()
    }

    /// The page made of up to [`fetch`](Self::fetch) rows; `place` gives the place of a row.
    ///
    /// # Errors
    /// The place of the last row cannot be written.
    pub fn page<T, P: Serialize + DeserializeOwned>(
        &self,
        mut rows: Vec<T>,
        cursors: &Cursors<P>,
        place: impl FnOnce(&T) -> P,
    ) -> Result<Page<T>, CursorError> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| has_more);
        let next = last.map(|last| cursors.sign(&place(last))).transpose()?;
        Ok(Page { items: rows, next })
    }
}

#[cfg(feature = "axum")]
impl<S: Send + Sync> axum_core::extract::FromRequestParts<S> for PageRequest {
    type Rejection = BadPage;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        _state: &S,
    ) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        match parts.extensions.get::<PageConfig>() {
            Some(config) => Self::of_query(query, config),
            None => Self::of_query(query, &PageConfig::default()),
        }
    }
}
