//! The usage of the world as facts, one JSON object a line.
//!
//! Every line has `fact`. Instants are RFC 3339 in UTC; `hour`, `day` and `minute` are the start of a half-open bucket. Figures
//! are the final ones: after any late revision, with nothing shrunken. A line of a resource has `archived`, which is true of those archived
//! before the world begins, and `deleted_at` or null: a list asked at some instant flags a resource when either holds by then.
//! Figures carry the provider's names (`viewing_bytes`, …); `resource_type` is `transcoder`, `vod_stream` or `account`.
//!
//! | fact | a line for each | figures |
//! |---|---|---|
//! | `resource` | resource that a list of the range names | the description, `created_at`, `deleted_at` |
//! | `transcoder_hour` | hour and transcoder listed in it | egress |
//! | `transcoder_viewing_hour` | the same | viewing |
//! | `vod_hour` | hour and VOD stream listed in it | viewing |
//! | `vod_egress_hour` | the same | egress |
//! | `transcoder_trend_hour`, `vod_trend_hour` | the same | viewing, no average |
//! | `account_trend_hour` | hour and `scope` | viewing, no average |
//! | `transcoder_day`, `vod_day` | full UTC day and resource listed in it | viewing and egress |
//! | `transcoder_country_day`, `vod_country_day` | day, resource, country with any usage | viewing |
//! | `vod_rendition_day` | day, VOD stream, rendition with any usage | viewing |
//! | `configuration_day` | day, transcoder type and billing mode | egress |
//! | `account_day` | day and `scope` | viewing and egress |
//! | `account_country_day` | day, `scope`, country with any usage | viewing |
//! | `live_minute` | minute, resource or the account, `country_code` (empty: all; others with any viewers) | `unique_viewers` |
//!
//! `scope` is `transcoders`, `vod_streams` or `account` (unfiltered). Live minutes are told for ranges of six hours at most.

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::as_of::AsOf;
use super::behaviour::WowzaBehaviour;
use super::live;
use super::members::{account_members, configurations};
use super::rows;
use super::stamp::{at_hour, at_second};
use super::tally::Viewed;
use super::usage::RENDITIONS;
use super::viewers::COUNTRIES;
use super::world::{Kind, Resource, World};

const SCOPES: [(&str, (bool, bool)); 3] =
    [("transcoders", (true, false)), ("vod_streams", (false, true)), ("account", (true, true))];
const LONGEST_LIVE: TimeDelta = TimeDelta::hours(6);

/// All facts of `[from, to)`.
pub(super) fn dump(
    world: &World,
    behaviour: &WowzaBehaviour,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> String {
    let mut dump = Dump { world, behaviour, to, as_of: AsOf::settled(), lines: String::new() };
    dump.resources(from);
    for hour in ceiling(from, 3600)..to.timestamp().div_euclid(3600) {
        dump.hour(hour);
    }
    for day in ceiling(from, 86_400)..to.timestamp().div_euclid(86_400) {
        dump.day(day);
    }
    if to - from <= LONGEST_LIVE {
        dump.live(ceiling(from, 60)..to.timestamp().div_euclid(60));
    }
    dump.lines
}

/// The first whole bucket that starts no earlier.
fn ceiling(at: DateTime<Utc>, seconds: i64) -> i64 {
    -(-at.timestamp()).div_euclid(seconds)
}

struct Dump<'a> {
    world: &'a World,
    behaviour: &'a WowzaBehaviour,
    to: DateTime<Utc>,
    as_of: AsOf,
    lines: String,
}

impl<'a> Dump<'a> {
    fn line<const N: usize>(&mut self, fact: &str, parts: [Value; N]) {
        let line = rows::joined([json!({ "fact": fact }), rows::joined(parts)]);
        writeln!(self.lines, "{line}").expect("text grows without error");
    }

    fn listed(&self, kind: Kind, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<&'a Resource> {
        self.world.of_kind(kind).iter().filter(|resource| resource.listed(from, to)).collect()
    }

    fn who(&self, resource: &Resource) -> Value {
        json!({
            "resource_type": resource_type(resource.kind),
            "resource_id": resource.id,
            "archived": resource.archived,
            "deleted_at": resource.deleted_at.map(stamp),
        })
    }

    fn resources(&mut self, from: DateTime<Utc>) {
        for kind in [Kind::Transcoder, Kind::VodStream] {
            for resource in self.listed(kind, from, self.to) {
                let words = rows::description(resource, resource.archived);
                let life = json!({ "created_at": stamp(resource.created_at) });
                self.line("resource", [self.who(resource), words, life]);
            }
        }
    }

