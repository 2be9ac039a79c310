use proc_macro2::{Span, TokenStream};
use syn::{
    Error, Expr, Ident, Result, Token,
    parse::{Parse, ParseStream},
};

/// What stands between the parentheses of `#[cached(…)]`.
pub(crate) struct Options {
    pub(crate) cache: Expr,
    pub(crate) key: Expr,
    pub(crate) ttl: Option<Expr>,
    pub(crate) tags: Option<Expr>,
    pub(crate) tags_from: Option<Expr>,
}

const NAMES: [&str; 5] = ["cache", "key", "ttl", "tags", "tags_from"];

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut values = NAMES.map(|_| None);
        let mut errors = Errors(None);
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            let value = if input.peek(Token![=]) {
                input.parse::<Token![=]>()?;
                input.parse()?
            } else {
                errors.add(Error::new(name.span(), format!("`{name}` needs a value: `{name} = …`")));
                // Takes the value's place; an error was noted, so it goes nowhere.
                Expr::Verbatim(TokenStream::new())
            };
            match NAMES.iter().position(|known| name == known) {
                None => errors.add(Error::new(name.span(), unknown(&name))),
                Some(at) if values[at].is_some() => {
                    errors.add(Error::new(name.span(), format!("`{name}` is given twice")));
                }
                Some(at) => values[at] = Some(value),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let [cache, key, ttl, tags, tags_from] = values;
        let cache = errors.required(cache, "cache", "which cache answers, such as `cache = app.users`");
        let key = errors.required(key, "key", "what the value is found under, such as `key = id`");
        match (cache, key, errors.0) {
            (Some(cache), Some(key), None) => Ok(Self { cache, key, ttl, tags, tags_from }),
            (.., Some(error)) => Err(error),
            // A missing value has left an error.
            _ => Err(Error::new(Span::call_site(), "`cache` and `key` are required")),
        }
    }
}

fn unknown(name: &Ident) -> String {
    let names = NAMES.map(|name| format!("`{name}`"));
    format!("unknown option `{name}`; there are {}", names.join(", "))
}

/// Every mistake is told at once.
struct Errors(Option<Error>);

impl Errors {
    fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// `value`, or an error that shows at the whole attribute.
    fn required(&mut self, value: Option<Expr>, name: &str, meaning: &str) -> Option<Expr> {
        if value.is_none() {
            let text = format!("`#[cached]` needs `{name}`: {meaning}");
            self.add(Error::new(Span::call_site(), text));
        }
        value
    }
}
