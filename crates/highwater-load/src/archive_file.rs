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
use tokio::task::JoinHandle;
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

/// A file under construction. Pages are taken as they come; what waits is compressed on a thread where that disturbs
/// nobody, while the next ones are taken.
#[derive(Debug)]
pub(crate) struct ArchiveFile {
    /// What waits to be compressed.
    frame: Vec<u8>,
    pages: usize,
    frames: State,
}

#[derive(Debug)]
enum State {
    Ready(Frames),
    /// Compressing a frame, which it gives back to be filled again.
    Busy(JoinHandle<io::Result<(Frames, Vec<u8>)>>),
    /// The file cannot be made any more.
    Failed,
}

/// What is compressed already.
struct Frames {
    compressor: Compressor<'static>,
    compressed: Vec<u8>,
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames").field("bytes", &self.compressed.len()).finish_non_exhaustive()
    }
}

impl Frames {
    fn new() -> io::Result<Self> {
        let mut compressor = Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        compressor.set_parameter(CParameter::HashLog(HASH_LOG))?;
        Ok(Self { compressor, compressed: Vec::new() })
    }

    fn add(mut self, mut frame: Vec<u8>) -> io::Result<(Self, Vec<u8>)> {
        self.compressed.extend(self.compressor.compress(&frame)?);
        frame.clear();
        Ok((self, frame))
    }
}

impl ArchiveFile {
    /// Without a page yet.
    ///
    /// # Errors
    /// `Internal` when it cannot be made.
    pub(crate) fn new() -> Result<Self> {
        let frames = State::Ready(Frames::new().map_err(not_encoded)?);
        Ok(Self { frame: Vec::new(), pages: 0, frames })
    }

    /// Adds a page.
    ///
    /// # Errors
    /// `Internal` when it cannot be encoded.
    pub(crate) async fn add(&mut self, page: &RawPage) -> Result<()> {
        self.pages += 1;
        let line = line(page);
        serde_json::to_writer(&mut self.frame, &line).map_err(|error| not_encoded(error.into()))?;
        self.frame.push(b'\n');
        if line.body_bytes.is_some() {
            self.frame.extend_from_slice(&page.body);
            self.frame.push(b'\n');
        }
        if self.frame.len() >= FRAME_BYTES { self.end_frame().await } else { Ok(()) }
    }

    /// The file of the pull that `digest` tells, with its first line before the pages.
    ///
    /// # Errors
    /// `Internal` when it cannot be encoded.
    pub(crate) async fn finish(mut self, unit: &Unit, window: Window, digest: &str) -> Result<PutPayload> {
        self.end_frame().await?;
        let (frames, _) = self.idle().await?;
        let (unit, pull_digest) = (unit.clone(), digest.to_owned());
        let header = Header { format: ARCHIVE_FORMAT, unit, window, pull_digest, pages: self.pages };
        let Frames { mut compressor, compressed } = frames;
        let mut first = serde_json::to_vec(&header).map_err(|error| not_encoded(error.into()))?;
        first.push(b'\n');
        let first = compressor.compress(&first).map_err(not_encoded)?;
        Ok([Bytes::from(first), Bytes::from(compressed)].into_iter().collect())
    }

    /// Begins to compress what waits.
    async fn end_frame(&mut self) -> Result<()> {
        let (frames, empty) = self.idle().await?;
        let full = std::mem::replace(&mut self.frame, empty);
        self.frames = State::Busy(tokio::task::spawn_blocking(move || frames.add(full)));
        Ok(())
    }

    /// What is compressed, once nothing is being compressed any more, and an empty frame.
    async fn idle(&mut self) -> Result<(Frames, Vec<u8>)> {
        match std::mem::replace(&mut self.frames, State::Failed) {
            State::Ready(frames) => Ok((frames, Vec::with_capacity(FRAME_BYTES))),
            State::Busy(task) => task.await.map_err(io::Error::other).flatten().map_err(not_encoded),
            State::Failed => Err(not_encoded(io::Error::other("a page before could not be encoded"))),
        }
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

    async fn encoded(pages: &[RawPage]) -> Bytes {
        let mut file = ArchiveFile::new().unwrap();
        for page in pages {
            file.add(page).await.unwrap();
        }
        file.finish(&unit(), Window::day(unit().date), &digest(pages)).await.unwrap().into()
    }

    fn decoded(bytes: &[u8], pages: &[RawPage]) -> Result<Vec<RawPage>> {
        decode(bytes, &digest(pages), &Path::from("raw/x"))
    }

    #[tokio::test]
    async fn pages_read_back_whatever_bytes_they_hold() {
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
        assert_eq!(decoded(&encoded(&pages).await, &pages).unwrap(), pages);
        assert_eq!(decoded(&encoded(&[]).await, &[]).unwrap(), []);
    }

    #[tokio::test]
    async fn pages_stand_there_as_they_came_and_are_read_in_the_order_of_their_requests() {
        let pages = [page(1, b"{}"), page(2, b"[]")];
        let turned = encoded(&[pages[1].clone(), pages[0].clone()]).await;
        let text = String::from_utf8(zstd::decode_all(&turned[..]).unwrap()).unwrap();
        assert!(text.find("[]").unwrap() < text.find("{}").unwrap());
        assert_eq!(decoded(&turned, &pages).unwrap(), pages);
    }

    #[tokio::test]
    async fn a_body_of_one_line_stands_there_as_it_came() {
        let bytes = encoded(&[page(1, b"{\"data\":[]}"), page(2, b"Down\nfor maintenance")]).await;
        let text = String::from_utf8(zstd::decode_all(&bytes[..]).unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[2]), (4, "{\"data\":[]}"));
        let told: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
        assert_eq!(told["body_bytes"], 11);
        let told: serde_json::Value = serde_json::from_str(lines[3]).unwrap();
        assert_eq!(told["body"], "Down\nfor maintenance");
    }

    #[tokio::test]
    async fn pages_that_are_more_than_is_compressed_at_once_read_back() {
        let body = format!("[{}1]", "1,".repeat(FRAME_BYTES / 4));
        let pages: Vec<RawPage> = (0..5).map(|number| page(number, body.as_bytes())).collect();
        assert_eq!(decoded(&encoded(&pages).await, &pages).unwrap(), pages);
    }

    #[tokio::test]
    async fn a_file_under_a_wrong_name_or_cut_off_is_not_believed() {
        let pages = [page(1, b"{}")];
        let bytes = encoded(&pages).await;
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
