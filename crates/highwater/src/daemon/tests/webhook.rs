//! What the webhook tells, how often, and what it never tells.

use std::sync::Mutex;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use highwater_core::{ErrorKind, Secret};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;

const PATH: &str = "/hooks/canary-5f1e";

/// Takes posts; refuses the first few.
struct Receiver {
    address: String,
    posts: Arc<Mutex<Vec<Value>>>,
    refusals: Arc<Mutex<u32>>,
    _server: JoinSet<()>,
}

impl Receiver {
    async fn start(refusals: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}{PATH}", listener.local_addr().unwrap());
        let (posts, refusals): (Arc<Mutex<Vec<Value>>>, _) = (Arc::default(), Arc::new(Mutex::new(refusals)));
        let (kept, left) = (Arc::clone(&posts), Arc::clone(&refusals));
        let take = async move |body: String| {
            let mut left = left.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                return StatusCode::SERVICE_UNAVAILABLE;
            }
            kept.lock().unwrap().push(serde_json::from_str(&body).unwrap());
            StatusCode::NO_CONTENT
        };
        let router = Router::new().route(PATH, post(take));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, posts, refusals, _server: server }
    }

    fn events(&self) -> Vec<(String, String)> {
        let word = |post: &Value, key: &str| post[key].as_str().unwrap_or_default().to_owned();
        self.posts.lock().unwrap().iter().map(|post| (word(post, "event"), word(post, "source"))).collect()
    }
}

/// A daemon that tells `receiver`, with its observer and webhook at work.
async fn telling(receiver: &Receiver) -> (Rig, JoinSet<()>) {
    let folder = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(folder.path(), &receiver.address).unwrap();
    let setting = format!("webhook = {{ file = \"{}\" }}", folder.path().display());
    let rig = Rig::with_daemon_settings("2026-09-06T06:15:00Z", "2026-09-01", &setting).await;
    rig.world("good").state().failure = Some(ErrorKind::Auth);
    let tasks = rig.daemon.start().unwrap();
    (rig, tasks)
}

/// Lets an hour pass, second by second, until `condition` holds.
async fn until(rig: &Rig, condition: impl Fn() -> bool) {
    while !condition() {
        rig.clock.advance(Duration::from_secs(1));
        rig.daemon.wake.ring();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_failed_source_is_told_once_and_again_only_after_it_was_well() {
    let receiver = Receiver::start(0).await;
    let (rig, tasks) = telling(&receiver).await;
    until(&rig, || !receiver.events().is_empty()).await;
    let looks = rig.world("good").asked("hourly") + rig.world("good").asked("daily") + 3;
    until(&rig, || rig.world("good").state().asked.len() >= looks).await;
    assert_eq!(receiver.events(), [("source_failed".to_owned(), "good".to_owned())]);
    rig.world("good").state().failure = None;
    until(&rig, || !rig.daemon.board.notes().activities[0].refused).await;
    rig.world("good").state().failure = Some(ErrorKind::Auth);
    until(&rig, || receiver.events().len() == 2).await;
    drop(tasks);
}

#[tokio::test]
async fn a_post_is_tried_again_and_holds_no_secret() {
    let receiver = Receiver::start(2).await;
    let (rig, tasks) = telling(&receiver).await;
    until(&rig, || !receiver.events().is_empty()).await;
    assert_eq!(*receiver.refusals.lock().unwrap(), 0);
    let post = receiver.posts.lock().unwrap()[0].clone();
    assert_eq!(post["event"], "source_failed");
    assert!(post["text"].as_str().unwrap().contains("good refuses our credentials"), "{post}");
    assert!(!post.to_string().contains("canary"), "{post}");
    drop(tasks);
}

#[tokio::test]
async fn an_address_that_is_no_url_is_refused_without_being_shown() {
    let rig = Rig::new("2026-09-06T06:15:00Z", "2026-09-01").await;
    let address = Secret::new("canary 5f1e".to_owned());
    let refused = super::super::webhook::Webhook::new(Arc::clone(&rig.daemon), address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Config);
    assert!(!format!("{refused:?} {}", refused.hint()).contains("canary"));
}
