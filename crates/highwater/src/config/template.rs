//! The commented configuration that `init` writes, made from what the providers declare.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, TimeDelta};
use highwater_core::{DatasetSpec, Provider, Registry, Result, SettingDef, SettingKind, Settings};

/// The column that comments start at, where what they explain leaves room.
const COMMENTS: usize = 41;
const WIDTH: usize = 100;

/// A `highwater.toml` for the providers called `names`, all of them when none is named, that starts at the first of
/// `today`'s month.
///
/// # Errors
/// `Config` when a name is not known.
pub(crate) fn template(registry: &Registry, names: &[String], today: NaiveDate) -> Result<String> {
    let mut text = Text::default();
    for line in [
        "# Highwater: bring your usage home. Every key there is stands here. Behind a # stands what holds",
        "# when the key is left out, or an example where nothing does. Times are UTC.",
        "# Secrets are never written here: { env = \"NAME\" } or { file = \"/run/secrets/name\" } says where",
        "# to read them.",
        "",
        "[warehouse]",
    ] {
        text.bare(line);
    }
    text.key("url = \"warehouse\"", "a folder, or \"s3://bucket/prefix\"");
    text.key(
        "# conditional_writes = \"etag\"",
        "\"etag-unquoted\" for stores that want it so; \"disabled\": the store has none, one writer only",
    );
    text.key(
        "# raw_archive = true",
        "keep every answer as received: `highwater rebuild` makes tables of it anew",
    );
    text.key("# raw_retention = \"forever\"", "or for example \"400d\"; only final windows ever leave");
    text.key(
        "# shrink_tolerance = 0.10",
        "a later pull that loses more than this share of a measure is held until you decide",
    );
    text.bare("# [warehouse.options]");
    text.key("# aws_endpoint = \"http://127.0.0.1:9000\"", "for stores that are not Amazon's");
    text.key(
        "# aws_allow_http = \"true\"",
        "object_store's own names; AWS_* from the environment also count",
    );
    text.bare("\n# [daemon]");
    text.key("# listen = \"127.0.0.1:9180\"", "health, metrics and the status page");
    text.key("# grace = \"30s\"", "how long work in hand may take to end after a signal");
    text.key("# status_file = false", "true: status.html beside data/ in the warehouse");
    text.key(
        "# webhook = { env = \"HIGHWATER_WEBHOOK\" }",
        "told when something fails, is held or is about to be lost",
    );
    text.bare("\n[defaults]");
    text.key("schedule = \"0 10 * * * *\"", "second minute hour day month weekday: at ten past");
    let first = today.with_day(1).unwrap_or(today);
    text.key(&format!("start = \"{first}\""), "first day wanted; both also per source and per dataset");
    let all: Vec<String> = registry.iter().map(|provider| provider.name().to_owned()).collect();
    let mut written = BTreeSet::new();
    for name in if names.is_empty() { &all } else { names } {
        if written.insert(name) {
            source(registry.get(name)?.as_ref(), &mut text);
        }
    }
    Ok(text.0)
}

fn source(provider: &dyn Provider, text: &mut Text) {
    let name = provider.name();
    text.bare("");
    text.key("[[source]]", provider.title());
    text.key(&format!("name = \"{name}-main\""), "yours to choose, unique: a to z, digits, hyphens");
    text.bare(&format!("provider = \"{name}\""));
    let secrets = || provider.settings().iter().filter(|def| def.kind == SettingKind::Secret);
    // Where credentials come in several forms and none is required, the first form is the one to fill in.
    let form = if secrets().any(|def| def.required) { None } else { secrets().next() };
    for def in provider.settings() {
        text.key(&setting(def, def.required || Some(def) == form), def.description.trim_end_matches('.'));
    }
    text.key(
        &format!("# requests_per_second = {}", provider.requests_per_second()),
        "spaced evenly; what the provider grants, or less",
    );
    datasets(&provider.datasets(&Settings::default()), text);
}

fn setting(def: &SettingDef, is_wanted: bool) -> String {
    match (is_wanted, def.default) {
        (true, _) => format!("{} = {}", def.key, def.example),
        (false, Some(default)) if matches!(def.kind, SettingKind::Integer { .. } | SettingKind::Flag) => {
            format!("# {} = {default}", def.key)
        }
        (false, Some(default)) => format!("# {} = \"{default}\"", def.key),
        (false, None) => format!("# {} = {}", def.key, def.example),
    }
}

/// The datasets, on or off, and what each of them takes besides.
fn datasets(specs: &[DatasetSpec], text: &mut Text) {
    if let Some(spec) = specs.iter().find(|spec| !spec.live) {
        let revisits: Vec<String> = spec.revisits.iter().map(|age| format!("\"{}\"", age_of(*age))).collect();
        let (lag, revisits) = (age_of(spec.lag), revisits.join(", "));
        text.bare(
            "# Datasets, on or off. Each also takes schedule and start, and those that are not live take",
        );
        text.bare(&format!("# lag = \"{lag}\", revisit = [{revisits}]"));
    }
    for spec in specs {
        let grain = match spec.grains {
            [] | [_] => String::new(),
            _ => format!(", grain = \"{}\"", spec.grain),
        };
        let cost = if spec.per_resource { "; a request for each resource" } else { "" };
        text.key(
            &format!("# datasets.{} = {{ enabled = {}{grain} }}", spec.name, spec.enabled),
            &format!("{}{cost}", spec.description.trim_end_matches('.')),
        );
    }
}

/// A duration as the configuration takes it.
fn age_of(age: TimeDelta) -> String {
    if age.num_minutes() % 60 == 0 {
        format!("{}h", age.num_hours())
    } else {
        format!("{}m", age.num_minutes())
    }
}

/// The file as it grows.
#[derive(Default)]
struct Text(String);

impl Text {
    fn bare(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// A key with a comment beside it, going on below where it is long.
    fn key(&mut self, key: &str, comment: &str) {
        let mut left = key.to_owned();
        let mut line = String::new();
        // A key that leaves no column for it has its comment below.
        if left.len() > COMMENTS + 4 {
            self.bare(&left);
            left.clear();
        }
        for word in comment.split(' ') {
            let room = WIDTH - COMMENTS.max(left.len()) - " # ".len();
            if !line.is_empty() && line.len() + 1 + word.len() > room {
                self.beside(&left, &line);
                (left, line) = (String::new(), String::new());
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.beside(&left, &line);
    }

    fn beside(&mut self, left: &str, comment: &str) {
        self.bare(&format!("{left:<COMMENTS$} # {comment}"));
    }
}
