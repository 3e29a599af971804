//! The server on loopback.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::error_handling::HandleError;
use axum::http::StatusCode;
use highwater_core::Clock;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::fault::Faults;
use crate::objects::Objects;
use crate::service::Service;

/// A running server with one bucket. It ends when it is dropped.
#[derive(Debug)]
pub struct TestServer {
    endpoint: String,
    objects: Arc<Objects>,
    faults: Arc<Faults>,
    task: JoinHandle<()>,
}

impl TestServer {
    /// The name of the bucket.
    pub const BUCKET: &str = "bucket";

    /// Starts a server on a free port of 127.0.0.1. `clock` is for slow writes.
    ///
    /// # Panics
    /// When loopback cannot be listened on.
    pub async fn start(clock: Arc<dyn Clock>) -> Self {
        let (objects, faults) = (Arc::new(Objects::default()), Arc::new(Faults::default()));
        let service = Service { objects: Arc::clone(&objects), faults: Arc::clone(&faults), clock };
        let service =
            HandleError::new(S3ServiceBuilder::new(service).build(), async |error: s3s::HttpError| {
                (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}"))
            });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
        let address = listener.local_addr().expect("a listener has an address");
        let task = tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback_service(service))
                .await
                .expect("serving ends with the test");
        });
        Self { endpoint: format!("http://{address}"), objects, faults, task }
    }

    /// The URL that clients connect to.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The options that a client needs, by `object_store`'s names.
    #[must_use]
    pub fn options(&self) -> BTreeMap<String, String> {
        let options = [
            ("aws_endpoint", self.endpoint.as_str()),
            ("aws_allow_http", "true"),
            ("aws_region", "us-east-1"),
            ("aws_access_key_id", "test"),
            ("aws_secret_access_key", "test"),
            ("aws_skip_signature", "true"),
        ];
        options.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The content of the bucket.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The faults, to be switched on and off.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
