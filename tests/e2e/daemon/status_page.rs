//! The status page in a browser: no complaint, every cell there, a gap made on purpose to be seen; pictures are kept.

use highwater_simulator::Fault;

use super::{
    browser::{Browser, Look},
    *,
};

const LOOKS: [Look; 3] = [
    Look { name: "light", dark: false, width: 1280, height: 1500 },
    Look { name: "dark", dark: true, width: 1280, height: 1500 },
    Look { name: "narrow", dark: false, width: 390, height: 1900 },
];

/// How often the page has a cell of this class.
fn cells(html: &str, class: &str) -> usize {
    html.matches(&format!("<td class=\"{class}\"")).count()
}

#[test]
fn a_browser_shows_the_page_without_complaint_and_a_gap_is_seen() {
    let Some(browser) = Browser::new() else { crate::skip::skip!("chromium is not installed") };
    let stage = Stage::new();
    let server = stage.serve(20, |simulator| simulator);
    // One hour of the day before yesterday answers with something that is no JSON.
    let hour = (stage.now - TimeDelta::days(2)).date_naive().and_hms_opt(5, 0, 0).expect("an hour").and_utc();
    server.faults().add(Fault::html().where_path_contains(hour.timestamp().to_string()));
    stage.configure(9, "", &[("env", &server, RIGHT)]);
    let mut daemon = stage.start();
    daemon.until(|daemon| {
        daemon.status("env").is_some_and(|status| {
            status["missing"] == serde_json::json!([]) && status["failed"] != serde_json::json!([])
        })
    });
    let url = format!("http://{}/", daemon.address);
    let (html, told) = browser.load(&url);
    assert_eq!(told, [""; 0], "the console is silent");
    assert!(html.contains("<h1>1 thing needs attention</h1>"));
    assert_eq!(
        html.matches("<td ").count() - html.matches("<td class=\"name\"").count(),
        14 * 24 + extra(&html)
    );
    let named = format!("title=\"{} UTC: failed", hour.format("%Y-%m-%d %H:%M–06:00"));
    assert!(html.contains(&named), "the gap has its story");
    assert!(cells(&html, "failed") >= 1);
    assert!(cells(&html, "loaded") + cells(&html, "final") > 5 * 24);
    assert!(cells(&html, "waiting") >= 12, "what the provider does not have yet");
    for look in LOOKS {
        let picture = browser.picture(&url, look);
        let size = std::fs::metadata(&picture).expect("the picture was taken").len();
        assert!(size > 20_000, "{}: {size} bytes", picture.display());
    }
}

/// Cells of tables that are no calendar and have a class.
fn extra(html: &str) -> usize {
    ["warn", "text"].iter().map(|class| cells(html, class)).sum()
}
