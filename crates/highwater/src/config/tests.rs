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
}
