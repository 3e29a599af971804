//! The command `video.usage`: rows of one calendar day or month, filtered, doubled and paged.

use chrono::{DateTime, Utc};

use super::answer;
use super::behaviour::{CountMeaning, NumberForm, ScaleEngineBehaviour};
use super::call::Call;
use super::failure::Failure;
use super::figures::Usage;
use super::php_json::Json;
use super::query::Query;
use super::world::{App, World};

struct Row<'a> {
    video_url: &'a str,
    usage: Usage,
}

pub(super) fn answer(
    world: &World,
    call: &Call,
    now: DateTime<Utc>,
    behaviour: &ScaleEngineBehaviour,
    handle_time: String,
) -> Result<Json, Failure> {
    let query = Query::parse(call, behaviour)?;
    let rows = rows(world, &query, now, behaviour);
    let page: Vec<Json> = rows
        .iter()
        .skip(query.offset)
        .take(query.limit)
        .map(|row| {
            Json::members([
                ("video_url", Json::text(row.video_url)),
                ("bytes_total", figure(row.usage.bytes, behaviour.number_form)),
                ("requests_total", figure(row.usage.requests, behaviour.number_form)),
            ])
        })
        .collect();
    let count = match behaviour.count {
        CountMeaning::Total => rows.len(),
        CountMeaning::Page => page.len(),
    };
    Ok(answer::success("usage", page, count, "Found Video Usage", handle_time))
}

/// All rows of a query in the order of the world, then the second halves of the doubled ones, so that a pair falls on
/// two pages as soon as there are two.
fn rows<'a>(
    world: &'a World,
    query: &Query<'_>,
    now: DateTime<Utc>,
    behaviour: &ScaleEngineBehaviour,
) -> Vec<Row<'a>> {
    let (mut rows, mut second_halves) = (Vec::new(), Vec::new());
    for app in world.apps().iter().filter(|app| query.wants_app(app)) {
        for video_url in app.video_urls.iter().filter(|video_url| query.wants_video(video_url)) {
            let usage = usage(world, app, video_url, query, now, behaviour);
            if usage.is_nothing() || !world.is_kept(&app.name, video_url, behaviour.kept_rows_percent) {
                continue;
            }
            match world.first_part_percent(&app.name, video_url).filter(|_| behaviour.duplicate_rows) {
                None => rows.push(Row { video_url, usage }),
                Some(percent) => {
                    let first = usage.share(percent, 100);
                    let rest =
                        Usage { bytes: usage.bytes - first.bytes, requests: usage.requests - first.requests };
                    rows.push(Row { video_url, usage: first });
                    second_halves.push(Row { video_url, usage: rest });
                }
            }
        }
    }
    rows.append(&mut second_halves);
    rows
}

fn usage(
    world: &World,
    app: &App,
    video_url: &str,
    query: &Query<'_>,
    now: DateTime<Utc>,
    behaviour: &ScaleEngineBehaviour,
) -> Usage {
    let (first, end) = query.days;
    let sum = first
        .iter_days()
        .take_while(|day| *day < end)
        .map(|day| world.usage_seen(&app.name, video_url, day, now, behaviour.late_revisions))
        .fold(Usage::default(), Usage::plus);
    if query.whole_month && behaviour.month_disagrees && !sum.is_nothing() {
        sum.plus(Usage { bytes: 1 + sum.bytes / 100, requests: 1 })
    } else {
        sum
    }
}

fn figure(figure: u64, form: NumberForm) -> Json {
    match form {
        NumberForm::Text => Json::Text(figure.to_string()),
        NumberForm::Number => Json::Int(i64::try_from(figure).unwrap_or(i64::MAX)),
    }
}
