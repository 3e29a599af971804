//! A warehouse on S3-compatible storage: opening the store, and checking its options.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use highwater_core::{Error, ErrorKind, Result};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};

/// The options that `[warehouse.options]` takes, by `object_store`'s names.
pub const OPTION_NAMES: &[&str] = &[
    "aws_access_key_id",
    "aws_allow_http",
    "aws_allow_invalid_certificates",
    "aws_checksum_algorithm",
    "aws_connect_timeout",
    "aws_container_authorization_token_file",
    "aws_container_credentials_full_uri",
    "aws_container_credentials_relative_uri",
    "aws_default_region",
    "aws_disable_bulk_delete",
    "aws_disable_tagging",
    "aws_endpoint",
    "aws_endpoint_url_s3",
    "aws_endpoint_url_sts",
    "aws_http1_only",
    "aws_http2_only",
    "aws_imdsv1_fallback",
    "aws_metadata_endpoint",
    "aws_pool_idle_timeout",
    "aws_pool_max_idle_per_host",
    "aws_proxy_ca_certificate",
    "aws_proxy_excludes",
    "aws_proxy_url",
    "aws_randomize_addresses",
    "aws_read_timeout",
    "aws_region",
    "aws_request_payer",
    "aws_role_arn",
    "aws_role_session_name",
    "aws_s3_express",
    "aws_secret_access_key",
    "aws_server_side_encryption",
    "aws_session_token",
    "aws_skip_signature",
    "aws_sse_bucket_key_enabled",
    "aws_sse_customer_key_base64",
    "aws_sse_kms_key_id",
    "aws_timeout",
    "aws_unsigned_payload",
    "aws_user_agent",
    "aws_virtual_hosted_style_request",
    "aws_web_identity_token_file",
];

/// A large object on a slow line takes its time.
const REQUEST_TIMEOUT: &str = "10 minutes";

/// Checks the name of an option.
///
/// # Errors
/// `Config`, naming the nearest option, for a name that the store does not know or that another setting decides.
pub fn check_option(name: &str) -> Result<()> {
    let problem = |hint: String| {
        let message = format!("`{name}` is not an option of the warehouse's store");
        Err(Error::new(ErrorKind::Config, message).with_hint(hint))
    };
    match name.parse::<AmazonS3ConfigKey>() {
        Ok(AmazonS3ConfigKey::Bucket) => problem("the bucket stands in the warehouse's `url`".to_owned()),
        Ok(AmazonS3ConfigKey::ConditionalPut) => problem("use `conditional_writes`".to_owned()),
        Ok(_) => Ok(()),
        Err(_) => problem(format!("did you mean `{}`?", nearest(name))),
    }
}

fn nearest(name: &str) -> &'static str {
    let full = if name.starts_with("aws_") { name.to_owned() } else { format!("aws_{name}") };
    let by_likeness =
        |a: &&&str, b: &&&str| strsim::jaro_winkler(a, &full).total_cmp(&strsim::jaro_winkler(b, &full));
    OPTION_NAMES.iter().max_by(by_likeness).copied().unwrap_or_default()
}

/// The store at `s3://<location>`: options win over `AWS_*` variables of the environment.
pub(crate) fn open(location: &str, options: &BTreeMap<String, String>) -> Result<Arc<dyn ObjectStore>> {
    let (bucket, prefix) = location.split_once('/').unwrap_or((location, ""));
    if bucket.is_empty() {
        let message = format!("the warehouse's url names no bucket url=`s3://{location}`");
        return Err(Error::new(ErrorKind::Config, message).with_hint("use `s3://bucket/prefix`"));
    }
    options.keys().try_for_each(|name| check_option(name))?;
    let mut builder = AmazonS3Builder::new()
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), REQUEST_TIMEOUT)
        .with_retry(retries());
    let environment = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value));
    for (name, value) in environment.filter(|(name, _)| name.starts_with("aws_")) {
        if let Ok(key) = name.parse::<AmazonS3ConfigKey>()
            && check_option(&name).is_ok()
        {
            builder = builder.with_config(key, value);
        }
    }
    for (name, value) in options {
        let key = name.parse::<AmazonS3ConfigKey>().map_err(|error| refused(location, error))?;
        builder = builder.with_config(key, value);
    }
    let store = builder.with_bucket_name(bucket).build().map_err(|error| refused(location, error))?;
    if prefix.trim_matches('/').is_empty() {
        return Ok(Arc::new(store));
    }
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}

/// Few and short: a commit that meets trouble is taken up again by the next run, and a stop must not wait for minutes.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { max_backoff: Duration::from_secs(5), ..BackoffConfig::default() },
        max_retries: 6,
        retry_timeout: Duration::from_secs(180),
    }
}

fn refused(location: &str, error: object_store::Error) -> Error {
    Error::new(ErrorKind::Config, format!("cannot use the warehouse's store url=`s3://{location}`"))
        .with_source(error)
        .with_hint("check `url` and `[warehouse.options]`, and the AWS_* variables of the environment")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_that_is_offered_is_known_to_the_store() {
        for name in OPTION_NAMES {
            check_option(name).unwrap();
        }
        assert!(OPTION_NAMES.is_sorted());
    }

    #[test]
    fn a_misspelt_option_is_refused_with_the_nearest_name() {
        for (wrong, right) in [
            ("aws_acces_key_id", "aws_access_key_id"),
            ("endpont", "aws_endpoint"),
            ("aws_allow_htp", "aws_allow_http"),
            ("aws_bucket", "url"),
            ("aws_conditional_put", "conditional_writes"),
        ] {
            let error = check_option(wrong).unwrap_err();
            assert!(error.hint().contains(right), "{wrong}: {}", error.hint());
        }
    }

    #[test]
    fn a_store_is_opened_without_asking_anybody() {
        let options = BTreeMap::from([("aws_endpoint".to_owned(), "http://127.0.0.1:9".to_owned())]);
        let store = open("bucket/some/prefix", &options).unwrap();
        assert!(store.to_string().contains("some/prefix"));
        assert!(open("", &BTreeMap::new()).is_err());
        let unknown = BTreeMap::from([("aws_endpont".to_owned(), String::new())]);
        assert_eq!(open("bucket", &unknown).unwrap_err().kind(), ErrorKind::Config);
    }
}
