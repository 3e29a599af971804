//! The commented configuration that `init` writes, made from what the providers declare.

use chrono::{Datelike, NaiveDate};
use highwater_core::{Provider, Registry, Result, SettingDef, SettingKind};

/// A `highwater.toml` for the providers called `names`, all of them when none is named, that starts at the first of
/// `today`'s month.
///
/// # Errors
/// `Config` when a name is not known.
pub(crate) fn template(registry: &Registry, names: &[String], today: NaiveDate) -> Result<String> {
    let mut text = format!(
        r#"# Highwater: bring your usage home. Every key is explained in the README.
# Times are UTC. Secrets stand in the environment or in files, never here.

[warehouse]
url = "warehouse"                         # a folder, or "s3://bucket/prefix"
# conditional_writes = "etag"             # "etag-unquoted" for stores that want it so; "disabled": one writer only
# raw_archive = true                      # keep every answer as received: lets `highwater rebuild` repair history
# raw_retention = "forever"               # or "400d"; only final windows ever leave
# shrink_tolerance = 0.10                 # a later pull that loses more than this share is held for you to decide
# [warehouse.options]                     # object_store's own names; AWS_* from the environment also count
# aws_endpoint = "http://127.0.0.1:9000"
# aws_allow_http = "true"

# [daemon]
# listen = "127.0.0.1:9180"
# grace = "30s"
# status_file = false
# webhook = {{ env = "HIGHWATER_WEBHOOK" }}

[defaults]                                # each also per source and per dataset
schedule = "0 10 * * * *"                 # second minute hour day month weekday, UTC
start = "{}"                      # first day wanted
"#,
        today.with_day(1).unwrap_or(today)
    );
    let all = registry.iter().map(|provider| provider.name().to_owned()).collect::<Vec<_>>();
    for name in if names.is_empty() { &all } else { names } {
        text.push_str(&source(registry.get(name)?.as_ref()));
    }
    Ok(text)
}

fn source(provider: &dyn Provider) -> String {
    let name = provider.name();
    let mut text = format!("\n[[source]]                                # {}\n", provider.title());
    let mut line = |left: String, note: &str| text.push_str(&format!("{left:<41} # {note}\n"));
    line(format!("name = \"{name}-main\""), "unique; [a-z0-9][a-z0-9-]*");
    line(format!("provider = \"{name}\""), "");
    let secrets = || provider.settings().iter().filter(|def| def.kind == SettingKind::Secret);
    // Where credentials come in several forms and none is required, the first form is the one to fill in.
    let form = if secrets().any(|def| def.required) { None } else { secrets().next() };
    for def in provider.settings() {
        line(setting(def, def.required || Some(def) == form), def.description);
    }
    line(format!("# requests_per_second = {}", provider.requests_per_second()), "spaced evenly");
    let text = text.replace(" # \n", "\n");
    let trimmed: Vec<&str> = text.lines().map(str::trim_end).collect();
    trimmed.join("\n") + "\n"
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
