//! What the configuration accepts, and what it says of what it does not.

use super::*;
use crate::providers::providers;

const GOOD: &str = r#"
[warehouse]
url = "warehouse"

[defaults]
start = "2026-09-01"

[[source]]
name = "mux-prod"
provider = "mux"
token_id = { env = "MUX_TOKEN_ID" }
token_secret = { env = "MUX_TOKEN_SECRET" }
datasets.delivery_usage = { grain = "hour", lag = "12h", revisit = ["24h", "72h"] }
"#;

fn parse(text: &str) -> Result<Config, Vec<Complaint>> {
    Config::parse(text, &providers(), Secrets::LeaveAlone)
}

/// The complaints about GOOD with `from` replaced by `to`.
fn complaints(from: &str, to: &str) -> Vec<Complaint> {
    assert!(GOOD.contains(from), "{from}");
    parse(&GOOD.replace(from, to)).expect_err("the configuration is wrong")
}

fn only(complaints: Vec<Complaint>) -> Complaint {
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    complaints.into_iter().next().unwrap()
}

#[test]
fn a_good_configuration_needs_no_secret_to_be_read() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.sources[0].enabled().count(), 1);
    assert_eq!(config.warehouse.shrink_tolerance, 0.10);
}

#[test]
fn an_unknown_key_names_its_line_and_the_nearest_valid_one() {
    let complaint = only(complaints("url = \"warehouse\"", "url = \"warehouse\"\nraw_archiv = false"));
    assert_eq!((complaint.line, complaint.key.as_str()), (4, "warehouse.raw_archiv"));
    assert_eq!(complaint.hint, "did you mean `raw_archive`?");
}

#[test]
fn a_literal_secret_is_refused_without_being_repeated() {
    let complaint = only(complaints("{ env = \"MUX_TOKEN_SECRET\" }", "\"canary\""));
    assert_eq!(complaint.key, "source[1].token_secret");
    assert!(!format!("{complaint:?}").contains("canary"));
}

#[test]
fn all_findings_come_at_once_by_line() {
    let text =
        GOOD.replace("url", "uri").replace("2026-09-01", "September").replace("\"hour\"", "\"minute\"");
    let lines: Vec<usize> = parse(&text).unwrap_err().iter().map(|complaint| complaint.line).collect();
    assert!(lines.len() >= 4 && lines.is_sorted(), "{lines:?}");
}

#[test]
fn http_is_accepted_to_loopback_only() {
    let with =
        |url: &str| GOOD.replace("provider = \"mux\"", &format!("provider = \"mux\"\nbase_url = \"{url}\""));
    assert!(parse(&with("http://127.0.0.1:8080")).is_ok());
    assert!(parse(&with("https://api.example.com")).is_ok());
    for bad in
        ["http://api.example.com", "ftp://127.0.0.1", "api.example.com", "https://user:pw@api.example.com"]
    {
        assert!(parse(&with(bad)).is_err(), "{bad}");
    }
}

#[test]
fn revisits_that_cannot_happen_are_refused() {
    assert!(only(complaints("[\"24h\", \"72h\"]", "[\"2400h\"]")).message.contains("retention"));
    assert!(only(complaints("[\"24h\", \"72h\"]", "[\"1h\"]")).message.contains("lag"));
}

#[test]
fn a_second_source_of_one_name_is_refused() {
    let second = &GOOD[GOOD.find("[[source]]").unwrap()..];
    let complaint = only(parse(&format!("{GOOD}{second}")).unwrap_err());
    assert_eq!(complaint.key, "source[2].name");
}

#[test]
fn an_unknown_provider_names_the_known_ones() {
    let complaint = only(complaints("provider = \"mux\"", "provider = \"muxx\""));
    assert!(complaint.message.contains("mux"), "{complaint:?}");
    assert_eq!(complaint.hint, "did you mean \"mux\"?");
}

#[test]
fn broken_toml_names_its_line() {
    let complaint = only(complaints("provider = \"mux\"", "provider = mux\""));
    assert_eq!(complaint.line, 10);
}

#[test]
fn the_template_is_a_valid_configuration() {
    let text = template::template(&providers(), &[], "2026-09-17".parse().unwrap()).unwrap();
    parse(&text).unwrap_or_else(|complaints| panic!("{complaints:?}\n{text}"));
    assert!(text.contains("start = \"2026-09-01\""));
    assert!(text.lines().all(|line| line.len() <= 100), "it fits a screen");
}

#[test]
fn every_key_that_the_template_shows_can_be_turned_on() {
    let text = template::template(&providers(), &[], "2026-09-17".parse().unwrap()).unwrap();
    let keys = |line: &str| {
        let key = line.strip_prefix("# ")?.split(" = ").next()?.to_owned();
        let is_key = line.contains(" = ") && !key.contains(' ');
        // These stand for a token, and only together.
        let is_key = is_key && !line.starts_with("# lag = ");
        (is_key && !["api_key", "access_key", "sign"].contains(&key.as_str())).then_some(key)
    };
    let mut shown = 0;
    for (index, key) in text.lines().enumerate().filter_map(|(index, line)| Some((index, keys(line)?))) {
        let mut lines: Vec<&str> = text.lines().collect();
        lines[index] = &lines[index][2..];
        let section = lines[..index].iter().rposition(|line| line.trim_start_matches("# ").starts_with('['));
        let section = section.expect("every key stands in a section");
        lines[section] = lines[section].trim_start_matches("# ");
        parse(&lines.join("\n")).unwrap_or_else(|complaints| panic!("{key}: {complaints:?}"));
        shown += 1;
    }
    assert!(shown > 30, "{shown}");
}

#[test]
fn a_provider_that_is_named_twice_is_written_once() {
    let names = ["mux".to_owned(), "mux".to_owned()];
    let text = template::template(&providers(), &names, "2026-09-17".parse().unwrap()).unwrap();
    assert_eq!(text.matches("[[source]]").count(), 1);
}

#[test]
fn a_warehouse_without_a_place_is_refused() {
    assert_eq!(only(complaints("url = \"warehouse\"", "url = \"\"")).key, "warehouse.url");
}

#[test]
fn a_missing_start_is_told_once_a_source() {
    let wowza =
        "[warehouse]\nurl = \"w\"\n[[source]]\nname = \"w\"\nprovider = \"wowza\"\ntoken = { env = \"W\" }\n";
    let complaint = only(parse(wowza).unwrap_err());
    assert_eq!(complaint.key, "source[1].start");
    assert!(complaint.message.contains("vod_streams"), "{complaint:?}");
    let wrong = format!("[defaults]\nstart = \"soon\"\n{wowza}");
    assert_eq!(only(parse(&wrong).unwrap_err()).key, "defaults.start", "and not where another is wrong");
}

#[test]
fn a_wrong_setting_does_not_hide_what_is_wrong_with_the_datasets() {
    let both = GOOD.replace("provider = \"mux\"", "provider = \"mux\"\npage_size = 0").replace("12h", "soon");
    let complaints = parse(&both).unwrap_err();
    let keys: Vec<&str> = complaints.iter().map(|complaint| complaint.key.as_str()).collect();
    assert_eq!(keys, ["source[1].page_size", "source[1].datasets.delivery_usage.lag"]);
}

#[test]
fn a_rate_that_would_never_end_is_refused() {
    let complaint =
        only(complaints("provider = \"mux\"", "provider = \"mux\"\nrequests_per_second = 1e-300"));
    assert!(complaint.message.contains("1e-300"), "{complaint:?}");
}
