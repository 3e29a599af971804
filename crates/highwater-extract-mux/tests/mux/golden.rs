//! A page typed after the vendor's documents, every field of it accounted for.

use highwater_core::{Listing, Table};

use crate::source::{decode, hour, page};

const BODY: &str = r#"{
  "total_row_count": 3,
  "timeframe": [1700006400, 1700010000],
  "page": 1,
  "limit": 100,
  "data": [
    {"live_stream_id":"LsExampleAAAA01","asset_id":"AsExampleBBBB02","passthrough":"cust-17 \"north\" \u00e9",
     "created_at":"1699990000","deleted_at":"1700009000","asset_state":"deleted",
     "asset_duration":61.25,"asset_resolution_tier":"1080p",
     "asset_encoding_tier":"baseline","asset_video_quality":"basic",
     "delivered_seconds":250.5,
     "delivered_seconds_by_resolution":{"tier_1080p":200,"tier_720p":50.5}},
    {"asset_id":"AsExampleCCCC03","created_at":"1699000000","asset_state":"ready",
     "asset_duration":10,"asset_resolution_tier":"audio-only","asset_encoding_tier":"smart",
     "passthrough":"","delivered_seconds":30,
     "delivered_seconds_by_resolution":{"tier_audio_only":30}},
    {"asset_id":"AsExampleDDDD04","created_at":"1699000001","asset_state":"errored",
     "asset_duration":0.5,"asset_resolution_tier":"2160p","asset_encoding_tier":"premium",
     "asset_video_quality":"premium","delivered_seconds":6.366667,
     "delivered_seconds_by_resolution":{"tier_2160p":4.000001,"tier_1440p":2.366666}}
  ]
}"#;

#[test]
fn every_field_of_the_vendors_page_goes_where_the_documents_say() {
    let (facts, recording) = decode(&page(BODY.as_bytes())).unwrap();
    assert_eq!(
        recording.lines(Table::ResourceUsage),
        [
            "resource_id=AsExampleBBBB02 delivered_seconds=250.500000",
            "resource_id=AsExampleCCCC03 delivered_seconds=30.000000",
            "resource_id=AsExampleDDDD04 delivered_seconds=6.366667",
        ]
    );
    assert_eq!(
        recording.lines(Table::ResourceUsageByRendition),
        [
            "resource_id=AsExampleBBBB02 rendition=1080p delivered_seconds=200.000000",
            "resource_id=AsExampleBBBB02 rendition=720p delivered_seconds=50.500000",
            "resource_id=AsExampleCCCC03 rendition=audio-only delivered_seconds=30.000000",
            "resource_id=AsExampleDDDD04 rendition=2160p delivered_seconds=4.000001",
            "resource_id=AsExampleDDDD04 rendition=1440p delivered_seconds=2.366666",
        ]
    );
    assert_eq!(
        recording.lines(Table::Resources),
        [
            "resource_id=AsExampleBBBB02 parent_id=LsExampleAAAA01 created_at=2023-11-14T19:26:40Z \
             deleted_at=2023-11-15T00:43:20Z duration_seconds=61.250000 tier=1080p quality=basic \
             passthrough=cust-17 \"north\" é",
            "resource_id=AsExampleCCCC03 created_at=2023-11-03T08:26:40Z duration_seconds=10.000000 \
             tier=audio-only quality=smart passthrough=",
            "resource_id=AsExampleDDDD04 created_at=2023-11-03T08:26:41Z duration_seconds=0.500000 tier=2160p \
             quality=premium",
        ]
    );
    assert!(recording.rows.iter().all(|row| row.bucket == hour()));
    assert!(recording.rejects.is_empty() && recording.unknown.is_empty());
    assert_eq!(facts.echo, Some(hour()));
    assert_eq!(facts.listing, Some(Listing { series: "delivery_usage".to_owned(), listed: 3, total: 3 }));
    assert!(facts.next.is_empty() && facts.figures.is_empty());
}

