//! The twenty operations, answered from one world.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::as_of::AsOf;
use super::behaviour::{ArchivedIds, LiveStamps, WowzaBehaviour};
use super::errors::Refusal;
use super::live::past_hour;
use super::members::account_members;
use super::query::Query;
use super::route::{Operation, Subject, Version};
use super::rows;
use super::stamp::LiveStamp;
use super::tally::Viewed;
use super::trend::samples;
use super::usage::Egress;
use super::window::{Asked, asked};
use super::world::{FOREIGN_ID, Kind, Resource, World};

const ACCOUNT_ID: &str = "acc00001";

/// One authenticated request.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) world: &'a World,
    pub(super) behaviour: &'a WowzaBehaviour,
    pub(super) version: Version,
    pub(super) query: Query,
    pub(super) now: DateTime<Utc>,
}

impl<'a> Question<'a> {
    /// The body of a success.
    pub(super) fn answer(&self, operation: &Operation) -> Result<Value, Refusal> {
        match operation {
            Operation::Live(subject) => self.live(subject),
            Operation::List(feed) => self.list(*feed),
            Operation::Summary(feed) => self.summary(*feed),
            Operation::One(feed, id) => self.one(*feed, id),
            Operation::Account => self.account(),
            Operation::Countries(subject) => {
                let (members, window) = self.members(subject)?;
                let viewed = self.world.viewed_by_country(&members, window.hours(), &self.as_of());
                Ok(json!({ "countries": rows::countries(&viewed), "limits": self.limits(subject, window)? }))
            }
            Operation::Renditions(id) => {
                let window = self.window()?;
                let resource = self.resource(Kind::VodStream, id)?;
                let viewed = self.world.viewed_by_rendition(resource, window.hours(), &self.as_of());
                Ok(json!({ "renditions": rows::renditions(&viewed), "limits": window.echo(self.behaviour) }))
            }
            Operation::Trend(subject) => {
                let (members, window) = self.members(subject)?;
                let as_of = self.as_of();
                let samples = samples(self.world, &members, window, self.now, self.behaviour, &as_of);
                Ok(json!({ "trend": rows::trend(&samples), "limits": self.limits(subject, window)? }))
            }
        }
    }

    fn account(&self) -> Result<Value, Refusal> {
        let (members, window) = self.members(&Subject::Account)?;
        let mut viewed = self.viewed(&members, window);
        let mut egress = self.egressed(&members, window);
        if self.query.filtered_resources()? == (true, true) {
            viewed = self.disagreeing_viewed(viewed);
            egress.bytes = self.disagreeing(egress.bytes);
            egress.seconds = self.disagreeing(egress.seconds);
        }
        let mut account = rows::joined([rows::viewing(&viewed), rows::egress(&egress)]);
        if self.behaviour.plural_account_key {
            account["id"] = json!(ACCOUNT_ID);
        }
        Ok(json!({ "account": account, "limits": self.limits(&Subject::Account, window)? }))
    }

    fn live(&self, subject: &Subject) -> Result<Value, Refusal> {
        let (key, id, members) = match subject {
            Subject::Account => {
                ("account", ACCOUNT_ID, account_members(self.world, (true, true), self.behaviour))
            }
            Subject::Transcoder(id) => {
                ("transcoder", id.as_str(), vec![self.resource(Kind::Transcoder, id)?])
            }
            Subject::VodStream(id) => ("vod_stream", id.as_str(), vec![self.resource(Kind::VodStream, id)?]),
        };
        let milliseconds = match self.behaviour.live_stamps {
            LiveStamps::ByVersion => self.version.prints_milliseconds(),
            LiveStamps::Milliseconds => true,
            LiveStamps::Seconds => false,
        };
        let stamp = LiveStamp { milliseconds, sixtieth_minute: self.behaviour.sixtieth_minute };
        let mut body = json!({});
        body[key] = rows::live(id, &past_hour(self.world, &members, self.now), stamp);
        Ok(body)
    }

    /// Whose usage is added up, over what window. The window is read first: a bad one is refused for any id.
    fn members(&self, subject: &Subject) -> Result<(Vec<&'a Resource>, Asked), Refusal> {
        let window = self.window()?;
        let members = match subject {
            Subject::Transcoder(id) => vec![self.resource(Kind::Transcoder, id)?],
            Subject::VodStream(id) => vec![self.resource(Kind::VodStream, id)?],
            Subject::Account => account_members(self.world, self.query.filtered_resources()?, self.behaviour),
        };
        Ok((members, window))
    }

    fn limits(&self, subject: &Subject, window: Asked) -> Result<Value, Refusal> {
        let mut limits = window.echo(self.behaviour);
        if *subject == Subject::Account {
            let (transcoders, vod_streams) = self.query.filtered_resources()?;
            let named = [("transcoders", transcoders), ("vod_streams", vod_streams)];
            limits["resources"] =
                named.iter().filter(|(_, applied)| *applied).map(|(name, _)| *name).collect();
        }
        Ok(limits)
    }

    /// The resource of an id, unless it may not be told of.
    pub(super) fn resource(&self, kind: Kind, id: &str) -> Result<&'a Resource, Refusal> {
        if id == FOREIGN_ID {
            return Err(Refusal::Unaccessible);
        }
        let resource = self.world.find(kind, id).filter(|found| found.created_at <= self.now);
        let resource = resource.ok_or(Refusal::NotFound)?;
        let withheld = resource.archived && self.behaviour.archived_ids == ArchivedIds::Gone;
        if withheld || resource.is_deleted_at(self.now) { Err(Refusal::Deleted) } else { Ok(resource) }
    }

    /// The window asked for.
    pub(super) fn window(&self) -> Result<Asked, Refusal> {
        asked(&self.query, self.now, self.behaviour)
    }

    /// What is told at the moment of the question.
    pub(super) fn as_of(&self) -> AsOf {
        AsOf::moment(self.now, self.behaviour)
    }

    /// Viewing over a window.
    pub(super) fn viewed(&self, members: &[&Resource], window: Asked) -> Viewed {
        self.world.viewed(members, window.hours(), &self.as_of())
    }

    /// Egress over a window.
    pub(super) fn egressed(&self, members: &[&Resource], window: Asked) -> Egress {
        self.world.egressed(members, window.hours(), &self.as_of())
    }

    /// A total, wrong when it is to be.
    pub(super) fn disagreeing(&self, value: u64) -> u64 {
        if self.behaviour.summary_disagrees { value + value / 100 + 1 } else { value }
    }

    /// As [`Self::disagreeing`].
    pub(super) fn disagreeing_viewed(&self, viewed: Viewed) -> Viewed {
        Viewed {
            viewers: viewed.viewers,
            seconds: self.disagreeing(viewed.seconds),
            bytes: self.disagreeing(viewed.bytes),
        }
    }
}
