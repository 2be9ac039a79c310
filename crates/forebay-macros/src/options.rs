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
    pub(crate) when: Option<Expr>,
    /// The name of the function that forgets.
    pub(crate) invalidate: Option<Ident>,
    /// The name of the function that looks in memory.
    pub(crate) peek: Option<Ident>,
    /// Those of [`FLAGS`] that are given.
    pub(crate) flags: Vec<Ident>,
}

const NAMES: [&str; 8] = ["cache", "key", "ttl", "tags", "tags_from", "when", "invalidate", "peek"];

/// Options without a value, each the name of a method.
const FLAGS: [&str; 3] = ["memory_only", "skip_memory", "read_only"];

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut values = NAMES.map(|_| None);
        let mut flags = Vec::new();
        let mut errors = Errors(None);
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            if FLAGS.iter().any(|flag| name == flag) {
                errors.flag(name, input, &mut flags)?;
                continue;
            }
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
        let [cache, key, ttl, tags, tags_from, when, invalidate, peek] = values;
        let invalidate = errors.name(invalidate, "invalidate", "forget");
        let peek = errors.name(peek, "peek", "peek");
        let cache = errors.required(cache, "cache", "which cache answers, such as `cache = app.users`");
        let key = errors.required(key, "key", "what the value is found under, such as `key = id`");
        match (cache, key, errors.0) {
            (Some(cache), Some(key), None) => {
                Ok(Self { cache, key, ttl, tags, tags_from, when, invalidate, peek, flags })
            }
            (.., Some(error)) => Err(error),
            // A missing value has left an error.
            _ => Err(Error::new(Span::call_site(), "`cache` and `key` are required")),
        }
    }
}

fn unknown(name: &Ident) -> String {
    let names: Vec<_> = NAMES.iter().chain(&FLAGS).map(|name| format!("`{name}`")).collect();
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

    /// Takes an option without a value, and the comma after it.
    fn flag(&mut self, name: Ident, input: ParseStream<'_>, flags: &mut Vec<Ident>) -> Result<()> {
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            input.parse::<Expr>()?;
            self.add(Error::new(
                name.span(),
                format!("`{name}` takes no value; `when = …` takes a condition"),
            ));
        } else if flags.contains(&name) {
            self.add(Error::new(name.span(), format!("`{name}` is given twice")));
        } else {
            flags.push(name);
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok(())
    }

    /// The name of a function to make, told from `value`.
    fn name(&mut self, value: Option<Expr>, name: &str, verb: &str) -> Option<Ident> {
        let value = value?;
        let ident = match &value {
            Expr::Path(path) if path.attrs.is_empty() => path.path.get_ident(),
            _ => None,
        };
        if ident.is_none() && !matches!(&value, Expr::Verbatim(_)) {
            let text = format!("`{name}` names the function to make, such as `{name} = {verb}_user`");
            self.add(Error::new_spanned(&value, text));
        }
        ident.cloned()
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