#[test]
fn decoding_a_page_again_gives_the_same() {
    assert_eq!(decode(&page(BODY.as_bytes())).unwrap(), decode(&page(BODY.as_bytes())).unwrap());
}

#[test]
fn the_oldest_known_shape_is_still_read() {
    let body = r#"{"total_row_count":1,"timeframe":[1700006400,1700010000],"limit":100,"data":[
      {"passthrough":"p","delivered_seconds":25.7,"created_at":"1699990000","asset_state":"ready",
       "asset_id":"AsOld","asset_duration":77.5}]}"#;
    let (_, recording) = decode(&page(body.as_bytes())).unwrap();
    assert_eq!(recording.lines(Table::ResourceUsage), ["resource_id=AsOld delivered_seconds=25.700000"]);
    assert!(recording.lines(Table::ResourceUsageByRendition).is_empty());
    assert_eq!(
        recording.lines(Table::Resources),
        ["resource_id=AsOld created_at=2023-11-14T19:26:40Z duration_seconds=77.500000 passthrough=p"]
    );
}

#[test]
fn the_bare_minimum_is_an_asset_and_its_seconds() {
    let body =
        crate::source::body(r#"{"asset_id":"a","delivered_seconds":1,"passthrough":null,"created_at":null}"#);
    let (_, recording) = decode(&page(body.as_bytes())).unwrap();
    assert_eq!(recording.lines(Table::ResourceUsage), ["resource_id=a delivered_seconds=1.000000"]);
    assert_eq!(recording.lines(Table::Resources), ["resource_id=a"]);
}

#[test]
fn epoch_seconds_are_taken_as_a_number_too() {
    let body = crate::source::body(r#"{"asset_id":"a","delivered_seconds":1,"created_at":1699990000}"#);
    let (_, recording) = decode(&page(body.as_bytes())).unwrap();
    assert_eq!(recording.lines(Table::Resources), ["resource_id=a created_at=2023-11-14T19:26:40Z"]);
}

#[test]
fn tiers_need_not_add_up_and_zero_is_kept_as_it_was_said() {
    let body = crate::source::body(
        r#"{"asset_id":"a","delivered_seconds":0,"delivered_seconds_by_resolution":{"tier_720p":5,"tier_1080p":0}}"#,
    );
    let (_, recording) = decode(&page(body.as_bytes())).unwrap();
    assert_eq!(recording.lines(Table::ResourceUsage), ["resource_id=a delivered_seconds=0.000000"]);
    assert_eq!(recording.lines(Table::ResourceUsageByRendition).len(), 2);
}

#[test]
fn a_new_word_for_a_state_or_tier_breaks_nothing() {
    let body = crate::source::body(
        r#"{"asset_id":"a","delivered_seconds":1,"asset_state":"archived","asset_resolution_tier":"4320p"}"#,
    );
    let (_, recording) = decode(&page(body.as_bytes())).unwrap();
    assert_eq!(recording.lines(Table::Resources), ["resource_id=a tier=4320p"]);
}

#[test]
fn fields_that_are_new_are_counted_by_their_path_and_break_nothing() {
    let body = r#"{"next_cursor":null,"total_row_count":2,"timeframe":[1700006400,1700010000],"limit":100,"data":[
      {"asset_id":"a","delivered_seconds":1,"creator_id":"c","delivered_seconds_by_resolution":{"tier_4320p":1}},
      {"asset_id":"b","delivered_seconds":2,"creator_id":{"deep":[1]}}]}"#;
    let (_, recording) = decode(&page(body.as_bytes())).unwrap();
    assert_eq!(
        recording.unknown,
        [
            "next_cursor",
            "data[].creator_id",
            "data[].delivered_seconds_by_resolution.tier_4320p",
            "data[].creator_id"
        ]
    );
    assert_eq!(recording.lines(Table::ResourceUsage).len(), 2);
}
