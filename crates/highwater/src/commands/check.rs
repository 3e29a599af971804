//! `check`: configuration, secrets, providers, warehouse, clocks, objects; says what to fix.

mod objects;

use highwater_core::{Error, ErrorKind, Probe, Result};
use highwater_load::StoreProbe;
use serde::Serialize;

use crate::args::{CheckArgs, Format, Global};
use crate::config::{Secrets, SourceConfig};
use crate::output::{Grid, note, print};
use crate::report::Exit;
use crate::session::Session;

/// More than this between a provider's clock and ours is worth a word: signatures are refused for less than a minute.
const TOLERATED_SKEW_SECONDS: i64 = 10;

/// One thing that was checked.
#[derive(Debug, Serialize)]
struct Check {
    what: String,
    ok: bool,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report {
    checks: Vec<Check>,
}

impl Check {
    fn passed(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { what: what.into(), ok: true, detail: detail.into(), hint: None }
    }

    fn result(&self) -> &'static str {
        match (self.ok, &self.hint) {
            (true, None) => "ok",
            (true, Some(_)) => "warning",
            (false, _) => "FAILED",
        }
    }

    /// Nothing fails, but somebody should know.
    fn warning(what: impl Into<String>, detail: String, hint: &str) -> Self {
        Self { what: what.into(), ok: true, detail, hint: Some(hint.to_owned()) }
    }

    fn failed(what: impl Into<String>, error: &Error) -> Self {
        let hint = match error.kind() {
            ErrorKind::Transient { .. } => "check base_url, the network and the provider's status page",
            _ => error.hint(),
        };
        Self { what: what.into(), ok: false, detail: error.chain(), hint: Some(hint.to_owned()) }
    }
}

pub(crate) async fn run(global: &Global, args: &CheckArgs) -> Result<Exit> {
    let session = Session::open(global, Secrets::Read)?;
    let mut checks = vec![Check::passed(
        "configuration",
        format!(
            "{} sources, {} datasets on",
            session.config.sources.len(),
            session.config.sources.iter().flat_map(SourceConfig::enabled).count()
        ),
    )];
    let mut refused = false;
    for source in &session.config.sources {
        let outcome = probe(&session, source).await;
        refused |= matches!(&outcome, Err(error) if error.kind() == ErrorKind::Auth);
        checks.push(match outcome {
            Ok(check) => check,
            Err(error) => Check::failed(format!("source {}", source.name), &error),
        });
    }
    checks.extend(warehouse(&session).await);
    let report = Report { checks };
    print(args.output.format, &report, || grid(&report))?;
    if args.output.format == Format::Table {
        for check in &report.checks {
            if let Some(hint) = &check.hint {
                note(&format!("{}: {hint}", check.what));
            }
        }
    }
    Ok(if refused {
        Exit::Refused
    } else if report.checks.iter().all(|check| check.ok) {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

async fn probe(session: &Session, config: &SourceConfig) -> Result<Check> {
    let what = format!("source {}", config.name);
    let source = session.connect(config, 1.0)?;
    let Probe { server_time } = source.extractor.probe().await?;
    let Some(server_time) = server_time else {
        return Ok(Check::passed(what, "answers; its clock is not told"));
    };
    let skew = (session.real_clock.now() - server_time).num_seconds();
    if skew.abs() <= TOLERATED_SKEW_SECONDS {
        return Ok(Check::passed(what, "answers; clocks agree"));
    }
    Ok(Check {
        what,
        ok: false,
        detail: format!(
            "answers, but this machine's clock is {} s {} the provider's",
            skew.abs(),
            if skew > 0 { "ahead of" } else { "behind" }
        ),
        hint: Some(
            "set this machine's clock (NTP): signed requests are refused when clocks differ".to_owned(),
        ),
    })
}

async fn warehouse(session: &Session) -> Vec<Check> {
    let what = format!("warehouse {}", session.config.warehouse.url);
    let probed = async {
        let warehouse = session.warehouse().await?;
        let probe = warehouse.probe().await?;
        Ok((warehouse, probe))
    };
    let (warehouse, probe) = match probed.await {
        Ok(probed) => probed,
        Err(error) => return vec![Check::failed(what, &error)],
    };
    let mut checks = vec![Check::passed(what, describe(probe))];
    match objects::objects(session, &warehouse).await {
        Ok(found) => checks.extend(found),
        Err(error) => checks.push(Check::failed("objects", &error)),
    }
    checks
}

fn describe(probe: StoreProbe) -> String {
    let mut text = "writes and reads".to_owned();
    text.push_str(match probe.conditional_writes {
        Some(_) => "; conditional writes hold",
        None => "; conditional writes are disabled: one writer only",
    });
    if probe.locks.is_some() {
        text.push_str("; the file system keeps locks");
    }
    text
}

fn grid(report: &Report) -> Grid {
    let mut grid = Grid::new(&["check", "result", "detail"]);
    for check in &report.checks {
        grid.row([check.what.clone(), check.result().to_owned(), check.detail.clone()]);
    }
    grid
}
