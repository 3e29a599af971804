//! The form of a file of the raw archive: Zstandard over JSON lines.
//!
//! The first line says what the file is. Of each page, in whichever order they came, a line tells the request and when it
//! was received. A body that is a JSON text in one line is the next line, as it is, its length told before it
//! (`body_bytes`); any other stands in the same line, as text (`body`) or, where it is no UTF-8, as Base64 (`body_base64`).

use std::borrow::Cow;
use std::fmt;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use highwater_core::{Error, ErrorKind, PageRequest, RawPage, Result, Unit, Window};
use object_store::PutPayload;
use serde::{Deserialize, Serialize};
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

/// 3 has digests of the form before; 2 has no bodies in lines of their own; 1 is the same with the oldest digests.
pub(crate) const ARCHIVE_FORMAT: u32 = 4;
/// Pages repeat themselves so much that higher levels take longer and save nothing.
const LEVEL: i32 = 1;
/// What was there before is looked up in so small a table that it stays in the fastest memory, and found as often: a page
/// repeats what stood there a moment ago.
const HASH_LOG: u32 = 12;
/// How much is compressed at once: pages are alike, and what lies together as a whole is compressed faster.
const FRAME_BYTES: usize = 1 << 20;

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    unit: Unit,
    window: Window,
    pull_digest: String,
    pages: usize,
}

/// What tells of a page.
#[derive(Serialize, Deserialize)]
pub(crate) struct Line<'a> {
    #[serde(borrow)]
    pub(crate) request: Cow<'a, PageRequest>,
    pub(crate) fetched_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub(crate) body: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body_base64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body_bytes: Option<u64>,
}

/// A file under construction.
pub(crate) struct ArchiveFile {
    compressor: Compressor<'static>,
    /// What waits to be compressed.
    frame: Vec<u8>,
    compressed: Vec<u8>,
    pages: usize,
}

impl fmt::Debug for ArchiveFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArchiveFile").field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl ArchiveFile {
    /// Without a page yet.
    ///
    /// # Errors
    /// `Internal` when it cannot be made.
    pub(crate) fn new() -> Result<Self> {
        let new = || -> io::Result<Self> {
            let mut compressor = Compressor::new(LEVEL)?;
            compressor.include_checksum(true)?;
            compressor.set_parameter(CParameter::HashLog(HASH_LOG))?;
            let frame = Vec::with_capacity(FRAME_BYTES);
            Ok(Self { compressor, frame, compressed: Vec::new(), pages: 0 })
        };
        new().map_err(not_encoded)
    }

    /// Adds a page.
    ///
    /// # Errors
    /// `Internal` when it cannot be encoded.
    pub(crate) fn add(&mut self, page: &RawPage) -> Result<()> {
        self.pages += 1;
        let mut add = || -> io::Result<()> {
            let line = line(page);
            serde_json::to_writer(&mut self.frame, &line)?;
            self.frame.push(b'\n');
            if line.body_bytes.is_some() {
                self.frame.extend_from_slice(&page.body);
                self.frame.push(b'\n');
            }
            if self.frame.len() >= FRAME_BYTES { self.end_frame() } else { Ok(()) }
        };
        add().map_err(not_encoded)
    }

    /// Bytes that it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.frame.len() + self.compressed.len()
    }

    /// The file of the pull that `digest` tells, with its first line before the pages.
    ///
    /// # Errors
    /// `Internal` when it cannot be encoded.
    pub(crate) fn finish(mut self, unit: &Unit, window: Window, digest: &str) -> Result<PutPayload> {
        let (unit, pull_digest) = (unit.clone(), digest.to_owned());
        let header = Header { format: ARCHIVE_FORMAT, unit, window, pull_digest, pages: self.pages };
        let mut finish = || -> io::Result<Vec<u8>> {
            self.end_frame()?;
            let mut first = serde_json::to_vec(&header)?;
            first.push(b'\n');
            self.compressor.compress(&first)
        };
        let first = finish().map_err(not_encoded)?;
        Ok([Bytes::from(first), Bytes::from(self.compressed)].into_iter().collect())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        if !self.frame.is_empty() {
            self.compressed.extend(self.compressor.compress(&self.frame)?);
            self.frame.clear();
        }
        Ok(())
    }
}

fn not_encoded(error: io::Error) -> Error {
    Error::new(ErrorKind::Internal, "cannot encode a raw page").with_source(error)
}

fn line(page: &RawPage) -> Line<'_> {
    let request = Cow::Borrowed(&page.request);
    let mut line =
        Line { request, fetched_at: page.fetched_at, body: None, body_base64: None, body_bytes: None };
    match std::str::from_utf8(&page.body) {
        Ok(text) if is_json_line(text) => line.body_bytes = Some(text.len() as u64),
        Ok(text) => line.body = Some(Cow::Borrowed(text)),
        Err(_) => line.body_base64 = Some(STANDARD.encode(&page.body)),
    }
    line
}

