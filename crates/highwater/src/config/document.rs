//! Reading TOML with a memory for places: every value knows its line and its dotted key, and every complaint is
//! collected instead of ending the reading.

use std::cell::RefCell;
use std::ops::Range;

use toml_edit::{Item, TableLike, Value};

/// One complaint about the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The dotted key.
    pub(crate) key: String,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hint: String,
}

/// The text, and what has been found wrong in it.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    text: &'a str,
    complaints: RefCell<Vec<Complaint>>,
}

impl<'a> Document<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, complaints: RefCell::default() }
    }

    /// The line, from 1, on which `span` starts.
    pub(crate) fn line(&self, span: Option<Range<usize>>) -> usize {
        let start = span.map_or(0, |span| span.start).min(self.text.len());
        1 + self.text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count()
    }

    pub(crate) fn complain(
        &self,
        line: usize,
        key: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let complaint = Complaint { line, key: key.to_owned(), message: message.into(), hint: hint.into() };
        self.complaints.borrow_mut().push(complaint);
    }

    /// All complaints, by line.
    pub(crate) fn into_complaints(self) -> Vec<Complaint> {
        let mut complaints = self.complaints.into_inner();
        complaints.sort_by_key(|complaint| complaint.line);
        complaints
    }
}

/// A table whose keys are taken one by one; what nobody took is unknown.
pub(crate) struct Section<'a> {
    document: &'a Document<'a>,
    table: Option<&'a dyn TableLike>,
    path: String,
    line: usize,
    taken: RefCell<Vec<String>>,
}

/// One value and its place.
pub(crate) struct Node<'a> {
    document: &'a Document<'a>,
    item: &'a Item,
    pub(crate) key: String,
    pub(crate) line: usize,
}

impl<'a> Section<'a> {
    pub(crate) fn root(document: &'a Document<'a>, table: &'a dyn TableLike) -> Self {
        Self { document, table: Some(table), path: String::new(), line: 1, taken: RefCell::default() }
    }

    /// The dotted key of `key` in this section.
    pub(crate) fn dotted(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Takes the value of `key`, if it is given.
    pub(crate) fn take(&self, key: &str) -> Option<Node<'a>> {
        self.taken.borrow_mut().push(key.to_owned());
        let table = self.table?;
        let item = table.get(key).filter(|item| !item.is_none())?;
        let key_span = table.key(key).and_then(toml_edit::Key::span);
        let line = self.document.line(key_span.or_else(|| item.span()));
        Some(Node { document: self.document, item, key: self.dotted(key), line })
    }

    /// Takes the table under `key`; an empty one when it is not given.
    pub(crate) fn section(&self, key: &str) -> Section<'a> {
        let missing = || Section {
            document: self.document,
            table: None,
            path: self.dotted(key),
            line: self.line,
            taken: RefCell::default(),
        };
        self.take(key).map_or_else(missing, |node| node.into_section().unwrap_or_else(missing))
    }

    /// The keys given.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.table.map(|table| table.iter().map(|(key, _)| key.to_owned()).collect()).unwrap_or_default()
    }

    /// Complains about `key`, at its own line when it is given, else at the section's.
    pub(crate) fn complain(&self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        let given = self.table.and_then(|table| table.key(key)).and_then(toml_edit::Key::span);
        let line = given.map_or(self.line, |span| self.document.line(Some(span)));
        self.document.complain(line, &self.dotted(key), message, hint);
    }

    /// Complains about every key that nobody took, naming the nearest of those that could be.
    pub(crate) fn finish(self) {
        let taken = self.taken.borrow();
        for key in self.keys().iter().filter(|key| !taken.contains(key)) {
            let known = taken.iter().map(String::as_str);
            let hint = nearest(key, known).map_or_else(
                || format!("remove it; known here are: {}", taken.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            self.complain(key, format!("unknown key `{key}`"), hint);
        }
    }
}

impl<'a> Node<'a> {
    pub(crate) fn complain(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.document.complain(self.line, &self.key, message, hint);
    }

    fn wrong_type<T>(&self, wanted: &str, example: &str) -> Option<T> {
        self.complain(
            format!("must be {wanted}, not {}", self.item.type_name()),
            format!("for example {example}"),
        );
        None
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        self.item.as_str().or_else(|| self.wrong_type("text", "\"…\" in quotes"))
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        self.item.as_bool().or_else(|| self.wrong_type("true or false", "true"))
    }

    pub(crate) fn integer(&self) -> Option<i64> {
        self.item.as_integer().or_else(|| self.wrong_type("a whole number", "100"))
    }

    pub(crate) fn number(&self) -> Option<f64> {
        let whole = self.item.as_integer().and_then(|whole| i32::try_from(whole).ok()).map(f64::from);
        whole.or_else(|| self.item.as_float()).or_else(|| self.wrong_type("a number", "0.5"))
    }

    pub(crate) fn texts(&self) -> Option<Vec<String>> {
        let array = self.item.as_array().or_else(|| self.wrong_type("a list of texts", "[\"a\", \"b\"]"))?;
        let texts: Option<Vec<String>> =
            array.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        texts.or_else(|| self.wrong_type("a list of texts", "[\"a\", \"b\"]"))
    }

    pub(crate) fn is_text(&self) -> bool {
        self.item.is_str()
    }

    pub(crate) fn is_table(&self) -> bool {
        self.item.as_table_like().is_some()
    }

    pub(crate) fn into_section(self) -> Option<Section<'a>> {
        match self.item.as_table_like() {
            Some(table) => Some(Section {
                document: self.document,
                table: Some(table),
                path: self.key,
                line: self.line,
                taken: RefCell::default(),
            }),
            None => self.wrong_type("a table", "{ … }"),
        }
    }

    /// The tables of a `[[key]]` list, each with its number from 1 in its path.
    pub(crate) fn into_sections(self) -> Vec<Section<'a>> {
        type Tables<'t> = Vec<(&'t dyn TableLike, Option<Range<usize>>)>;
        let tables: Option<Tables<'_>> = match self.item {
            Item::ArrayOfTables(tables) => {
                Some(tables.iter().map(|table| (table as &dyn TableLike, table.span())).collect())
            }
            Item::Value(Value::Array(values)) => values
                .iter()
                .map(|value| value.as_inline_table().map(|table| (table as &dyn TableLike, table.span())))
                .collect(),
            _ => None,
        };
        let Some(tables) = tables else {
            self.wrong_type::<()>("a list of tables", &format!("[[{}]]", self.key));
            return Vec::new();
        };
        let number = |index: usize| format!("{}[{}]", self.key, index + 1);
        let section = |(index, (table, span)): (usize, (&'a dyn TableLike, Option<Range<usize>>))| Section {
            document: self.document,
            table: Some(table),
            path: number(index),
            line: self.document.line(span),
            taken: RefCell::default(),
        };
        tables.into_iter().enumerate().map(section).collect()
    }
}

/// The word of `known` that `word` was most likely meant to be, if any is near.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let near = |candidate: &&str| {
        let slips = strsim::damerau_levenshtein(word, candidate);
        slips <= 1.max(candidate.len() / 4) || strsim::jaro_winkler(word, candidate) > 0.85
    };
    known.filter(near).min_by_key(|candidate| strsim::damerau_levenshtein(word, candidate))
}
