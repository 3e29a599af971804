//! Digests: what tells one pull from another, and one content of a file from another.

use std::io::{self, Read, Seek, SeekFrom};

use highwater_core::{Digester, RawPage};

/// How much of an object's end tells its version.
const TAIL: u64 = 64 * 1024;

/// The digest of the bodies of one pull: what its file in the raw archive is named by. It is taken of the pages in the
/// order of their requests: the request's JSON, a line feed, the body, a line feed. The order of `pages` does not matter.
#[must_use]
pub fn pull_digest(pages: &[RawPage]) -> String {
    digest_by(Digester::new(), pages)
}

/// Whether `digest`, of whichever form, is that of `pages`.
pub(crate) fn is_pull_digest(digest: &str, pages: &[RawPage]) -> bool {
    digest_by(Digester::like(digest), pages) == digest
}

fn digest_by(mut digester: Digester, pages: &[RawPage]) -> String {
    let mut ordered: Vec<&RawPage> = pages.iter().collect();
    ordered.sort_by(|a, b| a.request.cmp(&b.request));
    for page in ordered {
        let request = serde_json::to_vec(&page.request).expect("a request has only text keys");
        digester.update(&request);
        digester.update(b"\n");
        digester.update(&page.body);
        digester.update(b"\n");
    }
    digester.finish()
}

fn content_digest<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut digester = Digester::new();
    chunks.into_iter().for_each(|chunk| digester.update(chunk));
    digester.finish()
}

/// What tells one version of a file from all others, read from its end alone where that is enough: the footer of an
/// object holds an id chosen anew for each version, so the rest of a large one need not be looked at.
pub(crate) fn version_tag(file: &mut (impl Read + Seek)) -> io::Result<String> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut tail = Vec::new();
    if length > TAIL {
        file.seek(SeekFrom::Start(length - TAIL))?;
        file.take(TAIL).read_to_end(&mut tail)?;
        if tail.ends_with(b"PAR1") {
            return Ok(content_digest([&length.to_le_bytes()[..], &tail]));
        }
        tail.clear();
    }
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut tail)?;
    Ok(content_digest([&tail[..]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use chrono::DateTime;
    use highwater_core::{PageRequest, Window};

    fn page(number: u8, body: &'static str) -> RawPage {
        let request =
            PageRequest::new("list", Window::day("2026-09-01".parse().unwrap())).with_param("page", number);
        RawPage { request, body: Bytes::from_static(body.as_bytes()), fetched_at: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn the_order_of_arrival_does_not_change_a_pull() {
        let (a, b) = (page(1, "{}"), page(2, "[]"));
        let digest = pull_digest(&[a.clone(), b.clone()]);
        assert_eq!(digest, pull_digest(&[b.clone(), a.clone()]));
        assert_ne!(digest, pull_digest(&[a]));
    }

    #[test]
    fn the_version_of_a_file_is_told_by_its_content_or_by_its_footer() {
        let tag = |content: &[u8]| version_tag(&mut io::Cursor::new(content)).unwrap();
        let (mut large, mut object) = (vec![0; 100_000], vec![0; 100_000]);
        object[99_996..].copy_from_slice(b"PAR1");
        let (plain, footed) = (tag(&large), tag(&object));
        large[0] = 1;
        assert_ne!(tag(&large), plain);
        object[99_000] = 1;
        assert_ne!(tag(&object), footed);
        object.insert(0, 0);
        assert_ne!(tag(&object), footed);
        assert_ne!(tag(b"a"), tag(b"b"));
    }

    #[test]
    fn the_form_of_a_pull_digest_is_fixed() {
        assert_eq!(pull_digest(&[]), "b3-af1349b9f5f9a1a6a0404dea36dcc949");
        assert!(is_pull_digest("e3b0c44298fc1c149afbf4c8996fb924", &[]));
        let text = br#"{"operation":"list","window":["2026-09-01T00:00:00Z","2026-09-02T00:00:00Z"],"params":{"page":"1"}}"#;
        let digest = pull_digest(&[page(1, "{}")]);
        assert_eq!(digest, content_digest([&text[..], b"\n{}\n"]));
        assert!(is_pull_digest(&digest, &[page(1, "{}")]) && !is_pull_digest(&digest, &[]));
    }
}
