//! What the page says of a daemon, at a glance and cell by cell.

use highwater_core::{ErrorKind, HeldWindow};

use super::super::page::{PageModel, page};
use super::super::view::View;
use super::*;

fn html(rig: &Rig) -> String {
    let notes = rig.daemon.board.copy();
    let view = View::new(&rig.daemon.session.config, &notes, rig.clock.now());
    page(&PageModel::new(&view, &rig.daemon.about())).into_string()
}

/// Asserts that the page says `text`; shows what it says instead, without calendars and style.
#[track_caller]
fn assert_says(html: &str, text: &str) {
    let mut rest = html.to_owned();
    for (from, to) in [("<style>", "</style>"), ("<tbody><tr><th scope=\"row\">", "</tbody>")] {
        while let Some(start) = rest.find(from) {
            let end = rest[start..].find(to).unwrap() + start + to.len();
            rest.replace_range(start..end, "");
        }
    }
    assert!(html.contains(text), "the page does not say {text:?}:\n{rest}");
}

fn count(html: &str, needle: &str) -> usize {
    html.matches(needle).count()
}

/// The part of the page about one dataset.
fn card<'a>(html: &'a str, id: &str) -> &'a str {
    let start = html.find(&format!("<article class=\"card\" id=\"{id}\">")).unwrap();
    let end = html[start..].find("</article>").unwrap();
    &html[start..start + end]
}

async fn caught_up() -> Rig {
    let mut rig = Rig::new("2026-09-06T06:15:00Z", "2026-09-01").await;
    rig.wake().await;
    rig
}

#[tokio::test]
async fn a_daemon_that_has_loaded_all_says_that_all_is_well() {
    let rig = caught_up().await;
    let html = html(&rig);
    assert_says(&html, "<h1>All is well</h1>");
    assert_says(&html, "2 sources: all that the providers have is loaded · next run in 55 min");
    assert!(!html.contains("<script") && !html.contains("src=\"http"), "nothing from elsewhere");
    assert_says(&html, "prefers-color-scheme: dark");
}

#[tokio::test]
async fn every_hour_and_every_day_has_its_cell() {
    let html = html(&caught_up().await);
    let hourly = card(&html, "good/hourly");
    assert_eq!(count(hourly, "<td "), 14 * 24);
    assert_eq!(count(hourly, "<td class=\"outside\""), 8 * 24, "eight days before the first one wanted");
    assert_eq!(count(hourly, "<td class=\"waiting\""), 21, "what the provider has later today");
    let known = ["final", "loaded"].map(|state| count(hourly, &format!("<td class=\"{state}\"")));
    assert_eq!(known.iter().sum::<usize>(), 5 * 24 + 3);
    assert_eq!(count(card(&html, "good/daily"), "<td "), 13 * 7);
    let story = "title=\"2026-09-06 02:00–03:00 UTC: loaded, 1 rows, pulled once, last at 2026-09-06 06:15, final after 2026-09-09 03:00\"";
    assert_says(hourly, story);
    assert_says(hourly, "the provider has it from 2026-09-06 07:00 on");
}

#[tokio::test]
async fn before_the_state_was_read_the_page_says_so() {
    let rig = Rig::new("2026-09-06T06:15:00Z", "2026-09-01").await;
    assert_says(&html(&rig), "<h1>Reading the state</h1>");
}

#[tokio::test]
async fn a_gap_is_seen_with_its_reason_and_the_time_that_is_left() {
    let mut rig = Rig::new("2026-09-06T06:15:00Z", "2026-09-01").await;
    let broken = window("2026-09-05T05:00:00Z", "2026-09-05T06:00:00Z");
    rig.world("good").state().broken.insert(broken);
    rig.wake().await;
    let html = html(&rig);
    assert_says(&html, "<h1>1 thing needs attention</h1>");
    let cell = card(&html, "good/hourly");
    assert_eq!(count(cell, "<td class=\"failed\""), 1);
    assert_says(cell, "2026-09-05 05:00–06:00 UTC: failed: ");
    assert_says(&html, "in 88 d 22 h (2134 h), at 2026-12-04 05:00");
    assert!(!card(&html, "other/hourly").contains("needs attention"));
}

#[tokio::test]
async fn a_refused_source_a_hold_a_mismatch_and_a_loss_are_told_the_gravest_first() {
    let mut rig = caught_up().await;
    let session = &rig.daemon.session;
    let source = &session.config.sources[1].name;
    let dataset = &session.config.sources[1].datasets[0].spec.name;
    let held = window("2026-09-05T05:00:00Z", "2026-09-05T06:00:00Z");
    let change = |checkpoint: &mut highwater_core::Checkpoint| {
        checkpoint.open[0].verdict = Some("mismatch".to_owned());
        let (content_digest, reason) = ("c".to_owned(), "delivered_seconds would fall by 40 %".to_owned());
        let (held_at, due_at) = (at("2026-09-06T06:00:00Z"), at("2026-09-06T09:00:00Z"));
        checkpoint.hold(HeldWindow {
            window: held,
            held_at,
            due_at,
            content_digest,
            reason,
            refused: false,
            accepted: false,
        });
    };
    rig.daemon.warehouse.update_checkpoint(source, dataset, change).await.unwrap();
    rig.world("good").state().failure = Some(ErrorKind::Auth);
    rig.advance(60);
    rig.wake().await;
    let html = html(&rig);
    let places: Vec<usize> = [
        "good refuses our credentials",
        "does not add up to the provider&#39;s own total",
        "is held: delivered_seconds would fall by 40 %",
    ]
    .map(|told| {
        html.find(told).or_else(|| html.find(&told.replace("&#39;", "'"))).unwrap_or_else(|| panic!("{told}"))
    })
    .into();
    assert!(places.is_sorted(), "{places:?}");
    assert_says(&html, "class=\"banner wrong\"");
    assert_says(&html, "credentials refused");
    let card = card(&html, "other/hourly");
    assert_eq!(count(card, " held\" title"), 1);
    assert_eq!(count(card, " mismatch\" title"), 1);
}

#[tokio::test]
async fn what_is_lost_within_a_week_is_grave_and_a_loss_is_news_for_a_week() {
    let mut rig = Rig::of_days("2026-09-06T06:15:00Z", "2026-09-01").await;
    let oldest = window("2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z");
    rig.world("good").state().broken.insert(oldest);
    rig.wake().await;
    rig.clock.advance(Duration::from_secs(86_400 * 80));
    rig.wake().await;
    let soon = html(&rig);
    assert_says(&soon, "good/daily: 2026-09-01 is lost for good in 4 d 17 h");
    assert_says(&soon, "class=\"banner wrong\"");
    rig.clock.advance(Duration::from_secs(86_400 * 6));
    rig.wake().await;
    let lost = html(&rig);
    assert_says(&lost, "good/daily: 2026-09-01 is lost for good");
    assert_says(&lost, "<h2>Lost for good</h2>");
    rig.clock.advance(Duration::from_secs(86_400 * 8));
    rig.wake().await;
    assert_says(&html(&rig), "<h1>All is well</h1>");
}
