//! The raw archive: the bodies of one pull as received, in one file that is written once.
//!
//! Zstandard over JSON lines. The first line says what the file is, each further one holds a page: its request, when it
//! was received, and its body, as text (`body`) or, where it is no UTF-8, as Base64 (`body_base64`).

use std::io::{BufRead, BufReader, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use highwater_core::{Error, ErrorKind, PageRequest, RawPage, Result, Unit, Window};
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use crate::digest::{in_order, is_pull_digest, pull_digest};
use crate::layout::archive_path;
use crate::object::{Put, blocking, cannot};
use crate::object_record::newer_format;
use crate::warehouse::Warehouse;

/// 1 is the same with digests of the older form.
const ARCHIVE_FORMAT: u32 = 2;
/// Pages repeat themselves so much that higher levels take longer and save nothing.
const LEVEL: i32 = 1;

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    unit: Unit,
    window: Window,
    pull_digest: String,
    pages: usize,
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    request: std::borrow::Cow<'a, PageRequest>,
    fetched_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    body: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

impl Warehouse {
    /// Keeps the bodies of a pull of `window`, unless the archive is switched off. The same pull again is no error and
    /// writes nothing. Durable when it returns. Returns the digest of the pull.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn archive(&self, unit: &Unit, window: Window, pages: &[RawPage]) -> Result<String> {
        let (pages, of) = (pages.to_vec(), unit.clone());
        if !self.shared.raw_archive {
            return blocking(move || Ok(pull_digest(&pages))).await;
        }
        let (digest, bytes) = blocking(move || {
            let digest = pull_digest(&pages);
            let bytes = encode(&of, window, &digest, &pages)?;
            Ok((digest, bytes))
        })
        .await?;
        let path = archive_path(unit, window, &digest);
        match self.shared.put(&path, bytes, None).await {
            Put::Done | Put::Refused(object_store::Error::AlreadyExists { .. }) => Ok(digest),
            Put::Refused(error) | Put::Failed(error) => match self.shared.read_suffix(&path, 1).await {
                Ok(Some(_)) => Ok(digest),
                _ => Err(cannot("archive", &path, error)),
            },
        }
    }

    /// The pages of a pull of `window`, in the order of their requests.
    ///
    /// # Errors
    /// `Storage` when the pull is not in the archive, or its bodies are not those its name says; `NewerFormat`.
    pub async fn read_archive(&self, unit: &Unit, window: Window, pull_digest: &str) -> Result<Vec<RawPage>> {
        let path = archive_path(unit, window, pull_digest);
        let Some(found) = self.shared.read(&path).await? else {
            let message = format!("the raw archive has no such pull key=`{path}`");
            return Err(Error::new(ErrorKind::Storage, message).with_hint(
                "raw bodies are kept only with `raw_archive = true`, and no longer than `raw_retention`",
            ));
        };
        let digest = pull_digest.to_owned();
        blocking(move || decode(&found.bytes, &digest, &path)).await
    }
}

fn encode(unit: &Unit, window: Window, digest: &str, pages: &[RawPage]) -> Result<Bytes> {
    let header = Header {
        format: ARCHIVE_FORMAT,
        unit: unit.clone(),
        window,
        pull_digest: digest.to_owned(),
        pages: pages.len(),
    };
    let write = || -> std::io::Result<Vec<u8>> {
        let mut file = zstd::Encoder::new(Vec::new(), LEVEL)?;
        file.include_checksum(true)?;
        serde_json::to_writer(&mut file, &header)?;
        // A whole line at a time: JSON is written in pieces of a few bytes, which the compressor takes its time over.
        let mut text = Vec::new();
        for page in in_order(pages) {
            text.clear();
            text.push(b'\n');
            serde_json::to_writer(&mut text, &line(page))?;
            file.write_all(&text)?;
        }
        file.write_all(b"\n")?;
        file.finish()
    };
    let bytes = write()
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot encode a raw page").with_source(error))?;
    Ok(Bytes::from(bytes))
}

fn line(page: &RawPage) -> Line<'_> {
    let text = std::str::from_utf8(&page.body).ok();
    Line {
        request: std::borrow::Cow::Borrowed(&page.request),
        fetched_at: page.fetched_at,
        body: text.map(std::borrow::Cow::Borrowed),
        body_base64: text.is_none().then(|| STANDARD.encode(&page.body)),
    }
}

fn decode(bytes: &[u8], digest: &str, path: &Path) -> Result<Vec<RawPage>> {
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(ErrorKind::Storage, format!("a file of the raw archive cannot be read key=`{path}`"))
            .with_source(error)
    };
    let file = zstd::Decoder::with_buffer(bytes).map_err(|error| broken(error.into()))?;
    let mut lines = BufReader::new(file).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new())).map_err(|error| broken(error.into()))?;
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_str(&first).map_err(|error| broken(error.into()))?;
    if format > ARCHIVE_FORMAT {
        return Err(newer_format(path.as_ref(), format, ARCHIVE_FORMAT));
    }
    let mut pages = Vec::new();
    for text in lines {
        let text = text.map_err(|error| broken(error.into()))?;
        let Line { request, fetched_at, body, body_base64 } =
            serde_json::from_str(&text).map_err(|error| broken(error.into()))?;
        let body = match (body, body_base64) {
            (Some(text), _) => Bytes::from(text.into_owned()),
            (None, Some(text)) => Bytes::from(STANDARD.decode(text).map_err(|error| broken(error.into()))?),
            (None, None) => return Err(broken("a page without a body".into())),
        };
        pages.push(RawPage { request: request.into_owned(), body, fetched_at });
    }
    if !is_pull_digest(digest, &pages) {
        return Err(broken("its pages are not those that its name says".into()));
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Unit {
        "mux-prod/delivery_usage/2026-09-01".parse().unwrap()
    }

    fn page(number: u8, body: &'static [u8]) -> RawPage {
        let request = PageRequest::new("delivery_usage", Window::day(unit().date)).with_param("page", number);
        RawPage {
            request,
            body: Bytes::from_static(body),
            fetched_at: "2026-09-02T12:00:00.500Z".parse().unwrap(),
        }
    }

    #[test]
    fn pages_read_back_whatever_bytes_they_hold() {
        let pages = [page(1, b"{\"a\":\"line\\nfeed\"}\n"), page(2, &[0xff, 0x00, b'\n']), page(3, b"")];
        let digest = pull_digest(&pages);
        let bytes = encode(&unit(), Window::day(unit().date), &digest, &pages).unwrap();
        assert_eq!(decode(&bytes, &digest, &Path::from("raw/x")).unwrap(), pages);
    }

    #[test]
    fn a_file_under_a_wrong_name_or_cut_off_is_not_believed() {
        let pages = [page(1, b"{}")];
        let bytes = encode(&unit(), Window::day(unit().date), &pull_digest(&pages), &pages).unwrap();
        assert!(decode(&bytes, "00", &Path::from("raw/x")).is_err());
        assert!(decode(&bytes[..bytes.len() - 3], &pull_digest(&pages), &Path::from("raw/x")).is_err());
    }

    #[test]
    fn a_newer_archive_is_refused() {
        let header = format!(r#"{{"format":{}}}"#, ARCHIVE_FORMAT + 1);
        let bytes = zstd::encode_all(header.as_bytes(), 1).unwrap();
        assert_eq!(decode(&bytes, "00", &Path::from("raw/x")).unwrap_err().kind(), ErrorKind::NewerFormat);
    }
}