/// Whether `text` looks like an object or a list in one line. What is broken in between harms no other line.
fn is_json_line(text: &str) -> bool {
    let is_within = |open, close| text.starts_with(open) && text.ends_with(close);
    (is_within('{', '}') || is_within('[', ']')) && !text.contains('\n')
}

#[cfg(test)]
mod tests {
    use object_store::path::Path;

    use super::*;
    use crate::archive_lines::decode;
    use crate::pulled_pages::PulledPages;

    fn unit() -> Unit {
        "mux-prod/delivery_usage/2026-09-01".parse().unwrap()
    }

    fn page(number: usize, body: &[u8]) -> RawPage {
        let request = PageRequest::new("delivery_usage", Window::day(unit().date)).with_param("page", number);
        let body = Bytes::copy_from_slice(body);
        RawPage { request, body, fetched_at: "2026-09-02T12:00:00.500Z".parse().unwrap() }
    }

    fn digest(pages: &[RawPage]) -> String {
        PulledPages::from_iter(pages.to_vec()).digest()
    }

    fn encoded(pages: &[RawPage]) -> Bytes {
        let mut file = ArchiveFile::new().unwrap();
        pages.iter().for_each(|page| file.add(page).unwrap());
        file.finish(&unit(), Window::day(unit().date), &digest(pages)).unwrap().into()
    }

    fn decoded(bytes: &[u8], pages: &[RawPage]) -> Result<Vec<RawPage>> {
        decode(bytes, &digest(pages), &Path::from("raw/x"))
    }

    #[test]
    fn pages_read_back_whatever_bytes_they_hold() {
        let bodies: [&[u8]; 9] = [
            b"{\"a\":\"line\\nfeed\"}",
            b"{\"a\":\"line\\nfeed\"}\n",
            b"{\n}",
            b"[1,\"\xc3\xa9\"]",
            b"{\xff}",
            &[0xff, 0x00, b'\n'],
            b"",
            b"{not JSON}",
            b"<html>",
        ];
        let pages: Vec<RawPage> =
            bodies.iter().enumerate().map(|(number, body)| page(number, body)).collect();
        assert_eq!(decoded(&encoded(&pages), &pages).unwrap(), pages);
        assert_eq!(decoded(&encoded(&[]), &[]).unwrap(), []);
    }

    #[test]
    fn pages_stand_there_as_they_came_and_are_read_in_the_order_of_their_requests() {
        let pages = [page(1, b"{}"), page(2, b"[]")];
        let turned = encoded(&[pages[1].clone(), pages[0].clone()]);
        let text = String::from_utf8(zstd::decode_all(&turned[..]).unwrap()).unwrap();
        assert!(text.find("[]").unwrap() < text.find("{}").unwrap());
        assert_eq!(decoded(&turned, &pages).unwrap(), pages);
    }

    #[test]
    fn a_body_of_one_line_stands_there_as_it_came() {
        let bytes = encoded(&[page(1, b"{\"data\":[]}"), page(2, b"Down\nfor maintenance")]);
        let text = String::from_utf8(zstd::decode_all(&bytes[..]).unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[2]), (4, "{\"data\":[]}"));
        let told: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
        assert_eq!(told["body_bytes"], 11);
        let told: serde_json::Value = serde_json::from_str(lines[3]).unwrap();
        assert_eq!(told["body"], "Down\nfor maintenance");
    }

    #[test]
    fn pages_that_are_more_than_is_compressed_at_once_read_back() {
        let body = format!("[{}1]", "1,".repeat(FRAME_BYTES / 4));
        let pages: Vec<RawPage> = (0..5).map(|number| page(number, body.as_bytes())).collect();
        assert_eq!(decoded(&encoded(&pages), &pages).unwrap(), pages);
    }

    #[test]
    fn a_file_under_a_wrong_name_or_cut_off_is_not_believed() {
        let pages = [page(1, b"{}")];
        let bytes = encoded(&pages);
        assert!(decoded(&bytes, &[]).is_err());
        assert!(decoded(&bytes[..bytes.len() - 3], &pages).is_err());
        let text = zstd::decode_all(&bytes[..]).unwrap();
        let cut = zstd::encode_all(&text[..text.len() - 2], 1).unwrap();
        assert!(decoded(&cut, &pages).is_err());
    }

    #[test]
    fn a_newer_archive_is_refused() {
        let header = format!(r#"{{"format":{}}}"#, ARCHIVE_FORMAT + 1);
        let bytes = zstd::encode_all(header.as_bytes(), 1).unwrap();
        assert_eq!(decoded(&bytes, &[]).unwrap_err().kind(), ErrorKind::NewerFormat);
    }
}
