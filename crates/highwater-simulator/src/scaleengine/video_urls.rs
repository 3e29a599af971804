//! The names that the simulated world's videos and streams have: what customers really type, not what is easy to carry.

/// A name that every application has, with figures that no double holds exactly.
pub(super) const FAMOUS: &str = "shared/intro.mp4";

/// Names that survive only if nobody on the way normalises, trims, decodes or folds them. Two differ in case alone, two
/// in Unicode composition alone.
const AWKWARD: [&str; 16] = [
    FAMOUS,
    "sestore/acme/Spring Sale (final).mp4",
    "sestore/acme/Promo.mp4",
    "sestore/acme/promo.mp4",
    "sestore/caf\u{e9}/menu.mp4",
    "sestore/cafe\u{301}/menu.mp4",
    "sestore/party/\u{1f600}\u{1f389}.mp4",
    "видео/новости.mp4",
    "動画/東京.mp4",
    "فيديو/مرحبا.mp4",
    "sestore/100%25 off+free & \"more\".mp4",
    "sestore/it's <b>bold</b>\\back.mp4",
    "/leading/slash.mp4",
    "trailing/space.mp4 ",
    "double//slash/./dots/../x.mp4?token=a=b&c#d",
    "0",
];

/// `count` distinct names of files; the same `stem` gives the same names.
pub(super) fn of_files(stem: &str, count: usize) -> Vec<String> {
    awkward_then(count, |number| format!("sestore/{stem}/{:04}/clip_{number:05}.mp4", 2020 + number % 7))
}

/// `count` distinct names of live streams; the same `stem` gives the same names.
pub(super) fn of_streams(stem: &str, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| match number {
            0 => FAMOUS.to_owned(),
            1 => format!("{stem}_main"),
            2 => format!("{stem} stage 2"),
            3 => format!("{stem}-\u{1f3a5}"),
            4 => "канал 1".to_owned(),
            _ => format!("{stem}_{number:03}"),
        })
        .collect()
}

fn awkward_then(count: usize, plain: impl Fn(usize) -> String) -> Vec<String> {
    let awkward = AWKWARD.iter().map(|&name| name.to_owned());
    awkward.chain((AWKWARD.len()..).map(plain)).take(count).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_distinct_as_bytes() {
        for names in [of_files("acme", 500), of_streams("live", 500)] {
            assert_eq!(names.iter().collect::<HashSet<_>>().len(), 500);
        }
    }
}
