//! Applications: which of them a source reports on, and how one is named in a request.

use std::collections::BTreeSet;

use highwater_core::{PageRequest, Settings};

use crate::php_json::Value;

/// The word that asks for all applications.
pub(crate) const ALL: &str = "all";

/// The applications that a source reports on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Apps {
    /// Those that the provider lists at the time of each pull.
    All,
    /// These, sorted, each once.
    Named(Vec<App>),
}

/// One application as a request names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum App {
    /// By its number.
    Id(i64),
    /// By its name.
    Name(String),
}

impl Apps {
    pub(crate) fn of(settings: &Settings) -> Self {
        let Some(texts) = settings.texts("apps") else { return Self::All };
        let mut apps: Vec<App> = texts.iter().map(|text| App::configured(text)).collect();
        apps.sort_unstable();
        apps.dedup();
        Self::Named(apps)
    }

    /// The canonical text: equal for settings that mean the same.
    pub(crate) fn scope(&self) -> String {
        match self {
            Self::All => format!("apps={ALL}"),
            Self::Named(apps) => {
                let texts: Vec<String> = apps.iter().map(App::text).collect();
                format!("apps={}", serde_json::Value::from(texts))
            }
        }
    }
}

impl App {
    /// The configuration has one list for both: a number in canonical form is an id.
    fn configured(text: &str) -> Self {
        match text.parse::<i64>() {
            Ok(id) if id.to_string() == text => Self::Id(id),
            _ => Self::Name(text.to_owned()),
        }
    }

    /// The application that `request` asks about, if it names one.
    pub(crate) fn asked_by(request: &PageRequest) -> Option<Self> {
        let id = request.param("app_id").and_then(|text| text.parse().ok()).map(Self::Id);
        id.or_else(|| request.param("app").map(|name| Self::Name(name.to_owned())))
    }

    /// The same request about this application.
    pub(crate) fn in_request(&self, request: PageRequest) -> PageRequest {
        match self {
            Self::Id(id) => request.with_param("app_id", id),
            Self::Name(name) => request.with_param("app", name),
        }
    }

    /// The id or name as text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Name(name) => name.clone(),
        }
    }

    pub(crate) fn member(&self) -> Value {
        match self {
            Self::Id(id) => Value::Int(*id),
            Self::Name(name) => Value::Text(name.clone()),
        }
    }
}

/// Two of `names` of which one goes on where the other ends with a slash. A resource is `<app>/<video_url>`: a video of
/// the one could be taken for another of the other.
pub(crate) fn entangled<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<(&'a str, &'a str)> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    names.iter().find_map(|name| {
        let mut heads = name.match_indices('/').map(|(slash, _)| &name[..slash]);
        heads.find_map(|head| names.get(head).map(|shorter| (*shorter, *name)))
    })
}

#[cfg(test)]
mod tests {
    use highwater_core::SettingValue;

    use super::*;

    fn apps(texts: &[&str]) -> Apps {
        let mut settings = Settings::default();
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        settings.insert("apps", SettingValue::Texts(texts));
        Apps::of(&settings)
    }

    #[test]
    fn the_order_and_repetition_of_applications_mean_nothing() {
        assert_eq!(apps(&["b", "a", "b"]).scope(), r#"apps=["a","b"]"#);
        assert_eq!(apps(&["b", "a", "b"]), apps(&["a", "b"]));
    }

    #[test]
    fn an_application_called_like_the_word_for_all_is_another_scope() {
        assert_ne!(apps(&["all"]).scope(), Apps::of(&Settings::default()).scope());
    }

    #[test]
    fn names_that_only_look_like_a_list_are_another_scope() {
        assert_ne!(apps(&[r#"a","b"#]).scope(), apps(&["a", "b"]).scope());
    }

    #[test]
    fn names_are_entangled_where_one_goes_on_after_the_other_with_a_slash() {
        assert_eq!(entangled(["a-b", "a/b/c", "a"]), Some(("a", "a/b/c")));
        assert_eq!(entangled(["a/b", "a/b/c", "x"]), Some(("a/b", "a/b/c")));
        assert_eq!(entangled(["a", "a", "ab/c", "b/a", "a-b"]), None);
    }

    #[test]
    fn a_number_is_an_id_and_all_else_a_name() {
        assert_eq!(App::configured("1001"), App::Id(1001));
        for name in ["demo-origin", "007", "+7", "1e3", ""] {
            assert_eq!(App::configured(name), App::Name(name.to_owned()));
        }
    }
}
