//! `fetch`: any one operation, normalised or as received; writes nothing.

use std::sync::Arc;

use highwater_core::{
    Column, DatasetSpec, Error, ErrorKind, Grain, OperationSpec, PageRequest, Result, Window, format_instant,
};
use highwater_load::Keep;
use highwater_pipeline::{Admission, Puller};
use highwater_transform::{Normalised, TableBatch};

use crate::args::{FetchArgs, Format, Global, describe_range};
use crate::cells;
use crate::config::Secrets;
use crate::output::{Grid, counted, note, print_bytes, print_json, print_text};
use crate::report::Exit;
use crate::session::{Session, new_run_id, unknown};
use crate::signals::stop_token;

pub(crate) async fn run(global: &Global, args: &FetchArgs) -> Result<Exit> {
    let is_question = args.operation == "help";
    let session = Session::open(global, if is_question { Secrets::LeaveAlone } else { Secrets::Read })?;
    let config = session.source(&args.source)?;
    if is_question {
        return list(session.decoder(config)?.operations(), args.output.format).map(|()| Exit::Done);
    }
    let source = session.connect(config, 1.0)?;
    let operations = source.extractor.operations();
    let Some(operation) = operations.iter().find(|operation| operation.name == args.operation) else {
        return Err(unknown("operation", &args.operation, operations.iter().map(|operation| operation.name)));
    };
    let dataset = config.datasets.iter().find(|dataset| dataset.spec.name.as_str() == operation.dataset);
    let spec = &dataset.expect("every operation names one of its provider's datasets").spec;
    let request = request(args, operation, spec, session.clock.now())?;
    let there = spec.step.floor(session.clock.now() - spec.lag);
    let is_too_new = operation.takes_window && request.window.end() > there;
    if operation.takes_window {
        note(&describe_range(request.window));
    }
    let puller = Puller {
        extractor: source.extractor,
        source: args.source.clone(),
        spec: Arc::new(spec.clone()),
        run_id: new_run_id(),
        clock: Arc::clone(&session.clock),
        admission: Arc::new(Admission::new(1, stop_token()?)),
        check_buckets: false,
    };
    let keep = if args.raw { Keep::Pages } else { Keep::Nothing };
    let outcome = puller.follow(request.window, &[request], keep).await;
    if args.raw {
        let (pages, error) = match outcome {
            Ok(pulled) => (pulled.pages, None),
            Err(failure) => (failure.pages, Some(failure.error)),
        };
        let pages = pages.into_pages().unwrap_or_default();
        for page in &pages {
            print_bytes(&page.body)?;
            print_bytes(b"\n")?;
        }
        return match error {
            Some(error) if pages.is_empty() => Err(error),
            _ => Ok(Exit::Done),
        };
    }
    let normalised = outcome
        .map_err(|failure| match failure.error.kind() {
            ErrorKind::Mismatch if is_too_new => {
                let hint =
                    format!("the provider has it up to {} by now: ask for no more", format_instant(there));
                failure.error.with_hint(hint)
            }
            // An answer that was asked for from its middle is never whole.
            ErrorKind::Mismatch => failure.error.with_hint("--raw prints what was received as it is"),
            _ => failure.error,
        })?
        .normalised;
    show(&normalised, args.output.format)?;
    if normalised.tables.iter().all(|table| table.batch.num_rows() == 0) {
        note("no rows; --raw shows what the provider answered");
    }
    for reject in &normalised.rejects {
        note(&format!("rejected {}: {}", reject.path, reject.reason));
    }
    for (field, count) in &normalised.unknown_fields {
        note(&format!("unknown field {field} ({})", counted(*count, "time")));
    }
    Ok(Exit::Done)
}

fn list(operations: &[OperationSpec], format: Format) -> Result<()> {
    let mut grid = Grid::new(&["operation", "call", "takes", "parameters"]);
    for operation in operations {
        let id = operation.takes_id.then_some("--id");
        let window = operation.takes_window.then_some("--from --to");
        let takes: Vec<&str> = id.into_iter().chain(window).collect();
        grid.row([
            operation.name.to_owned(),
            operation.call.to_owned(),
            takes.join(" "),
            operation.params.join(" "),
        ]);
    }
    print_text(&grid.rendered(format)?)?;
    if format == Format::Table {
        note(
            "parameters are given as --param NAME=VALUE; without --from and --to the newest window is asked for",
        );
    }
    Ok(())
}

fn request(
    args: &FetchArgs,
    operation: &OperationSpec,
    spec: &DatasetSpec,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<PageRequest> {
    let refused =
        |message: String, hint: &'static str| Err(Error::new(ErrorKind::Config, message).with_hint(hint));
    let name = operation.name;
    if operation.takes_id != args.id.is_some() {
        return if operation.takes_id {
            refused(format!("operation `{name}` asks about one resource"), "name it with --id")
        } else {
            refused(
                format!("operation `{name}` takes no --id"),
                "leave --id out; filters are given with --param",
            )
        };
    }
    if let Some((key, _)) = args.param.iter().find(|(key, _)| !operation.params.contains(&key.as_str())) {
        return Err(unknown("parameter", key, operation.params.iter().copied()));
    }
    let window = match args.range.window()? {
        Some(_) if !operation.takes_window => {
            return refused(format!("operation `{name}` takes no range"), "leave --from and --to out");
        }
        Some(window) if !window.is_aligned(Grain::Hour) => {
            return refused("--from and --to must be full hours".to_owned(), "providers count by the hour");
        }
        Some(window) => window,
        None if spec.live => {
            Window::of(Grain::Minute.floor(now) - chrono::TimeDelta::hours(1), Grain::Minute.floor(now))
        }
        None => {
            let end = spec.step.floor(now - spec.lag);
            Window::of(end - spec.step.duration(), end)
        }
    };
    let mut request = PageRequest::new(name, window);
    request.id.clone_from(&args.id);
    for (key, value) in &args.param {
        request = request.with_param(key, value);
    }
    Ok(request)
}

fn show(normalised: &Normalised, format: Format) -> Result<()> {
    let tables = normalised.tables.iter().filter(|table| table.batch.num_rows() > 0);
    let tables = tables.map(TableBatch::plain).collect::<Result<Vec<_>>>()?;
    if format == Format::Json {
        let by_table = tables
            .iter()
            .map(|table| Ok((table.table.name().to_owned(), cells::json_rows(&table.batch)?.into())));
        return print_json(&by_table.collect::<Result<serde_json::Map<String, serde_json::Value>>>()?);
    }
    for (index, table) in tables.iter().enumerate() {
        if index > 0 {
            print_text("\n")?;
        }
        if format == Format::Table {
            print_text(&format!("{} ({})\n", table.table, counted(table.batch.num_rows() as u64, "row")))?;
        }
        // Every row of an answer has these alike; people asked for them themselves.
        let alike: &[Column] = match format {
            Format::Table => &[Column::Source, Column::Dataset, Column::ExtractedAt, Column::RunIdColumn],
            _ => &[],
        };
        print_text(&cells::grid(&cells::without(&table.batch, alike)?)?.rendered(format)?)?;
    }
    Ok(())
}
