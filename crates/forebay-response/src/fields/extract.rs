use super::FieldMask;

/// The mask of a request, if it has one: what a [`FieldsLayer`](crate::FieldsLayer) leaves in its extensions.
///
/// With the feature `axum` it is an extractor, so that a handler reads only the columns that are sent. Without a layer in
/// front of it the mask is read within the default limits; a bad one is a 400 in both cases. Use the layer all the same:
/// it takes out of the response what the handler could not leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(pub Option<FieldMask>);

impl Fields {
    /// Of these columns those that are selected at the top of the document; all of them without a mask. What comes out was
    /// put in, so it can be made part of a statement.
    #[must_use]
    pub fn pick<'n>(&self, columns: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
        match &self.0 {
            Some(mask) => mask.selection().pick(columns),
            None => columns.into_iter().collect(),
        }
    }

    /// Whether anything of the member with this name, at the top of the document, is to be sent.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|mask| mask.selection().wants(name))
    }
}

#[cfg(feature = "axum")]
impl<S: Send + Sync> axum_core::extract::FromRequestParts<S> for Fields {
    type Rejection = super::BadMask;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        _state: &S,
    ) -> Result<Self, Self::Rejection> {
        match parts.extensions.get::<Self>() {
            Some(fields) => Ok(fields.clone()),
            None => {
                let query = parts.uri.query().unwrap_or_default();
                FieldMask::of_query(query, &super::FieldsConfig::default()).map(Self)
            }
        }
    }
}
