//! What a source of this provider is configured with.

use highwater_core::{Error, ErrorKind, Finding, Result, Secret, SettingDef, SettingKind, Settings};

use crate::apps::{ALL, App, Apps, entangled};

const BASE_URL: &str = "https://api.scaleengine.net";
const PAGE_SIZE: i64 = 1000;

pub(crate) const SETTINGS: &[SettingDef] = &[
    SettingDef {
        key: "api_key",
        kind: SettingKind::Secret,
        required: true,
        default: None,
        description: "Public half of the account's key.",
        example: r#"{ env = "SE_API_KEY" }"#,
    },
    SettingDef {
        key: "secret",
        kind: SettingKind::Secret,
        required: true,
        default: None,
        description: "Private half of the account's key, as the provider shows it; it signs requests and is never sent.",
        example: r#"{ env = "SE_SECRET" }"#,
    },
    SettingDef {
        key: "cdn",
        kind: SettingKind::Integer { min: 1, max: 4_294_967_295 },
        required: true,
        default: None,
        description: "Number of the account's CDN.",
        example: "158",
    },
    SettingDef {
        key: "apps",
        kind: SettingKind::TextsOr(ALL),
        required: false,
        default: Some(ALL),
        description: "Applications to report on, all by name or all by id; \"all\" asks the provider for them at each pull.",
        example: r#"["demo-origin"]"#,
    },
    SettingDef {
        key: "base_url",
        kind: SettingKind::Url,
        required: false,
        default: Some(BASE_URL),
        description: "Scheme and host of the API; /stable/ is added.",
        example: r#""https://api.scaleengine.net""#,
    },
    SettingDef {
        key: "page_size",
        kind: SettingKind::Integer { min: 1, max: PAGE_SIZE },
        required: false,
        default: Some("1000"),
        description: "Rows to ask for in one request.",
        example: "1000",
    },
    SettingDef {
        key: "timezone",
        kind: SettingKind::Text,
        required: false,
        default: Some("UTC"),
        description: "Time zone of the provider's days; UTC is the only one supported.",
        example: r#""UTC""#,
    },
];

/// What is wrong with settings that are each well-formed.
pub(crate) fn findings(settings: &Settings) -> Vec<Finding> {
    timezone_finding(settings).into_iter().chain(apps_findings(&Apps::of(settings))).collect()
}

fn timezone_finding(settings: &Settings) -> Option<Finding> {
    let timezone = settings.text("timezone").filter(|timezone| *timezone != "UTC")?;
    Some(Finding {
        key: "timezone".to_owned(),
        message: format!(
            "`{timezone}` is not supported: where the provider draws the line between two days is not known, and rows \
             of days in another zone than assumed would stand under the wrong date"
        ),
        hint: "remove it: days are taken as UTC, the zone of the API's timestamps".to_owned(),
    })
}

fn apps_findings(apps: &Apps) -> Vec<Finding> {
    let Apps::Named(apps) = apps else { return Vec::new() };
    let finding = |message: &str, hint: &str| Finding {
        key: "apps".to_owned(),
        message: message.to_owned(),
        hint: hint.to_owned(),
    };
    let mut findings = Vec::new();
    if apps.iter().any(|app| matches!(app, App::Name(name) if name.trim().is_empty())) {
        findings.push(finding("the name of an application is empty", "remove it, or write \"all\""));
    }
    let ids = apps.iter().filter(|app| matches!(app, App::Id(_))).count();
    if ids > 0 && ids < apps.len() {
        findings.push(finding(
            "names and ids are mixed: an application that is listed both ways would count twice",
            "name all applications, or give the ids of all",
        ));
    }
    let names = apps.iter().filter_map(|app| match app {
        App::Name(name) => Some(name.as_str()),
        App::Id(_) => None,
    });
    if let Some((one, other)) = entangled(names) {
        findings.push(finding(
            &format!("videos of `{one}` and `{other}` could not be told apart"),
            "give the two applications sources of their own, or list applications by id",
        ));
    }
    findings
}

/// One account of the provider, as a request needs it.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) base_url: String,
    pub(crate) api_key: Secret,
    pub(crate) secret: Secret,
    pub(crate) cdn: i64,
    pub(crate) apps: Apps,
    pub(crate) page_size: u64,
}

impl Account {
    pub(crate) fn of(settings: &Settings) -> Result<Self> {
        let missing = |key: &str| {
            Error::new(ErrorKind::Config, format!("`{key}` is needed to call ScaleEngine"))
                .with_hint(format!("give the source its `{key}`, and set what that refers to"))
        };
        let secret = |key: &str| settings.secret(key).cloned().ok_or_else(|| missing(key));
        let page_size = settings.integer("page_size").unwrap_or(PAGE_SIZE);
        Ok(Self {
            base_url: settings.text("base_url").unwrap_or(BASE_URL).to_owned(),
            api_key: secret("api_key")?,
            secret: secret("secret")?,
            cdn: settings.integer("cdn").ok_or_else(|| missing("cdn"))?,
            apps: Apps::of(settings),
            page_size: u64::try_from(page_size).unwrap_or_default().max(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use highwater_core::SettingValue;

    use super::*;

    fn with(key: &'static str, value: SettingValue) -> Settings {
        let mut settings = Settings::default();
        settings.insert(key, value);
        settings
    }

    fn with_apps(texts: &[&str]) -> Settings {
        with("apps", SettingValue::Texts(texts.iter().map(|text| (*text).to_owned()).collect()))
    }

    #[test]
    fn another_timezone_is_refused_with_the_reason() {
        let found = findings(&with("timezone", SettingValue::Text("Europe/Berlin".to_owned())));
        assert_eq!(found.len(), 1);
        assert!(found[0].key == "timezone" && found[0].message.contains("is not known"));
        assert!(findings(&with("timezone", SettingValue::Text("UTC".to_owned()))).is_empty());
    }

    #[test]
    fn an_application_cannot_be_listed_by_name_and_by_id() {
        assert_eq!(findings(&with_apps(&["1001", "demo-origin"])).len(), 1);
        assert!(findings(&with_apps(&["1001", "1002"])).is_empty());
        assert!(findings(&with_apps(&["a", "b"])).is_empty());
    }

    #[test]
    fn applications_whose_videos_could_be_confused_are_a_finding() {
        assert_eq!(findings(&with_apps(&["a", "a/b"])).len(), 1);
        assert!(findings(&with_apps(&["a", "b/a"])).is_empty());
    }

    #[test]
    fn an_empty_name_is_a_finding() {
        assert_eq!(findings(&with_apps(&[" "])).len(), 1);
    }

    #[test]
    fn a_missing_secret_is_named() {
        let error = Account::of(&Settings::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("`api_key`"));
    }
}
