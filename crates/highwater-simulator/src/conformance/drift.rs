//! Cases about answers that are not what we model.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use highwater_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::json_place::{beside, edit, without_indexes};
use super::pull::Pull;
use super::stage::Stage;
use super::subject::{RequiredField, Subject};
use super::verdict::{Breach, Outcome, Verdict, ensure};
use crate::fault::Fault;

const UNHEARD_OF: &str = "zz_unheard_of";

/// A page of HTML with status 200 is `Drift`, and is asked for once.
pub async fn html_where_json_should_be_is_drift(subject: &Subject) -> Outcome {
    let stage = Stage::with(subject, Fault::html()).await?;
    due_drift(stage.source.pull().await)?;
    ensure(stage.asked() == 1, || format!("the page was asked for {} times", stage.asked()))?;
    Ok(Verdict::Kept)
}

/// A new field beside each required one changes no row and is counted under its path without indexes.
pub async fn an_unknown_field_is_tolerated_and_counted(subject: &Subject) -> Outcome {
    let stage = Stage::open(subject).await?;
    let expected = stage.pull().await?.sink.settled(&stage.source.spec);
    for field in subject.required {
        let edited = pull_edited(subject, *field, |object, _| {
            object.insert(UNHEARD_OF.to_owned(), json!({"deep": [1, null, "x"]}));
        });
        let (pull, edits) = edited.await?;
        let sink = pull?.sink;
        ensure(sink.settled(&stage.source.spec) == expected, || {
            format!("the rows changed with a new field beside `{}`", field.path)
        })?;
        let path = beside(field.path, UNHEARD_OF);
        let counted = sink.unknown_fields.get(&path).copied().unwrap_or_default();
        ensure(counted == edits, || {
            format!("`{path}` was sent {edits} times; counted were {:?}", sink.unknown_fields)
        })?;
    }
    Ok(Verdict::Kept)
}

/// Each required field, taken out of all its places, fails the window; the error names `operation` and `path`.
pub async fn a_missing_required_field_is_drift_that_names_operation_and_path(subject: &Subject) -> Outcome {
    for field in subject.required {
        let edited = pull_edited(subject, *field, |object, name| {
            object.remove(name);
        });
        names_its_place(edited.await?.0, *field)?;
    }
    Ok(Verdict::Kept)
}

/// Each required field, turned into an object, or an object into a list, fails the window in the same way.
pub async fn a_value_of_another_type_is_drift_that_names_operation_and_path(subject: &Subject) -> Outcome {
    for field in subject.required {
        let edited = pull_edited(subject, *field, |object, name| {
            let is_object = object.get(name).is_some_and(Value::is_object);
            let another = if is_object { json!(["another type"]) } else { json!({"another": "type"}) };
            object.insert(name.to_owned(), another);
        });
        names_its_place(edited.await?.0, *field)?;
    }
    Ok(Verdict::Kept)
}

/// Pulls the window while every object that has `field` is edited. Returns how many were.
async fn pull_edited(
    subject: &Subject,
    field: RequiredField,
    act: impl Fn(&mut Map<String, Value>, &str) + Copy + Send + Sync + 'static,
) -> Result<(Result<Pull>, u64), Breach> {
    let edits = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&edits);
    let fault = Fault::edit_json(move |page| {
        let edits = edit(page, field.path, &mut |object, name| act(object, name));
        counted.fetch_add(edits, Ordering::Relaxed);
    });
    let stage = Stage::with(subject, fault).await?;
    let pull = stage.source.pull().await;
    let edits = edits.load(Ordering::Relaxed);
    ensure(edits > 0, || format!("no page under test has `{}`", field.path))?;
    Ok((pull, edits))
}

fn due_drift(pull: Result<Pull>) -> Result<Error, Breach> {
    match pull {
        Ok(pull) => Err(Breach::new(format!(
            "the window loaded with {} rows and {} rejects where drift was due",
            pull.sink.rows.len(),
            pull.sink.rejects.len()
        ))),
        Err(error) if error.kind() == ErrorKind::Drift => Ok(error),
        Err(error) => Err(Breach::new(format!(
            "drift was due and came as {}: {}",
            error.kind().as_str(),
            error.chain()
        ))),
    }
}

fn names_its_place(pull: Result<Pull>, field: RequiredField) -> Result<(), Breach> {
    let error = due_drift(pull).map_err(|breach| Breach::new(format!("`{}`: {breach}", field.path)))?;
    let text = without_indexes(&error.chain());
    let (operation, path) = (format!("operation=`{}`", field.operation), format!("path=`{}`", field.path));
    ensure(text.contains(&operation) && text.contains(&path), || {
        format!("{operation} and {path} are not named by: {}", error.chain())
    })
}
