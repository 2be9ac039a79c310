use syn::{
    Attribute, Block, Error, Result, Signature, Token, TypeImplTrait, Visibility,
    parse::{Parse, ParseStream},
    spanned::Spanned,
    visit::Visit,
};

/// The function under the attribute: free, or a method.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Block,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(
                input.error("`#[cached]` needs a function with a body: the body is what loads the value")
            );
        }
        let function = Self { attributes, visibility, signature, body: input.parse()? };
        function.check()?;
        Ok(function)
    }
}

impl Function {
    fn check(&self) -> Result<()> {
        if self.signature.asyncness.is_none() {
            let text = "`#[cached]` needs an `async fn`: a call may have to wait for the value \
                        (under `#[async_trait]`, cache an inherent method and call that)";
            return Err(Error::new(self.signature.fn_token.span(), text));
        }
        let mut hidden = HiddenType(None);
        hidden.visit_return_type(&self.signature.output);
        match hidden.0 {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// Finds an `impl Trait` in a return type.
struct HiddenType(Option<Error>);

impl<'a> Visit<'a> for HiddenType {
    fn visit_type_impl_trait(&mut self, hidden: &'a TypeImplTrait) {
        let text = "a cached function must name the type it returns: the cache stores a value of it";
        self.0.get_or_insert_with(|| Error::new(hidden.span(), text));
    }
}
