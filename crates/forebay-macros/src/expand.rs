use crate::{companions::companions, function::Function, options::Options};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Expr, ExprMethodCall, ExprReference, ReturnType, Token, parse_quote_spanned, spanned::Spanned,
    token::Paren,
};

/// The function with its body behind the cache, or as it was and an error that points at what is wrong.
pub(crate) fn expand(options: TokenStream, function: &TokenStream) -> TokenStream {
    let parsed = match (syn::parse2::<Options>(options), syn::parse2::<Function>(function.clone())) {
        (Ok(options), Ok(parsed)) => Ok((options, parsed)),
        (Err(mut error), Err(other)) => {
            error.combine(other);
            Err(error)
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    match parsed {
        Ok((options, parsed)) => rewrite(&options, &parsed),
        Err(error) => {
            // The function stays, so that its callers do not fail as well, and is not warned about.
            let error = error.into_compile_error();
            quote! { #error #[allow(unused_variables, unused_mut)] #function }
        }
    }
}

fn rewrite(options: &Options, function: &Function) -> TokenStream {
    let Function { attributes, visibility, signature, body } = function;
    // What the cache makes of the return type is reported there.
    let (output, returns) = match &signature.output {
        ReturnType::Default => (at(signature.ident.span()), quote! { () }),
        ReturnType::Type(_, returns) => (at(returns.span()), returns.to_token_stream()),
    };
    let mut call =
        method_call(options.cache.clone(), "entry", &options.cache, Some(borrowed(&options.key)), output);
    if let Some(when) = &options.when {
        call = method_call(call, "when", when, Some(when.clone()), output);
    }
    for flag in &options.flags {
        let about = parse_quote_spanned! {flag.span()=> #flag };
        call = method_call(call, &flag.to_string(), &about, None, output);
    }
    if let Some(ttl) = &options.ttl {
        call = method_call(call, "ttl", ttl, Some(ttl.clone()), output);
    }
    if let Some(tags) = &options.tags {
        call =
            method_call(call, "tags", tags, Some(parse_quote_spanned! {at(tags.span())=> || #tags }), output);
    }
    if let Some(tags) = &options.tags_from {
        call = method_call(call, "tags_from", tags, Some(tags.clone()), output);
    }
    let companions = companions(options, function, &returns);
    quote_spanned! {output=>
        #(#attributes)*
        #visibility #signature {
            #call.get_or_load(async || -> #returns #body).await
        }
        #companions
    }
}

/// `receiver.name(argument)`, as a syntax tree: that puts the parentheses where precedence needs them. That there is no
/// such method is reported at the expression it is about.
pub(crate) fn method_call(
    receiver: Expr,
    name: &str,
    about: &Expr,
    argument: Option<Expr>,
    place: Span,
) -> Expr {
    Expr::MethodCall(ExprMethodCall {
        attrs: Vec::new(),
        receiver: Box::new(receiver),
        dot_token: Token![.](place),
        method: Ident::new(name, at(about.span())),
        turbofish: None,
        paren_token: Paren(place),
        args: argument.into_iter().collect(),
    })
}

pub(crate) fn borrowed(expr: &Expr) -> Expr {
    Expr::Reference(ExprReference {
        attrs: Vec::new(),
        and_token: Token![&](at(expr.span())),
        mutability: None,
        expr: Box::new(expr.clone()),
    })
}

/// A place in the user's code, for a token that the user did not write.
pub(crate) fn at(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}
