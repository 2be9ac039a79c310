//! The syntax of `#[cached]`, which `forebay-cache` re-exports: see there for examples.
//!
//! The attribute rewrites one body, and adds only the functions that it is given names for. From
//!
//! ```text
//! #[cached(cache = app.users, key = id, tags = [Tag::of("user", id)])]
//! async fn load_user(app: &App, id: UserId) -> Result<User, AppError> { body }
//! ```
//!
//! it makes
//!
//! ```text
//! async fn load_user(app: &App, id: UserId) -> Result<User, AppError> {
//!     app.users
//!         .entry(&id)
//!         .tags(|| [Tag::of("user", id)])
//!         .get_or_load(async || -> Result<User, AppError> { body })
//!         .await
//! }
//! ```
//!
//! Only methods are named, so it does not matter under which path the cache crate is known, and nothing is told
//! from the spelling of a type.

mod companions;
mod expand;
mod function;
mod options;

use proc_macro::TokenStream;

/// Answers calls of an `async fn` from a cache; its body becomes the loader.
///
/// `#[cached(cache = …, key = …)]`; each option is an expression over the function's arguments, evaluated inside
/// the function:
///
/// | option | | meaning |
/// |---|---|---|
/// | `cache` | required | the `Cache<K, V>`, or something that dereferences to one |
/// | `key` | required | the key, of type `K` |
/// | `ttl` | optional | how long this value is fresh. Default: the cache's ttl |
/// | `tags` | optional | tags known before the load, evaluated only on a miss. Default: none |
/// | `tags_from` | optional | a closure `\|value: &V\| tags` for tags known only from the value. Default: none |
/// | `when` | optional | a `bool`: when `false`, the body runs as if there were no cache. Default: `true` |
/// | `memory_only`, `skip_memory`, `read_only` | optional, no value | as the methods of `Lookup` of that name. Default: every tier is used |
/// | `invalidate` | optional | the name of a function to make: it forgets what is kept for its arguments. Default: none is made |
/// | `peek` | optional | the name of a function to make: it gives what memory has for its arguments. Default: none is made |
///
/// # Functions beside it
/// With `invalidate = forget_user, peek = peek_user`, the key is written once, and two functions of the same visibility and
/// arguments stand beside `load_user(app: &App, id: UserId) -> Result<User, AppError>`:
///
/// ```text
/// async fn forget_user(app: &App, id: UserId)                              // app.users.invalidate(&id).await
/// fn peek_user(app: &App, id: UserId) -> Option<Result<User, AppError>>   // app.users.peek_as(&id)
/// ```
///
/// `peek_user` returns what `load_user` would, if memory has it fresh; `when` and the options without a value are not
/// asked. A key with a `?` in it has no place in them. For anything else the cache is at hand: `app.users.refresh(&id)`.
///
/// There is no option for refreshing in the background: that outlives the call, so every call would have to give up its
/// arguments and evaluate `tags`, hits included. A cache refreshes through the `Loader` it is built with, which may
/// call the same function that the body calls.
///
/// `cache`, `key` and `tags` borrow what they name while the body runs. A body that moves such an argument is told so by
/// the compiler, and wants `cache = app.users.clone()` (one reference count) or `key = id.clone()`.
///
/// The signature stays as it is: methods, generics, lifetimes, `impl Trait` arguments and borrowed arguments work,
/// and so do `?` and `return` in the body. The cache decides from the return type what is stored.
///
/// # Cancellation safety
/// That of the cache's `get_or_load`: a call that is dropped while it loads hands the load over to a call that waits.
#[proc_macro_attribute]
pub fn cached(options: TokenStream, function: TokenStream) -> TokenStream {
    expand::expand(options.into(), &function.into()).into()
}
