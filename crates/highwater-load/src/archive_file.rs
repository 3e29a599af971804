//! The form of a file of the raw archive: Zstandard over JSON lines.
//!
//! The first line says what the file is. Of each page a line tells the request and when it was received. A body that is a
//! JSON text in one line is the next line, as it is, its length told before it (`body_bytes`); any other stands in the same
//! line, as text (`body`) or, where it is no UTF-8, as Base64 (`body_base64`).

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use highwater_core::{Error, ErrorKind, PageRequest, RawPage, Result, Unit, Window};
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use crate::object_record::newer_format;
use crate::pulled_pages::is_pull_digest;

/// 3 has digests of the form before; 2 has no bodies in lines of their own; 1 is the same with the oldest digests.
const ARCHIVE_FORMAT: u32 = 4;
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

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    request: Cow<'a, PageRequest>,
    fetched_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    body: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_bytes: Option<u64>,
}

/// The file of a pull's `pages`, each of which is given up as soon as it stands there.
///
/// # Errors
/// `Internal` when it cannot be made.
pub(crate) fn encode(unit: &Unit, window: Window, digest: &str, mut pages: Vec<RawPage>) -> Result<Bytes> {
    pages.sort_by(|a, b| a.request.cmp(&b.request));
    let (unit, pull_digest) = (unit.clone(), digest.to_owned());
    let header = Header { format: ARCHIVE_FORMAT, unit, window, pull_digest, pages: pages.len() };
    let write = move || -> io::Result<Vec<u8>> {
        let mut file = File::new()?;
        serde_json::to_writer(&mut file.frame, &header)?;
        for page in pages {
            file.end_line()?;
            let line = line(&page);
            serde_json::to_writer(&mut file.frame, &line)?;
            if line.body_bytes.is_some() {
                file.end_line()?;
                file.frame.extend_from_slice(&page.body);
            }
        }
        file.end_line()?;
        file.finish()
    };
    let bytes = write()
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot encode a raw page").with_source(error))?;
    Ok(Bytes::from(bytes))
}

/// A file under construction.
struct File {
    compressor: Compressor<'static>,
    /// What waits to be compressed.
    frame: Vec<u8>,
    compressed: Vec<u8>,
}

impl File {
    fn new() -> io::Result<Self> {
        let mut compressor = Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        compressor.set_parameter(CParameter::HashLog(HASH_LOG))?;
        Ok(Self { compressor, frame: Vec::with_capacity(FRAME_BYTES), compressed: Vec::new() })
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.frame.push(b'\n');
        if self.frame.len() >= FRAME_BYTES {
            self.end_frame()?;
        }
        Ok(())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.compressed.extend(self.compressor.compress(&self.frame)?);
        self.frame.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<Vec<u8>> {
        if !self.frame.is_empty() {
            self.end_frame()?;
        }
        Ok(self.compressed)
    }
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

/// The pages of the file at `path`, in the order of their requests.
///
/// # Errors
/// `Storage` when they cannot be read or are not those of `digest`; `NewerFormat`.
pub(crate) fn decode(bytes: &[u8], digest: &str, path: &Path) -> Result<Vec<RawPage>> {
    let broken = |error: Broken| {
        Error::new(ErrorKind::Storage, format!("a file of the raw archive cannot be read key=`{path}`"))
            .with_source(error)
    };
    let file = zstd::Decoder::with_buffer(bytes).map_err(|error| broken(error.into()))?;
    let mut lines = Lines(BufReader::new(file));
    let format = lines.format().map_err(broken)?;
    if format > ARCHIVE_FORMAT {
        return Err(newer_format(path.as_ref(), format, ARCHIVE_FORMAT));
    }
    let mut pages = Vec::new();
    while let Some(page) = lines.page().map_err(broken)? {
        pages.push(page);
    }
    if !is_pull_digest(digest, &pages) {
        return Err(broken("its pages are not those that its name says".into()));
    }
    Ok(pages)
}

/// Why a file cannot be read.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// What is left of a file.
struct Lines<R>(R);

impl<R: BufRead> Lines<R> {
    fn format(&mut self) -> std::result::Result<u32, Broken> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let line = self.line()?.unwrap_or_default();
        Ok(serde_json::from_str::<Format>(&line)?.format)
    }

    fn page(&mut self) -> std::result::Result<Option<RawPage>, Broken> {
        let Some(line) = self.line()? else { return Ok(None) };
        let Line { request, fetched_at, body, body_base64, body_bytes } = serde_json::from_str(&line)?;
        let body = match (body, body_base64, body_bytes) {
            (Some(text), ..) => Bytes::from(text.into_owned()),
            (_, Some(text), _) => Bytes::from(STANDARD.decode(text)?),
            (.., Some(bytes)) => self.body(bytes)?,
            _ => return Err("a page without a body".into()),
        };
        Ok(Some(RawPage { request: request.into_owned(), body, fetched_at }))
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        Ok((self.0.read_line(&mut line)? > 0).then_some(line))
    }

    /// The next line, which is so many bytes long.
    fn body(&mut self, bytes: u64) -> io::Result<Bytes> {
        let mut body = Vec::new();
        self.0.by_ref().take(bytes).read_to_end(&mut body)?;
        self.0.read_exact(&mut [0])?;
        Ok(Bytes::from(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        encode(&unit(), Window::day(unit().date), &digest(pages), pages.to_vec()).unwrap()
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
