//! The pages of one pull: what tells them from those of another, and they themselves where they are kept.

use std::collections::BTreeMap;

use highwater_core::{Digester, PageRequest, RawPage};

/// What a digest of today's form begins with.
const BY_PAGE: &str = "p2-";

/// The pages that a pull has received, in the order of their requests. Each is digested as it comes, so that its body need
/// not be kept for that.
#[derive(Clone, Debug)]
pub struct PulledPages {
    pages: BTreeMap<PageRequest, Pulled>,
    kept: bool,
}

#[derive(Clone, Debug)]
struct Pulled {
    digest: String,
    page: Option<RawPage>,
}

impl PulledPages {
    /// No pages yet of a pull that keeps them, or gives each up as soon as it is digested.
    #[must_use]
    pub fn new(kept: bool) -> Self {
        Self { pages: BTreeMap::new(), kept }
    }

    /// Adds a page. Another answer to its request is replaced.
    pub fn add(&mut self, page: RawPage) {
        let (request, digest) = (page.request.clone(), Digester::of_whole(&page.body));
        self.pages.insert(request, Pulled { digest, page: self.kept.then_some(page) });
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Bytes of the bodies that are kept.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.pages.values().filter_map(|pulled| pulled.page.as_ref()).map(|page| page.body.len() as u64).sum()
    }

    /// The digest of the pull: what its file in the raw archive is named by. It is taken of two lines for each page, in
    /// the order of their requests: the request's JSON, and the digest of the body. In what order pages were added makes
    /// no difference.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut digester = Digester::new();
        for (request, pulled) in &self.pages {
            digester.update(&json(request));
            digester.update(b"\n");
            digester.update(pulled.digest.as_bytes());
            digester.update(b"\n");
        }
        format!("{BY_PAGE}{}", digester.finish())
    }

    /// The pages; `None` when they were given up.
    #[must_use]
    pub fn into_pages(self) -> Option<Vec<RawPage>> {
        self.kept.then(|| self.pages.into_values().filter_map(|pulled| pulled.page).collect())
    }
}

impl FromIterator<RawPage> for PulledPages {
    /// Keeps them.
    fn from_iter<I: IntoIterator<Item = RawPage>>(pages: I) -> Self {
        let mut pulled = Self::new(true);
        pages.into_iter().for_each(|page| pulled.add(page));
        pulled
    }
}

/// Whether `digest`, of whichever form, is that of a pull of `pages`.
///
/// The form before today's is not marked. It is taken of the same in the same order, with the bodies themselves where
/// today's has their digests; it is no longer written.
pub(crate) fn is_pull_digest(digest: &str, pages: &[RawPage]) -> bool {
    if digest.starts_with(BY_PAGE) {
        return PulledPages::from_iter(pages.iter().cloned()).digest() == digest;
    }
    let mut ordered: Vec<&RawPage> = pages.iter().collect();
    ordered.sort_by(|a, b| a.request.cmp(&b.request));
    let mut digester = Digester::like(digest);
    for page in ordered {
        digester.update(&json(&page.request));
        digester.update(b"\n");
        digester.update(&page.body);
        digester.update(b"\n");
    }
    digester.finish() == digest
}

fn json(request: &PageRequest) -> Vec<u8> {
    serde_json::to_vec(request).expect("a request has only text keys")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use chrono::DateTime;
    use highwater_core::Window;

    fn page(number: u8, body: &'static str) -> RawPage {
        let request =
            PageRequest::new("list", Window::day("2026-09-01".parse().unwrap())).with_param("page", number);
        RawPage { request, body: Bytes::from_static(body.as_bytes()), fetched_at: DateTime::UNIX_EPOCH }
    }

    fn digest(pages: &[RawPage], kept: bool) -> String {
        let mut pulled = PulledPages::new(kept);
        pages.iter().for_each(|page| pulled.add(page.clone()));
        pulled.digest()
    }

    #[test]
    fn neither_the_order_of_arrival_nor_what_is_kept_changes_a_pull() {
        let (a, b) = (page(1, "{}"), page(2, "[]"));
        let told = digest(&[a.clone(), b.clone()], true);
        assert_eq!(told, digest(&[b.clone(), a.clone()], false));
        assert_ne!(told, digest(std::slice::from_ref(&a), true));
        assert_ne!(told, digest(&[page(1, "[]"), page(2, "{}")], true));
        assert_eq!(told, digest(&[page(2, "{}"), a, b], false), "a page that came again counts once");
    }

    #[test]
    fn pages_are_kept_or_given_up() {
        let (mut kept, mut passing) = (PulledPages::new(true), PulledPages::new(false));
        for pulled in [&mut kept, &mut passing] {
            pulled.add(page(2, "[]"));
            pulled.add(page(1, "{}\n"));
            assert!(pulled.len() == 2 && !pulled.is_empty());
        }
        assert_eq!((kept.bytes(), passing.bytes()), (5, 0));
        assert_eq!(kept.into_pages(), Some(vec![page(1, "{}\n"), page(2, "[]")]));
        assert_eq!(passing.into_pages(), None);
    }

    /// Computed outside of Highwater.
    #[test]
    fn the_forms_of_pull_digests_are_fixed() {
        let pages = [page(2, "[]"), page(1, "{}")];
        let today = "p2-b3-f3492a18c6ff3aedda561c6e28a5868a";
        let before = ["b3-ef3e70793e3e401c563bca683f1aeac9", "cfa8c3cad3fc04d33ccf0a402658b7f3"];
        assert_eq!(digest(&pages, true), today);
        for form in before.into_iter().chain([today]) {
            assert!(is_pull_digest(form, &pages), "{form}");
            assert!(!is_pull_digest(form, &pages[..1]), "{form}");
        }
    }
}
