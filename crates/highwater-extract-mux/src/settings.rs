//! What a source of Mux is configured with. A token belongs to one environment, so a source is one environment.

use highwater_core::{Error, ErrorKind, Result, Secret, SettingDef, SettingKind, Settings};

pub(crate) const SETTINGS: &[SettingDef] = &[
    SettingDef {
        key: "token_id",
        kind: SettingKind::Secret,
        required: true,
        default: None,
        description: "Id of an access token of the environment; read permission for Mux Video is enough.",
        example: r#"{ env = "MUX_TOKEN_ID" }"#,
    },
    SettingDef {
        key: "token_secret",
        kind: SettingKind::Secret,
        required: true,
        default: None,
        description: "Secret of that access token.",
        example: r#"{ env = "MUX_TOKEN_SECRET" }"#,
    },
    SettingDef {
        key: "base_url",
        kind: SettingKind::Url,
        required: false,
        default: Some("https://api.mux.com"),
        description: "Scheme and host of the API.",
        example: r#""https://api.mux.com""#,
    },
    SettingDef {
        key: "page_size",
        kind: SettingKind::Integer { min: 1, max: MAX_PAGE_SIZE as i64 },
        required: false,
        default: Some("100"),
        description: "Rows asked for with one request; the size that the answer echoes is the one that counts.",
        example: "100",
    },
];

const MAX_PAGE_SIZE: u32 = 100;

/// The secret called `key`.
pub(crate) fn secret(settings: &Settings, key: &str) -> Result<Secret> {
    settings.secret(key).cloned().ok_or_else(|| {
        Error::new(ErrorKind::Config, format!("`{key}` is needed to call Mux"))
            .with_hint(format!("set the environment variable or the file that `{key}` names"))
    })
}

/// The rows to ask for with one request.
pub(crate) fn page_size(settings: &Settings) -> u32 {
    let configured = settings.integer("page_size").and_then(|size| u32::try_from(size).ok());
    configured.unwrap_or(MAX_PAGE_SIZE).clamp(1, MAX_PAGE_SIZE)
}

/// Scheme and host, without a slash at the end.
pub(crate) fn base_url(settings: &Settings) -> &str {
    settings.text("base_url").unwrap_or("https://api.mux.com").trim_end_matches('/')
}
