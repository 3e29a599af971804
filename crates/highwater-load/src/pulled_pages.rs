//! The pages of one pull: what tells them from those of another, and they themselves where they are kept.

use std::collections::BTreeMap;

use highwater_core::{Digester, Error, ErrorKind, PageRequest, RawPage, Result};

use crate::archive_file::ArchiveFile;

/// What a digest of today's form begins with.
const BY_PAGE: &str = "p2-";

/// What becomes of the pages of a pull, once they are decoded and digested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// They are given up.
    Nothing,
    /// They stay in memory: to be looked at, taken once more, or archived if what they say is new.
    Pages,
    /// They are encoded for the raw archive, and given up.
    File,
}

/// The pages that a pull has received, in the order of their requests. Each is digested as it comes, so that its body need
/// not be kept for that.
#[derive(Debug)]
pub struct PulledPages {
    digests: BTreeMap<PageRequest, String>,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Nothing,
    Pages(BTreeMap<PageRequest, RawPage>),
    File(Option<Box<ArchiveFile>>),
}

impl PulledPages {
    /// No pages yet.
    #[must_use]
    pub fn new(keep: Keep) -> Self {
        let kept = match keep {
            Keep::Nothing => Kept::Nothing,
            Keep::Pages => Kept::Pages(BTreeMap::new()),
            Keep::File => Kept::File(None),
        };
        Self { digests: BTreeMap::new(), kept }
    }

    /// Adds a page, the answer to a request that was not answered before.
    ///
    /// # Errors
    /// `Internal` when it cannot be encoded.
    pub async fn add(&mut self, page: RawPage) -> Result<()> {
        self.digests.insert(page.request.clone(), Digester::of_whole(&page.body));
        match &mut self.kept {
            Kept::Nothing => {}
            Kept::Pages(pages) => drop(pages.insert(page.request.clone(), page)),
            Kept::File(file) => match file {
                Some(file) => file.add(&page).await?,
                None => file.insert(Box::new(ArchiveFile::new()?)).add(&page).await?,
            },
        }
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// Bytes of the bodies that stay in memory.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match &self.kept {
            Kept::Pages(pages) => pages.values().map(|page| page.body.len() as u64).sum(),
            Kept::Nothing | Kept::File(_) => 0,
        }
    }

    /// The digest of the pull: what its file in the raw archive is named by. It is taken of two lines for each page, in
    /// the order of their requests: the request's JSON, and the digest of the body. In what order pages were added makes
    /// no difference.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut digester = Digester::new();
        for (request, body) in &self.digests {
            digester.update(&json(request));
            digester.update(b"\n");
            digester.update(body.as_bytes());
            digester.update(b"\n");
        }
        format!("{BY_PAGE}{}", digester.finish())
    }

    /// The pages; `None` where they were given up.
    #[must_use]
    pub fn into_pages(self) -> Option<Vec<RawPage>> {
        match self.kept {
            Kept::Pages(pages) => Some(pages.into_values().collect()),
            Kept::Nothing | Kept::File(_) => None,
        }
    }

    /// The file that they are archived in.
    ///
    /// # Errors
    /// `Internal` when it cannot be encoded, or the pages were given up without one.
    pub(crate) async fn into_file(self) -> Result<ArchiveFile> {
        match self.kept {
            Kept::File(Some(file)) => Ok(*file),
            Kept::File(None) => ArchiveFile::new(),
            Kept::Pages(pages) => {
                let mut file = ArchiveFile::new()?;
                for page in pages.into_values() {
                    file.add(&page).await?;
                }
                Ok(file)
            }
            Kept::Nothing => {
                Err(Error::new(ErrorKind::Internal, "a pull gave up the pages that are to be archived"))
            }
        }
    }
}

impl FromIterator<RawPage> for PulledPages {
    /// Keeps them.
    fn from_iter<I: IntoIterator<Item = RawPage>>(pages: I) -> Self {
        let (mut digests, mut kept) = (BTreeMap::new(), BTreeMap::new());
        for page in pages {
            digests.insert(page.request.clone(), Digester::of_whole(&page.body));
            kept.insert(page.request.clone(), page);
        }
        Self { digests, kept: Kept::Pages(kept) }
    }
}

/// Whether `digest`, of whichever form, is that of a pull of `pages`.
///
/// The form before today's is not marked. It is taken of the same in the same order, with the bodies themselves where
/// today's has their digests; it is no longer written.
pub(crate) fn is_pull_digest(digest: &str, pages: &[RawPage]) -> bool {
    if digest.starts_with(BY_PAGE) {
        let pulled = PulledPages::from_iter(pages.iter().cloned());
        return pulled.len() == pages.len() && pulled.digest() == digest;
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

    async fn pulled(pages: &[RawPage], keep: Keep) -> PulledPages {
        let mut pulled = PulledPages::new(keep);
        for page in pages {
            pulled.add(page.clone()).await.unwrap();
        }
        pulled
    }

    #[tokio::test]
    async fn neither_the_order_of_arrival_nor_what_is_kept_changes_a_pull() {
        let (a, b) = (page(1, "{}"), page(2, "[]"));
        let told = PulledPages::from_iter([a.clone(), b.clone()]).digest();
        for keep in [Keep::Nothing, Keep::Pages, Keep::File] {
            assert_eq!(pulled(&[b.clone(), a.clone()], keep).await.digest(), told);
            assert_ne!(pulled(std::slice::from_ref(&a), keep).await.digest(), told);
            assert_ne!(pulled(&[page(1, "[]"), page(2, "{}")], keep).await.digest(), told);
        }
    }

    #[tokio::test]
    async fn pages_are_kept_encoded_or_given_up() {
        let pages = [page(2, "[]"), page(1, "{}\n")];
        for (keep, bytes, as_pages, as_file) in
            [(Keep::Nothing, 0, false, false), (Keep::Pages, 5, true, true), (Keep::File, 0, false, true)]
        {
            let of = pulled(&pages, keep).await;
            assert_eq!((of.len(), of.bytes()), (2, bytes), "{keep:?}");
            let in_order = vec![page(1, "{}\n"), page(2, "[]")];
            assert_eq!(of.into_pages(), as_pages.then_some(in_order), "{keep:?}");
            assert_eq!(pulled(&pages, keep).await.into_file().await.is_ok(), as_file, "{keep:?}");
        }
    }

    #[test]
    fn a_page_that_stands_there_twice_is_not_believed() {
        let pages = [page(1, "{}"), page(1, "{}")];
        assert!(!is_pull_digest(&PulledPages::from_iter(pages.clone()).digest(), &pages));
    }

    /// Computed outside of Highwater.
    #[test]
    fn the_forms_of_pull_digests_are_fixed() {
        let pages = [page(2, "[]"), page(1, "{}")];
        let today = "p2-b3-f3492a18c6ff3aedda561c6e28a5868a";
        let before = ["b3-ef3e70793e3e401c563bca683f1aeac9", "cfa8c3cad3fc04d33ccf0a402658b7f3"];
        assert_eq!(PulledPages::from_iter(pages.clone()).digest(), today);
        for form in before.into_iter().chain([today]) {
            assert!(is_pull_digest(form, &pages), "{form}");
            assert!(!is_pull_digest(form, &pages[..1]), "{form}");
        }
    }
}
