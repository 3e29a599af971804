//! `schemas/README.md`: its text is written by hand, its index of tables is made.

use highwater_core::{Registry, Table};

use super::specs::datasets;

const TEXT: &str = include_str!("../../../../schemas/README.md");
const BEGIN: &str = "<!-- index: generated -->\n";
const END: &str = "<!-- end of index -->\n";

/// The page, its index brought up to date.
pub(super) fn readme(registry: &Registry) -> String {
    let (before, rest) = TEXT.split_once(BEGIN).expect("the page says where its index begins");
    let (_, after) = rest.split_once(END).expect("the page says where its index ends");
    format!("{before}{BEGIN}\n{}\n{END}{after}", index(registry))
}

fn index(registry: &Registry) -> String {
    let specs = datasets(registry);
    let mut text = "| table | one row | fed by |\n|---|---|---|\n".to_owned();
    for table in Table::ALL {
        let feeding: Vec<String> = specs
            .iter()
            .filter(|(_, spec)| spec.tables().any(|fed| fed == *table))
            .map(|(provider, spec)| format!("{} `{}`", provider.name(), spec.name))
            .collect();
        let feeding = match table.def().kind {
            highwater_core::TableKind::Record => "Highwater itself".to_owned(),
            _ if feeding.is_empty() => "–".to_owned(),
            _ => feeding.join(", "),
        };
        text.push_str(&format!(
            "| [`{table}`](tables/{table}.md) | {} | {feeding} |\n",
            table.def().description
        ));
    }
    text
}
