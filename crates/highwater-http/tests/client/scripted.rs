//! A server that gives each connection the next answer of a script, the last one again and again; a client for it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use highwater_core::{Context, Result, SourceName, Traffic};
use highwater_http::{Answer, Auth, Call, Client, ClientSettings, classify_by_status, reqwest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::skipping_clock::SkippingClock;

/// An answer with a body and its right length.
pub(crate) fn answer(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

pub(crate) struct Scripted {
    pub(crate) client: Client,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) clock: Arc<SkippingClock>,
    pub(crate) url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// A server for `script`. An empty answer closes the connection without a byte.
    pub(crate) async fn start(script: Vec<Vec<u8>>) -> Self {
        Self::start_with(script, |settings| settings).await
    }

    pub(crate) async fn start_with(
        script: Vec<Vec<u8>>,
        change: impl FnOnce(ClientSettings) -> ClientSettings,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/usage", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, script, Arc::clone(&heads)));
        let clock = Arc::new(SkippingClock::default());
        let context = Context {
            source: SourceName::new("scripted").unwrap(),
            datasets: Vec::new(),
            clock: Arc::clone(&clock) as _,
            real_clock: Arc::clone(&clock) as _,
            requests_per_second: 1000.0,
        };
        let traffic = Arc::new(Traffic::default());
        let client = Client::new(change(ClientSettings::new(&context)), Arc::clone(&traffic)).unwrap();
        Self { client, traffic, clock, url, heads }
    }

    pub(crate) async fn get(&self) -> Result<Answer> {
        self.client.send(&Get::new(&self.url)).await
    }

    /// The heads of the requests that arrived.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn serve(listener: TcpListener, script: Vec<Vec<u8>>, heads: Arc<Mutex<Vec<String>>>) {
    let mut position = 0;
    while let Ok((mut connection, _)) = listener.accept().await {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match connection.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        heads.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
        let answer = &script[position.min(script.len() - 1)];
        position += 1;
        // The client may have gone; that is its business.
        let _ = connection.write_all(answer).await;
        let _ = connection.shutdown().await;
    }
}

/// A plain call that counts how often it was built and sends that number as a header.
pub(crate) struct Get {
    pub(crate) url: String,
    pub(crate) auth: Option<Auth>,
    built: Mutex<u32>,
}

impl Get {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), auth: None, built: Mutex::new(0) }
    }
}

impl Call for Get {
    fn build(&self, http: &reqwest::Client) -> Result<reqwest::Request> {
        let mut built = self.built.lock().unwrap();
        *built += 1;
        let request = http.get(&self.url).header("x-built", *built);
        let request = match &self.auth {
            Some(auth) => auth.apply(request)?,
            None => request,
        };
        Ok(request.build().unwrap())
    }

    fn classify(&self, answer: &Answer) -> Result<()> {
        classify_by_status(answer, Some(String::from_utf8_lossy(&answer.body).into_owned()))
    }

    fn describe(&self) -> String {
        "GET /usage".to_owned()
    }
}

/// Seconds, for brevity.
pub(crate) const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
