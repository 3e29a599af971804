//! Which resources stand behind a figure.

use super::behaviour::{Remainder, WowzaBehaviour};
use super::route::Feed;
use super::world::{Kind, Resource, World};

/// The resources behind an account figure. What is not itemised shows under no single filter.
pub(super) fn account_members<'a>(
    world: &'a World,
    (transcoders, vod_streams): (bool, bool),
    behaviour: &WowzaBehaviour,
) -> Vec<&'a Resource> {
    let everything = transcoders && vod_streams && behaviour.remainder == Remainder::Some;
    let parts =
        [(Kind::Transcoder, transcoders), (Kind::VodStream, vod_streams), (Kind::Elsewhere, everything)];
    parts.iter().filter(|(_, wanted)| *wanted).flat_map(|(kind, _)| world.of_kind(*kind)).collect()
}

/// Transcoders by type and billing mode, in the order in which each first appears.
pub(super) fn configurations<'a>(
    listed: &[&'a Resource],
) -> Vec<(&'static str, &'static str, Vec<&'a Resource>)> {
    let mut found: Vec<(&str, &str, Vec<&Resource>)> = Vec::new();
    for &resource in listed {
        let (transcoder_type, billing_mode) = (resource.transcoder_type, resource.billing_mode);
        match found.iter_mut().find(|(kind, mode, _)| (*kind, *mode) == (transcoder_type, billing_mode)) {
            Some((_, _, members)) => members.push(resource),
            None => found.push((transcoder_type, billing_mode, vec![resource])),
        }
    }
    found
}

/// What a feed lists.
pub(super) fn kind(feed: Feed) -> Kind {
    match feed {
        Feed::Transcoders => Kind::Transcoder,
        Feed::VodStreams | Feed::VodEgress => Kind::VodStream,
    }
}
