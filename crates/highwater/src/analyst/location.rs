//! Where an analyst's tool finds the warehouse: its URL, and how its store is addressed. Never a credential.

use std::collections::BTreeMap;

use highwater_core::{Secret, Table};

/// A warehouse as readers address it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    url: String,
    store: Option<Store>,
}

/// How an S3-compatible store is addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Store {
    /// `s3://bucket/prefix`: what the settings apply to.
    pub(super) scope: String,
    pub(super) region: Option<String>,
    /// Host and port of a store other than Amazon's.
    pub(super) endpoint: Option<Endpoint>,
}

/// The address of a store other than Amazon's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Host and port, without the bucket.
    pub(super) host: String,
    pub(super) tls: bool,
    /// Whether the bucket stands in the host's name and not in the path.
    pub(super) bucket_in_host: bool,
}

impl Location {
    /// The warehouse at `url`, an absolute folder or `s3://bucket/prefix`. Of `options`, named as `object_store` names
    /// them, those that say where the store is are used; the others, credentials among them, are not looked at.
    pub(crate) fn new(url: &str, options: &BTreeMap<String, Secret>) -> Self {
        let url = url.strip_prefix("file://").unwrap_or(url).trim_end_matches('/').to_owned();
        let store = url.strip_prefix("s3://").map(|path| {
            let bucket = path.split('/').next().unwrap_or(path);
            let bucket_in_host =
                option(options, &["virtual_hosted_style_request"]).is_some_and(|word| word == "true");
            Store {
                scope: url.clone(),
                region: option(options, &["region", "default_region"]),
                endpoint: option(options, &["endpoint", "endpoint_url"])
                    .map(|address| Endpoint::parse(&address, bucket, bucket_in_host)),
            }
        });
        Self { url, store }
    }

    /// How the store is addressed; none for a folder.
    pub(super) fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// The folder that holds the objects of `table`, without a slash at its end.
    pub(super) fn table(&self, table: Table) -> String {
        format!("{}/data/{table}", self.url)
    }

    /// The same as a URL, with a slash at its end.
    pub(super) fn table_url(&self, table: Table) -> String {
        let scheme = if self.store.is_some() { "" } else { "file://" };
        format!("{scheme}{}/", self.table(table))
    }
}

impl Endpoint {
    fn parse(address: &str, bucket: &str, bucket_in_host: bool) -> Self {
        let (tls, host) = match address.split_once("://") {
            Some((scheme, host)) => (scheme != "http", host),
            None => (true, address),
        };
        let host = host.trim_end_matches('/');
        let host =
            if bucket_in_host { host.strip_prefix(&format!("{bucket}.")).unwrap_or(host) } else { host };
        Self { host: host.to_owned(), tls, bucket_in_host }
    }
}

/// The value of an option by any of its names, with or without the prefix `aws_`.
fn option(options: &BTreeMap<String, Secret>, names: &[&str]) -> Option<String> {
    let named = |key: &str| {
        let key = key.to_ascii_lowercase();
        names.contains(&key.strip_prefix("aws_").unwrap_or(&key))
    };
    options.iter().find(|(key, _)| named(key)).map(|(_, value)| value.expose().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, Secret> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Secret::new((*value).to_owned()))).collect()
    }

    #[test]
    fn a_folder_needs_no_store() {
        let location = Location::new("/srv/warehouse/", &BTreeMap::new());
        assert_eq!(location.store(), None);
        assert_eq!(location.table(Table::Coverage), "/srv/warehouse/data/coverage");
        assert_eq!(location.table_url(Table::Coverage), "file:///srv/warehouse/data/coverage/");
    }

    #[test]
    fn options_say_where_the_store_is_under_each_of_their_names() {
        for key in ["aws_endpoint", "aws_endpoint_url", "endpoint", "AWS_ENDPOINT"] {
            let location = Location::new("s3://acme/usage", &options(&[(key, "http://127.0.0.1:9000/")]));
            let endpoint = location.store().unwrap().endpoint.clone().unwrap();
            assert_eq!(
                endpoint,
                Endpoint { host: "127.0.0.1:9000".to_owned(), tls: false, bucket_in_host: false }
            );
        }
    }

    #[test]
    fn a_bucket_in_the_hosts_name_is_told_once() {
        let given =
            [("endpoint", "https://acme.store.example"), ("aws_virtual_hosted_style_request", "true")];
        let location = Location::new("s3://acme/usage", &options(&given));
        let endpoint = location.store().unwrap().endpoint.clone().unwrap();
        assert_eq!(
            (endpoint.host.as_str(), endpoint.tls, endpoint.bucket_in_host),
            ("store.example", true, true)
        );
    }
}
