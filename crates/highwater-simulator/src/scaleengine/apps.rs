//! The command `video.getapps`. The vendor's documentation names it as the list of application names and ids, but its
//! own page is not to be had: this answer's shape is invented, and nothing may be concluded from it about the vendor.

use super::answer;
use super::php_json::Json;
use super::world::World;

pub(super) fn answer(world: &World, handle_time: String) -> Json {
    let apps: Vec<Json> = world
        .apps()
        .iter()
        .map(|app| Json::members([("id", Json::Int(app.id)), ("name", Json::text(&app.name))]))
        .collect();
    let count = apps.len();
    answer::success("apps", apps, count, "Found Apps", handle_time)
}
