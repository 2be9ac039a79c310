//! One statement for many values, where it surely means the same.

mod any;
mod lateral;
mod written;

use super::{
    repetition::Fix,
    shape::{Shape, Verb},
};

/// A statement that is asked with other values in some of its places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Many<'a> {
    pub(super) shape: &'a Shape<'a>,
    /// The places, by their number among the sites.
    pub(super) changing: &'a [usize],
    /// The types of the parameters, where they are known.
    pub(super) types: Option<&'a [String]>,
    /// Whether values that are written into the text may be seen.
    pub(super) literals: bool,
}

impl Many<'_> {
    /// The type of a parameter whose array can be unnested: not itself an array.
    fn type_of(&self, parameter: usize) -> Option<&str> {
        let name = self.types?.get(parameter)?;
        (!name.starts_with('_')).then_some(name.as_str())
    }

    /// `unnest($1::int4[], …) AS batch(v1, …)` over these parameters.
    fn unnest(&self, parameters: &[usize]) -> Option<String> {
        let arrays =
            parameters.iter().map(|&number| Some(format!("${}::{}[]", number + 1, self.type_of(number)?)));
        let arrays = arrays.collect::<Option<Vec<_>>>()?.join(", ");
        let names: Vec<String> = (1..=parameters.len()).map(|number| format!("v{number}")).collect();
        Some(format!("unnest({arrays}) AS batch({})", names.join(", ")))
    }

    /// The changing parameters in their order, each once. `None` when a value is written into the text.
    fn parameters(&self) -> Option<Vec<usize>> {
        let numbers = self.changing.iter().map(|&at| self.shape.sites[at].parameter);
        let mut numbers = numbers.collect::<Option<Vec<_>>>()?;
        numbers.sort_unstable();
        numbers.dedup();
        Some(numbers)
    }
}

/// For a read whose values came from an earlier result.
pub(super) fn read(many: Many<'_>) -> Fix {
    any::fix(many).or_else(|| lateral::fix(many)).unwrap_or_else(|| Fix {
        what: "join it to the earlier statement, or ask for all values at once: FROM unnest(…) CROSS JOIN LATERAL (…)".into(),
        statement: None,
        caveats: vec!["no query that surely means the same could be written from the text alone".into()],
    })
}

/// For writes one by one.
pub(super) fn write(many: Many<'_>) -> Fix {
    let fix = match many.shape.verb {
        Verb::Insert => written::insert(many),
        _ => any::fix(many).or_else(|| written::update(many)),
    };
    fix.unwrap_or_else(|| Fix {
        what: "write all rows with one statement: INSERT … SELECT … FROM unnest(…), UPDATE … FROM unnest(…), or COPY".into(),
        statement: None,
        caveats: vec!["no statement that surely means the same could be written from the text alone".into()],
    })
}
