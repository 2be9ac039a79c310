//! Why there is no advice.

/// What ends the search for advice. What concerns single statements, or things one may not see, ends nothing and is in the advice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdviseError {
    /// The server refused something, or the connection was lost.
    #[error("{step}")]
    Server {
        /// What was being done.
        step: &'static str,
        /// What came back.
        source: tokio_postgres::Error,
    },
    /// HypoPG was to be installed and cannot be.
    #[error("the extension hypopg cannot be created")]
    CreateExtension {
        /// What came back.
        source: tokio_postgres::Error,
    },
    /// There is no pg_stat_statements to read.
    #[error("pg_stat_statements cannot be read: {what}")]
    NoStatements {
        /// What is missing.
        what: String,
    },
}

impl AdviseError {
    pub(crate) fn server(step: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| Self::Server { step, source }
    }
}
