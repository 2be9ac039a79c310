//! White space and comments between tokens, and the case of words, change neither the class nor the fingerprint.

use forebay_sql::{Kind, Lexer, TokenKind, classify, fingerprint, statements};
use proptest::prelude::*;

const READ: &str = include_str!("corpus/read.sql");
const OTHERS: &str = include_str!("corpus/others.txt");

/// All statements of the corpus.
fn corpus() -> Vec<String> {
    let others = OTHERS.lines().filter(|line| !line.starts_with('#'));
    let others = others.filter_map(|line| line.splitn(3, '\t').nth(2)).map(|sql| sql.replace("\\n", "\n"));
    statements(READ).map(|(_, sql)| sql.to_owned()).chain(others).collect()
}

/// `sql` with `between` put around each token; a string followed by another would be continued over a line end, so no line end there.
fn spread(sql: &str, between: &[&str], change: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut last = TokenKind::Space;
    for (token, filler) in Lexer::new(sql).filter(|token| !token.is_trivia()).zip(between.iter().cycle()) {
        let strings = last == TokenKind::String && token.kind == TokenKind::String;
        out.push_str(if strings { " " } else { filler });
        match token.kind {
            TokenKind::Name | TokenKind::Keyword(_) => out.push_str(&change(token.text(sql))),
            _ => out.push_str(token.text(sql)),
        }
        last = token.kind;
    }
    if !matches!(last, TokenKind::Unterminated(_)) {
        out.push_str(between[0]);
    }
    out
}

fn codes(sql: &str) -> (Kind, Vec<&'static str>) {
    let class = classify(sql);
    (class.kind(), class.reasons().iter().map(|reason| reason.code()).collect())
}

proptest! {
    #[test]
    fn fillers_and_case_do_not_matter(
        which in 0..corpus().len(),
        between in prop::collection::vec(prop::sample::select(vec![" ", "\n", "\t\r\n", "/* x */", " -- y\n", "/*;/* ' */$$*/", " --';\r ", "\x0b"]), 1..8),
        upper in any::<bool>(),
    ) {
        let sql = &corpus()[which];
        let change = |word: &str| if upper { word.to_ascii_uppercase() } else { word.to_ascii_lowercase() };
        let spread = spread(sql, &between, change);
        prop_assert_eq!(codes(&spread), codes(sql), "{}", spread);
        prop_assert_eq!(fingerprint(&spread), fingerprint(sql), "{}", spread);
    }
}
