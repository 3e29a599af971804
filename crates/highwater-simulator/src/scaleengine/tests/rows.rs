//! The rows of `video.usage` against the world behind them.

use super::*;

#[test]
fn a_day_is_the_worlds_day_with_doubled_rows_adding_up() {
    let api = api();
    for app in ["demo-origin", "demo-vod", "demo-live"] {
        for number in 1..=18 {
            let answer = usage(&api, &day(app, number));
            assert_eq!(figures(&answer), figures_of_world(api.world(), app, number..=number));
            assert_eq!(answer["count"], answer["usage"].as_array().unwrap().len());
        }
    }
    let number = busy_day("demo-origin");
    let doubled = usage(&api, &day("demo-origin", number));
    assert!(doubled["usage"].as_array().unwrap().len() > figures(&doubled).len());
    api.alter(|behaviour| behaviour.duplicate_rows = false);
    let single = usage(&api, &day("demo-origin", number));
    assert_eq!(single["usage"].as_array().unwrap().len(), figures(&single).len());
    assert_eq!(figures(&single), figures(&doubled));
}

#[test]
fn an_application_is_named_by_name_id_or_a_list_of_either() {
    let (api, number) = (api(), busy_day("demo-vod"));
    let ask = |app: Json| {
        let mut members = day("", number);
        members[0].1 = app;
        usage(&api, &members)
    };
    let (name, id) = (Json::text("demo-vod"), Json::Int(1002));
    let expected = ask(name.clone())["usage"].clone();
    assert_eq!(ask(id.clone())["usage"], expected);
    assert_eq!(ask(Json::List(vec![id, name]))["usage"], expected);
    let both = ask(Json::List(vec![Json::text("demo-vod"), Json::Int(1001)]));
    let origin = ask(Json::Int(1001));
    assert_eq!(both["count"], expected.as_array().unwrap().len() + origin["usage"].as_array().unwrap().len());
}

#[test]
fn an_unknown_application_and_a_day_to_come_are_empty_successes() {
    let api = api();
    for members in [day("nobody", 3), day("demo-origin", 21)] {
        let answer = usage(&api, &members);
        assert_eq!((&answer["usage"], &answer["count"]), (&Value::Array(Vec::new()), &Value::from(0)));
    }
}

#[test]
fn a_video_url_is_matched_whole() {
    let (api, number) = (api(), busy_day("demo-origin"));
    let all = figures(&usage(&api, &day("demo-origin", number)));
    for url in all.keys() {
        let one = figures(&usage(&api, &with(day("demo-origin", number), &[("url", Json::text(url))])));
        assert_eq!(one.into_iter().collect::<Vec<_>>(), [(url.clone(), all[url])]);
    }
    let prefix = [("url", Json::text("sestore"))];
    assert!(figures(&usage(&api, &with(day("demo-origin", number), &prefix))).is_empty());
    let two: Vec<Json> = all.keys().take(2).map(|url| Json::text(url)).collect();
    assert_eq!(
        figures(&usage(&api, &with(day("demo-origin", number), &[("url", Json::List(two))]))).len(),
        2
    );
}

#[test]
fn pages_together_are_the_whole_and_count_means_what_the_switch_says() {
    let (api, asked) = (api(), day("demo-origin", busy_day("demo-origin")));
    let whole = usage(&api, &asked)["usage"].as_array().unwrap().clone();
    for (meaning, total) in [(CountMeaning::Total, true), (CountMeaning::Page, false)] {
        api.alter(|behaviour| behaviour.count = meaning);
        let mut rows = Vec::new();
        loop {
            let page = [("limit", Json::Int(4)), ("offset", Json::Int(rows.len().try_into().unwrap()))];
            let answer = usage(&api, &with(asked.clone(), &page));
            let page = answer["usage"].as_array().unwrap();
            assert_eq!(answer["count"], if total { whole.len() } else { page.len() });
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= 4);
            rows.extend(page.iter().cloned());
        }
        assert_eq!(rows, whole);
    }
}

