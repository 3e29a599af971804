//! What a newer program has written is refused, and left alone.

use super::site::{Site, folder_and_s3};

const NOW: &str = "2026-09-02T14:00:00Z";
const RANGE: (&str, &str) = ("2026-09-01T00:00:00Z", "2026-09-01T03:00:00Z");

/// Turns the one place that says format 1 into format 2.
fn newer(content: &[u8], before: &[u8], after: &[u8]) -> Vec<u8> {
    let places: Vec<usize> =
        (0..content.len() - before.len()).filter(|at| content[*at..].starts_with(before)).collect();
    assert_eq!(places.len(), 1, "the format stands in one place");
    let mut newer = content.to_vec();
    newer[places[0]..places[0] + after.len()].copy_from_slice(after);
    newer
}

#[test]
fn a_newer_format_of_an_object_or_a_checkpoint_is_refused() {
    for store in folder_and_s3() {
        let site = Site::new(NOW, 10, store);
        site.backfill(NOW, RANGE.0, RANGE.1).expect_code(0);
        let refuses = |arguments: &[&str]| {
            let refused = site.highwater(NOW, arguments).run().expect_code(1);
            assert!(refused.stderr.contains("hint: upgrade highwater"), "{}", refused.stderr);
        };
        let (file, content) = site.files("state").remove(0);
        site.put(&file, Some(&newer(&content, b"\"format\":1", b"\"format\":2")));
        refuses(&["backfill", "--from", "2026-09-01", "--to", "2026-09-02"]);
        refuses(&["status"]);
        site.put(&file, Some(&content));

        // In a footer, a key is followed by the kind and the length of its value.
        let usage = site.files("data/resource_usage/").remove(0);
        let of_format = |digit: &[u8]| [b"highwater.format\x18\x01", digit].concat();
        let patched = newer(&usage.1, &of_format(b"1"), &of_format(b"2"));
        site.put(&usage.0, Some(&patched));
        refuses(&["backfill", "--from", "2026-09-01", "--to", "2026-09-02"]);
        refuses(&["checkpoint", "rebuild"]);
        assert_eq!(site.files("data/resource_usage/").remove(0).1, patched, "it is left alone");
        site.put(&usage.0, Some(&usage.1));
        site.backfill(NOW, "2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z").expect_code(0);
    }
}
