//! `init`: writes a commented configuration; overwrites nothing.

use std::io::Write as _;

use highwater_core::{Clock as _, Error, ErrorKind, Result};
use highwater_http::SystemClock;

use crate::args::{Global, InitArgs};
use crate::config::template::template;
use crate::output::note;
use crate::providers::providers;
use crate::report::Exit;
use crate::session::unknown;

pub(crate) fn run(global: &Global, args: &InitArgs) -> Result<Exit> {
    let today = global.now.unwrap_or_else(|| SystemClock.now()).date_naive();
    let registry = providers();
    if let Some(name) = args.provider.iter().find(|name| registry.get(name).is_err()) {
        let known: Vec<&str> = registry.iter().map(|provider| provider.name()).collect();
        return Err(unknown("provider", name, known.into_iter()));
    }
    let text = template(&registry, &args.provider, today)?;
    let path = &global.config;
    let refused = |source: std::io::Error| {
        let exists = source.kind() == std::io::ErrorKind::AlreadyExists;
        let hint = if exists {
            "edit it, or name another file with --config"
        } else {
            "name another file with --config"
        };
        Error::new(ErrorKind::Config, format!("cannot write `{}`", path.display()))
            .with_hint(hint)
            .with_source(source)
    };
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(refused)?;
    file.write_all(text.as_bytes()).map_err(refused)?;
    note(&format!("wrote {}", path.display()));
    note("next: put the secrets it names into the environment, then run `highwater check`");
    Ok(Exit::Done)
}
