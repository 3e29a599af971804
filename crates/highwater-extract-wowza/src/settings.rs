//! What a source of this provider is configured with, and what is wrong with settings that are each well-formed.

use highwater_core::{Finding, SettingDef, SettingKind, Settings};

pub(crate) const TOKEN: &str = "token";
pub(crate) const API_KEY: &str = "api_key";
pub(crate) const ACCESS_KEY: &str = "access_key";
pub(crate) const SIGN: &str = "sign";
pub(crate) const API_VERSION: &str = "api_version";
pub(crate) const BASE_URL: &str = "base_url";
pub(crate) const PAGE_SIZE: &str = "page_size";

/// The most rows that a page holds; also what is asked for unless configured.
pub(crate) const MAX_PAGE_SIZE: i64 = 1000;

const DEFAULT_VERSION: &str = "v1.10";
const DEFAULT_BASE_URL: &str = "https://api.video.wowza.com";

pub(crate) const SETTINGS: &[SettingDef] = &[
    SettingDef {
        key: TOKEN,
        kind: SettingKind::Secret,
        required: false,
        default: None,
        description: "JSON Web Token made in Wowza's token portal; the usual way to authenticate.",
        example: r#"{ env = "WV_JWT" }"#,
    },
    SettingDef {
        key: API_KEY,
        kind: SettingKind::Secret,
        required: false,
        default: None,
        description: "API key, together with access_key instead of a token: up to v1.8, and beta.",
        example: r#"{ env = "WSC_API_KEY" }"#,
    },
    SettingDef {
        key: ACCESS_KEY,
        kind: SettingKind::Secret,
        required: false,
        default: None,
        description: "Access key that belongs to api_key.",
        example: r#"{ env = "WSC_ACCESS_KEY" }"#,
    },
    SettingDef {
        key: SIGN,
        kind: SettingKind::Flag,
        required: false,
        default: Some("false"),
        description: "Sign each request with api_key (HMAC headers) instead of sending it.",
        example: "true",
    },
    SettingDef {
        key: API_VERSION,
        kind: SettingKind::Text,
        required: false,
        default: Some(DEFAULT_VERSION),
        description: "Version of the API: v1.8, v1.9, v1.10 or beta.",
        example: r#""v1.10""#,
    },
    SettingDef {
        key: BASE_URL,
        kind: SettingKind::Url,
        required: false,
        default: Some(DEFAULT_BASE_URL),
        description: "Scheme and host of the API; /api/{api_version} is added.",
        example: r#""https://api.video.wowza.com""#,
    },
    SettingDef {
        key: PAGE_SIZE,
        kind: SettingKind::Integer { min: 1, max: MAX_PAGE_SIZE },
        required: false,
        default: Some("1000"),
        description: "Rows asked for on each page of a list.",
        example: "1000",
    },
];

/// The version to ask.
pub(crate) fn api_version(settings: &Settings) -> &str {
    settings.text(API_VERSION).unwrap_or(DEFAULT_VERSION)
}

/// Where the operations live: scheme, host and version, without a trailing slash.
pub(crate) fn api_root(settings: &Settings) -> String {
    let base = settings.text(BASE_URL).unwrap_or(DEFAULT_BASE_URL).trim_end_matches('/');
    format!("{base}/api/{}", api_version(settings))
}

/// Rows to ask for on each page.
pub(crate) fn page_size(settings: &Settings) -> i64 {
    settings.integer(PAGE_SIZE).unwrap_or(MAX_PAGE_SIZE).clamp(1, MAX_PAGE_SIZE)
}

/// Everything wrong with the combination of settings.
pub(crate) fn findings(settings: &Settings) -> Vec<Finding> {
    let version = api_version(settings);
    version_finding(version).into_iter().chain(credential_findings(settings, version)).collect()
}

fn finding(key: &str, message: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding { key: key.to_owned(), message: message.into(), hint: hint.into() }
}

fn version_finding(version: &str) -> Option<Finding> {
    if matches!(version, "v1.8" | "v1.9" | "v1.10" | "beta") {
        return None;
    }
    let message = match numbers(version) {
        Some((1, 8..=10)) => {
            let known = format!("v{}", version.trim_start_matches('v'));
            return Some(finding(
                API_VERSION,
                format!("`{version}` is not how the version is written"),
                format!("write api_version = \"{known}\""),
            ));
        }
        Some((1, 0..=3)) => format!("{version} has other operations: /usage/network and /usage/time"),
        Some((1, 4..=7)) => {
            format!("{version} has other field names: bytes, seconds and viewing_time, without accounts")
        }
        Some(_) => format!("{version} has other paths: /usage/account and viewers under /analytics"),
        None => format!("`{version}` is not a version of the API"),
    };
    Some(finding(API_VERSION, message, "use one of: v1.8, v1.9, v1.10, beta"))
}

