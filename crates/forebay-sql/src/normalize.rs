//! One spelling for all texts that are the same statement with other values.

mod list;
mod spelling;

use list::List;

use crate::cursor::Cursor;
use crate::keyword::Keyword;
use crate::token::{Token, TokenKind, Unterminated};

/// The statement without its values: one spelling for all texts that differ only in
/// - literals and parameters, which all become `$?` (a driver that inlines values and one that binds them send the same statement);
///   `NULL` and `IS TRUE` are part of the statement, a sign before a number is part of the number;
/// - comments, white space, and semicolons that end nothing;
/// - the case of keywords and unquoted names, and quotes around names that do not need them;
/// - the length of `IN (…)`, `ARRAY[…]` and `VALUES` lists: neighbours that are spelled the same are written once.
///
/// Values never show in it, whatever the text: it may be logged.
///
/// ```
/// use forebay_sql::normalize;
///
/// let one = normalize("SELECT * FROM Users WHERE id IN (1, 2, 3) -- by id");
/// assert_eq!(one, "select * from users where id in ($?)");
/// assert_eq!(one, normalize("select * from \"users\" where id in ($1)"));
/// ```
#[must_use]
pub fn normalize(sql: &str) -> String {
    let mut writer = Writer {
        cursor: Cursor::new(sql),
        out: String::with_capacity(sql.len()),
        before: None,
        here: None,
        outer: Vec::new(),
        ended: false,
    };
    while let Some(token) = writer.cursor.next() {
        writer.token(token);
    }
    writer.end_list();
    writer.out
}

struct Writer<'a> {
    cursor: Cursor<'a>,
    out: String,
    /// The kind of the token written last.
    before: Option<TokenKind>,
    /// The list whose elements stand at the current depth.
    here: Option<List>,
    /// The lists of the depths around it.
    outer: Vec<Option<List>>,
    /// Whether a statement has ended behind what is written.
    ended: bool,
}

impl Writer<'_> {
    fn token(&mut self, token: Token) {
        match token.kind {
            TokenKind::Unterminated(Unterminated::Comment) => return,
            TokenKind::Semicolon => return self.end_statement(),
            TokenKind::Operator if self.is_sign(token) => return,
            _ => {}
        }
        if std::mem::take(&mut self.ended) {
            self.out.push(';');
        }
        match token.kind {
            TokenKind::Comma => self.end_element(),
            TokenKind::Close => self.end_depth(),
            TokenKind::Mark if self.text(token) == "]" => self.end_depth(),
            // The parenthesis of a row of VALUES.
            TokenKind::Open if self.here.is_some_and(|list| list.rows) => {}
            _ if self
                .here
                .is_some_and(|list| list.rows || (list.is_empty(&self.out) && begins_query(token.kind))) =>
            {
                self.end_list();
            }
            _ => {}
        }
        self.space(token.kind);
        self.spell(token);
        match token.kind {
            TokenKind::Open => self.begin_depth(self.before == Some(TokenKind::Keyword(Keyword::In))),
            TokenKind::Mark if self.text(token) == "[" => {
                self.begin_depth(self.before == Some(TokenKind::Keyword(Keyword::Array)));
            }
            TokenKind::Keyword(Keyword::Values) if self.cursor.peek_kind() == Some(TokenKind::Open) => {
                self.here = Some(List::rows(self.out.len()));
            }
            _ => {}
        }
        self.before = Some(token.kind);
    }

    fn text(&self, token: Token) -> &str {
        self.cursor.text(token)
    }

    /// Whether `token` is the sign of the number behind it.
    fn is_sign(&self, token: Token) -> bool {
        matches!(self.text(token), "+" | "-")
            && self.cursor.peek_kind() == Some(TokenKind::Number)
            && !self.before.is_some_and(spelling::ends_operand)
    }

    fn end_statement(&mut self) {
        self.end_list();
        self.outer.clear();
        self.ended |= self.before.is_some();
        self.before = None;
    }

    fn begin_depth(&mut self, list: bool) {
        let list = list.then(|| List::elements(self.out.len()));
        self.outer.push(std::mem::replace(&mut self.here, list));
    }

    fn end_depth(&mut self) {
        self.end_list();
        self.here = self.outer.pop().flatten();
    }

    fn end_element(&mut self) {
        if let Some(list) = &mut self.here {
            list.end_element(&mut self.out);
        }
    }

    fn end_list(&mut self) {
        self.end_element();
        self.here = None;
    }
}

const fn begins_query(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Keyword(Keyword::Select | Keyword::With | Keyword::Values | Keyword::Table))
}
