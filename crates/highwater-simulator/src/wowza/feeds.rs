//! Lists, their summaries, and their rows one by one.

use serde_json::{Value, json};

use super::answer::Question;
use super::behaviour::Shrink;
use super::errors::Refusal;
use super::members::{configurations, kind};
use super::paging::{keyed, numbered};
use super::route::Feed;
use super::rows;
use super::window::Asked;
use super::world::Resource;

impl<'a> Question<'a> {
    /// One page of a list.
    pub(super) fn list(&self, feed: Feed) -> Result<Value, Refusal> {
        let window = self.window()?;
        let mut listed = self.listed(feed, window);
        match self.behaviour.shrink {
            Shrink::HalfTheRows => listed.truncate(listed.len() / 2),
            Shrink::Nothing => listed.clear(),
            Shrink::Whole | Shrink::TenthOfTheValues => {}
        }
        let page = match feed {
            Feed::Transcoders => numbered(&self.query, listed.len(), self.behaviour)?,
            Feed::VodStreams | Feed::VodEgress => {
                keyed(&self.query, listed.len(), self.world.seed, self.behaviour)?
            }
        };
        let rows: Value = listed[page.rows].iter().map(|resource| self.row(feed, resource, window)).collect();
        let mut body = json!({ "pagination": page.pagination, "limits": window.echo(self.behaviour) });
        body[if feed == Feed::Transcoders { "transcoders" } else { "vod_streams" }] = rows;
        Ok(body)
    }

    /// A resource as its list shows it.
    fn row(&self, feed: Feed, resource: &Resource, window: Asked) -> Value {
        let figures = match feed {
            Feed::Transcoders => rows::egress(&self.egressed(&[resource], window)),
            Feed::VodStreams => rows::viewing(&self.viewed(&[resource], window)),
            Feed::VodEgress => json!({ "egress_bytes": self.egressed(&[resource], window).bytes }),
        };
        rows::joined([rows::description(resource, resource.archived_at(self.now)), figures])
    }

    /// One resource.
    pub(super) fn one(&self, feed: Feed, id: &str) -> Result<Value, Refusal> {
        let window = self.window()?;
        let resource = self.resource(kind(feed), id)?;
        let row = self.row(feed, resource, window);
        let whole = match feed {
            Feed::Transcoders => rows::joined([row, rows::viewing(&self.viewed(&[resource], window))]),
            Feed::VodStreams => {
                let egress = self.egressed(&[resource], window);
                rows::joined([row, json!({ "egress_bytes": egress.bytes, "egress_seconds": egress.seconds })])
            }
            Feed::VodEgress => row,
        };
        let key = if feed == Feed::Transcoders { "transcoder" } else { "vod_stream" };
        let mut body = json!({ "limits": window.echo(self.behaviour) });
        body[key] = whole;
        Ok(body)
    }

    /// The sums of a list.
    pub(super) fn summary(&self, feed: Feed) -> Result<Value, Refusal> {
        let window = self.window()?;
        let listed = self.listed(feed, window);
        let summary = match feed {
            Feed::Transcoders => self.transcoder_summary(&listed, window),
            Feed::VodStreams => rows::viewing(&self.disagreeing_viewed(self.viewed(&listed, window))),
            Feed::VodEgress => {
                json!({ "egress_bytes": self.disagreeing(self.egressed(&listed, window).bytes) })
            }
        };
        Ok(json!({ "summary": summary, "limits": window.echo(self.behaviour) }))
    }

    fn transcoder_summary(&self, listed: &[&Resource], window: Asked) -> Value {
        let all = self.egressed(listed, window);
        let configurations: Value = configurations(listed)
            .into_iter()
            .map(|(transcoder_type, billing_mode, members)| {
                let egress = self.egressed(&members, window);
                json!({
                    "transcoder_type": transcoder_type,
                    "billing_mode": billing_mode,
                    "egress_bytes": egress.bytes,
                    "egress_seconds": egress.seconds,
                })
            })
            .collect();
        json!({
            "egress_bytes": self.disagreeing(all.bytes),
            "egress_seconds": self.disagreeing(all.seconds),
            "configurations": configurations,
        })
    }

    fn listed(&self, feed: Feed, window: Asked) -> Vec<&'a Resource> {
        let existing =
            |resource: &&Resource| resource.listed(window.from, window.to) && resource.created_at <= self.now;
        self.world.of_kind(kind(feed)).iter().filter(existing).collect()
    }
}