    fn hour(&mut self, hour: i64) {
        let hours = hour..hour + 1;
        let (from, to) = (at_hour(hour), at_hour(hour + 1));
        let when = json!({ "hour": stamp(from) });
        for resource in self.listed(Kind::Transcoder, from, to) {
            let egress = rows::egress(&self.world.egressed(&[resource], hours.clone(), &self.as_of));
            let viewed = self.world.viewed(&[resource], hours.clone(), &self.as_of);
            let who = self.who(resource);
            self.line("transcoder_hour", [when.clone(), who.clone(), egress]);
            self.line("transcoder_viewing_hour", [when.clone(), who.clone(), rows::viewing(&viewed)]);
            self.line("transcoder_trend_hour", [when.clone(), who, point(&viewed)]);
        }
        for resource in self.listed(Kind::VodStream, from, to) {
            let egress = rows::egress(&self.world.egressed(&[resource], hours.clone(), &self.as_of));
            let viewed = self.world.viewed(&[resource], hours.clone(), &self.as_of);
            let who = self.who(resource);
            self.line("vod_hour", [when.clone(), who.clone(), rows::viewing(&viewed)]);
            self.line("vod_egress_hour", [when.clone(), who.clone(), egress]);
            self.line("vod_trend_hour", [when.clone(), who, point(&viewed)]);
        }
        for (scope, filter) in SCOPES {
            let members = account_members(self.world, filter, self.behaviour);
            let viewed = self.world.viewed(&members, hours.clone(), &self.as_of);
            self.line("account_trend_hour", [when.clone(), json!({ "scope": scope }), point(&viewed)]);
        }
    }

    fn day(&mut self, day: i64) {
        let hours = day * 24..day * 24 + 24;
        let (from, to) = (at_hour(hours.start), at_hour(hours.end));
        let when = json!({ "day": stamp(from) });
        for (kind, fact, country_fact) in [
            (Kind::Transcoder, "transcoder_day", "transcoder_country_day"),
            (Kind::VodStream, "vod_day", "vod_country_day"),
        ] {
            for resource in self.listed(kind, from, to) {
                let who = self.who(resource);
                let figures = self.figures(&[resource], hours.clone());
                self.line(fact, [when.clone(), who.clone(), figures]);
                self.countries(
                    country_fact,
                    &[resource],
                    hours.clone(),
                    &rows::joined([when.clone(), who.clone()]),
                );
                if kind == Kind::VodStream {
                    self.renditions(resource, hours.clone(), &rows::joined([when.clone(), who]));
                }
            }
        }
        for (transcoder_type, billing_mode, members) in
            configurations(&self.listed(Kind::Transcoder, from, to))
        {
            let egress = rows::egress(&self.world.egressed(&members, hours.clone(), &self.as_of));
            let words = json!({ "transcoder_type": transcoder_type, "billing_mode": billing_mode });
            self.line("configuration_day", [when.clone(), words, egress]);
        }
        for (scope, filter) in SCOPES {
            let members = account_members(self.world, filter, self.behaviour);
            let scope = rows::joined([when.clone(), json!({ "scope": scope })]);
            let figures = self.figures(&members, hours.clone());
            self.line("account_day", [scope.clone(), figures]);
            self.countries("account_country_day", &members, hours.clone(), &scope);
        }
    }

    fn figures(&self, members: &[&Resource], hours: std::ops::Range<i64>) -> Value {
        let viewed = self.world.viewed(members, hours.clone(), &self.as_of);
        let egress = self.world.egressed(members, hours, &self.as_of);
        rows::joined([rows::viewing(&viewed), rows::egress(&egress)])
    }

    fn countries(&mut self, fact: &str, members: &[&Resource], hours: std::ops::Range<i64>, key: &Value) {
        let viewed = self.world.viewed_by_country(members, hours, &self.as_of);
        for ((code, name), viewed) in COUNTRIES.iter().zip(&viewed).filter(|(_, viewed)| !viewed.is_nothing())
        {
            let country = json!({ "country_code": code, "country_name": name });
            self.line(fact, [key.clone(), country, rows::viewing(viewed)]);
        }
    }

    fn renditions(&mut self, resource: &Resource, hours: std::ops::Range<i64>, key: &Value) {
        let viewed = self.world.viewed_by_rendition(resource, hours, &self.as_of);
        for (name, viewed) in RENDITIONS.iter().zip(&viewed).filter(|(_, viewed)| !viewed.is_nothing()) {
            self.line(
                "vod_rendition_day",
                [key.clone(), json!({ "rendition": name }), rows::viewing(viewed)],
            );
        }
    }

    fn live(&mut self, range: std::ops::Range<i64>) {
        let (from, to) = (at_second(range.start * 60), at_second(range.end * 60));
        for kind in [Kind::Transcoder, Kind::VodStream] {
            for resource in self.listed(kind, from, to) {
                let who = self.who(resource);
                self.live_minutes(&[resource], range.clone(), &who);
            }
        }
        let members = account_members(self.world, (true, true), self.behaviour);
        self.live_minutes(&members, range, &json!({ "resource_type": "account" }));
    }

    fn live_minutes(&mut self, members: &[&Resource], range: std::ops::Range<i64>, who: &Value) {
        for minute in live::minutes(self.world, members, range, u128::MAX) {
            let everyone = std::iter::once(("", minute.viewers));
            let by_country = COUNTRIES.iter().zip(minute.by_country).filter(|(_, viewers)| *viewers > 0);
            for (code, viewers) in everyone.chain(by_country.map(|((code, _), viewers)| (*code, viewers))) {
                let sample =
                    json!({ "minute": stamp(minute.at), "country_code": code, "unique_viewers": viewers });
                self.line("live_minute", [who.clone(), sample]);
            }
        }
    }
}

fn point(viewed: &Viewed) -> Value {
    json!({
        "unique_viewers": viewed.viewers,
        "viewing_seconds": viewed.seconds,
        "viewing_bytes": viewed.bytes,
    })
}

fn resource_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Transcoder => "transcoder",
        Kind::VodStream => "vod_stream",
        Kind::Elsewhere => "elsewhere",
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
