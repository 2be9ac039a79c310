//! A small caching reverse proxy, so that the response cache can be judged from outside with any HTTP client.

mod arguments;
mod forward;
mod routes;

pub use arguments::Arguments;
pub use routes::routes;