#[test]
fn the_page_size_has_a_default_and_a_maximum() {
    let (api, asked) = (api(), day("demo-origin", busy_day("demo-origin")));
    api.alter(|behaviour| (behaviour.default_limit, behaviour.max_limit) = (3, 5));
    let rows =
        |limit| usage(&api, &with(asked.clone(), &[("limit", limit)]))["usage"].as_array().unwrap().len();
    assert_eq!([Json::Null, Json::Int(0), Json::Int(2), Json::Int(1000)].map(rows), [3, 3, 2, 5]);
}

#[test]
fn a_month_is_the_sum_of_its_days_unless_it_is_switched_to_disagree() {
    let api = api();
    let october: Vec<BTreeMap<String, Usage>> = (1..=31)
        .map(|day| {
            let members = [("month", Json::Int(10)), ("day", Json::Int(day))];
            let asked = [("app", Json::text("demo-live")), ("year", Json::Int(2026))];
            figures(&usage(&api, &[asked, members].concat()))
        })
        .collect();
    let mut sums: BTreeMap<String, Usage> = BTreeMap::new();
    for (url, figure) in october.into_iter().flatten() {
        let sum = sums.entry(url).or_default();
        *sum = sum.plus(figure);
    }
    assert_eq!(figures(&usage(&api, &month("demo-live", 10))), sums);
    api.alter(|behaviour| behaviour.month_disagrees = true);
    let disagreeing = figures(&usage(&api, &month("demo-live", 10)));
    assert!(disagreeing.iter().all(|(url, usage)| usage.bytes > sums[url].bytes));
}

#[test]
fn figures_are_numbers_on_a_switch_and_stay_exact() {
    let api = api();
    api.alter(|behaviour| behaviour.duplicate_rows = false);
    let asked = day("demo-origin", famous_day());
    let text = usage(&api, &asked);
    api.alter(|behaviour| behaviour.number_form = NumberForm::Number);
    let numbers = usage(&api, &asked);
    let pairs = text["usage"].as_array().unwrap().iter().zip(numbers["usage"].as_array().unwrap());
    let mut beyond_doubles = 0;
    for (text, number) in pairs {
        let number = number["bytes_total"].as_u64().expect("a JSON number");
        assert_eq!(text["bytes_total"], number.to_string());
        beyond_doubles += usize::from(number > 1 << 53 && number % 2 == 1);
    }
    assert!(beyond_doubles > 0);
}

#[test]
fn answers_lose_rows_when_they_are_switched_to_shrink() {
    let (api, asked) = (api(), day("demo-origin", busy_day("demo-origin")));
    let whole = figures(&usage(&api, &asked));
    api.alter(|behaviour| behaviour.kept_rows_percent = 50);
    let half = figures(&usage(&api, &asked));
    assert!(!half.is_empty() && half.len() < whole.len());
    api.alter(|behaviour| behaviour.kept_rows_percent = 0);
    assert_eq!(usage(&api, &asked)["count"], 0);
}

#[test]
fn names_come_back_unchanged_in_escaped_json() {
    let api = api();
    let response =
        send(&api, urlencoded("/stable/", &signed("video.usage", &month("demo-vod", 10))), moment());
    let text = std::str::from_utf8(response.body()).unwrap();
    assert!(text.is_ascii() && !text.contains("p/") && text.contains("\\ud83d\\ude00"));
    let names: Vec<String> = figures(&body(&response)).into_keys().collect();
    let mut expected = api.world().apps()[1].video_urls.clone();
    expected.sort();
    assert_eq!(names, expected);
}

/// A day of November 2026 with a figure that no double holds.
fn famous_day() -> u32 {
    let figures = |day| figures_of_world(api().world(), "demo-origin", day..=day);
    (1..=18).find(|day| figures(*day).values().any(|usage| usage.bytes > 1 << 53)).unwrap()
}
