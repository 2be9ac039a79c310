use crate::{
    expand::{at, borrowed, method_call},
    function::Function,
    options::Options,
};
use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::{Attribute, Expr, ReturnType, Signature, parse_quote_spanned};

/// The functions beside the cached one that the options name: same arguments, same cache, same key.
pub(crate) fn companions(options: &Options, function: &Function, returns: &TokenStream) -> TokenStream {
    let forgets = options.invalidate.as_ref().map(|name| {
        let about = format!(
            "Forgets what [`{}`] keeps for these arguments, as `Cache::invalidate` does.",
            function.signature.ident
        );
        let signature =
            Signature { ident: name.clone(), output: ReturnType::Default, ..function.signature.clone() };
        let call = call("invalidate", name, options);
        companion(function, name, &about, &signature, &quote_spanned! {at(name.span())=> #call.await; })
    });
    let peeks = options.peek.as_ref().map(|name| {
        let about = format!(
            "What memory has for [`{}`] with these arguments, as that would return it; see `Cache::peek`.",
            function.signature.ident
        );
        let place = at(name.span());
        let signature = Signature {
            ident: name.clone(),
            asyncness: None,
            output: parse_quote_spanned! {place=> -> ::core::option::Option<#returns> },
            ..function.signature.clone()
        };
        let call = call("peek_as", name, options);
        companion(function, name, &about, &signature, &quote_spanned! {place=> #call })
    });
    [forgets, peeks].into_iter().flatten().collect()
}

fn companion(
    function: &Function,
    name: &Ident,
    about: &str,
    signature: &Signature,
    body: &TokenStream,
) -> TokenStream {
    let visibility = &function.visibility;
    // Where the function is not, neither are these.
    let conditions = function.attributes.iter().filter(|attribute| is_condition(attribute));
    quote_spanned! {at(name.span())=>
        #(#conditions)*
        #[doc = #about]
        #[allow(unused_variables, unused_mut, reason = "it takes what the cached function takes")]
        #visibility #signature { #body }
    }
}

fn is_condition(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
}

/// `cache.method(&key)`.
fn call(method: &str, name: &Ident, options: &Options) -> Expr {
    let receiver = options.cache.clone();
    method_call(receiver, method, &options.cache, Some(borrowed(&options.key)), at(name.span()))
}
