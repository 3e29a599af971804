//! A provider that is never the bottleneck: every page made beforehand and served from memory on loopback.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, Response, StatusCode};
use bytes::Bytes;
use tokio::net::TcpListener;

use crate::Outcome;
use crate::pages::World;

/// Bodies by the start of the hour (seconds since 1970), then by page.
type Bodies = HashMap<i64, Vec<Bytes>>;

/// Serves `world` in pages of `page_size`, whatever size is asked for, until the process ends. The address is the first
/// line on standard output.
///
/// # Errors
/// When no port can be taken.
pub async fn serve(world: World, page_size: u64) -> Outcome {
    // One page beyond the last: some clients ask until a page is empty.
    let pages = 1..=world.pages(page_size) + 1;
    let hour = |hour| pages.clone().map(move |page| world.body(hour, page, page_size).into());
    let bodies: Bodies =
        (0..world.hours).map(|n| (World::window(n).start().timestamp(), hour(n).collect())).collect();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(answer).with_state(Arc::new(bodies));
    Ok(axum::serve(listener, router).await?)
}

async fn answer(State(bodies): State<Arc<Bodies>>, request: Request<Body>) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let start = value(query, &["timeframe[]", "timeframe%5B%5D"]).and_then(|start| start.parse::<i64>().ok());
    let page = value(query, &["page"]).and_then(|page| page.parse::<usize>().ok()).unwrap_or(1);
    let body = start.and_then(|start| bodies.get(&start)).and_then(|pages| pages.get(page.max(1) - 1));
    let mut response = Response::new(Body::from(body.cloned().unwrap_or_default()));
    if body.is_none() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    let json = "application/json; charset=utf-8".parse().expect("a literal header");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// The first value of a parameter.
fn value<'a>(query: &'a str, names: &[&str]) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(name, _)| names.contains(name)).map(|(_, value)| value)
}