/// Major and minor number of `v1.10` or `1.10`.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.trim_start_matches('v').split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn credential_findings(settings: &Settings, version: &str) -> Vec<Finding> {
    let (token, api_key, access_key) = (settings.has(TOKEN), settings.has(API_KEY), settings.has(ACCESS_KEY));
    let keys = api_key || access_key;
    let mut found = Vec::new();
    if !token && !keys {
        found.push(finding(TOKEN, "the source has no credentials", "write token = { env = \"WV_JWT\" }"));
    }
    if token && keys {
        let message = "a source authenticates with a token or with keys, not with both";
        found.push(finding(TOKEN, message, "remove token, or remove api_key and access_key"));
    }
    for (missing, present, key, other) in
        [(!api_key, access_key, API_KEY, ACCESS_KEY), (!access_key, api_key, ACCESS_KEY, API_KEY)]
    {
        if missing && present {
            let hint = format!("write {key} = {{ env = \"…\" }}: the two keys belong together");
            found.push(finding(key, format!("`{other}` is given without `{key}`"), hint));
        }
    }
    if keys && matches!(version, "v1.9" | "v1.10") {
        let key = if api_key { API_KEY } else { ACCESS_KEY };
        let message = format!("{version} accepts a token only; keys are accepted by v1.8 and beta");
        found.push(finding(key, message, "use token, or api_version = \"v1.8\""));
    }
    if settings.flag(SIGN) && !keys {
        let message = "signing needs api_key and access_key";
        found.push(finding(SIGN, message, "remove sign: a token is sent as it is"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater_core::SettingValue;

    fn settings(secrets: &[&'static str], version: &str, sign: bool) -> Settings {
        let mut settings = Settings::default();
        for key in secrets {
            settings.insert(key, SettingValue::Secret(None));
        }
        settings.insert(API_VERSION, SettingValue::Text(version.to_owned()));
        settings.insert(SIGN, SettingValue::Flag(sign));
        settings
    }

    fn keys_found(secrets: &[&'static str], version: &str, sign: bool) -> Vec<String> {
        findings(&settings(secrets, version, sign)).into_iter().map(|finding| finding.key).collect()
    }

    #[test]
    fn each_way_to_authenticate_is_accepted_where_the_version_has_it() {
        for version in ["v1.8", "v1.9", "v1.10", "beta"] {
            assert!(keys_found(&[TOKEN], version, false).is_empty(), "{version}");
        }
        for version in ["v1.8", "beta"] {
            for sign in [false, true] {
                assert!(keys_found(&[API_KEY, ACCESS_KEY], version, sign).is_empty(), "{version}");
            }
        }
    }

    #[test]
    fn combinations_that_cannot_work_are_named() {
        assert_eq!(keys_found(&[], "v1.10", false), [TOKEN]);
        assert_eq!(keys_found(&[TOKEN, API_KEY, ACCESS_KEY], "v1.8", false), [TOKEN]);
        assert_eq!(keys_found(&[API_KEY], "v1.8", false), [ACCESS_KEY]);
        assert_eq!(keys_found(&[ACCESS_KEY], "v1.8", false), [API_KEY]);
        assert_eq!(keys_found(&[API_KEY, ACCESS_KEY], "v1.9", false), [API_KEY]);
        assert_eq!(keys_found(&[API_KEY, ACCESS_KEY], "v1.10", true), [API_KEY]);
        assert_eq!(keys_found(&[TOKEN], "v1.10", true), [SIGN]);
    }

    #[test]
    fn versions_of_another_shape_are_refused_with_what_differs() {
        for (version, differs) in [
            ("v1.2", "other operations"),
            ("v1.7", "other field names"),
            ("v1.11", "other paths"),
            ("v2.0", "other paths"),
            ("latest", "not a version"),
            ("1.10", "not how the version is written"),
        ] {
            let found = findings(&settings(&[TOKEN], version, false));
            assert_eq!(found.len(), 1, "{version}");
            assert_eq!(found[0].key, API_VERSION);
            assert!(found[0].message.contains(differs), "{}", found[0].message);
        }
    }
}
