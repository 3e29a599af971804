//! The signature of a request: HMAC-SHA256 over its bytes, in base64, as its last member.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use highwater_core::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::php_json::Members;

/// The text to send: the members followed by `signature`, which covers the encoding of the members before it. The key
/// is the secret's text as it stands; although it looks like hex, it is not decoded.
///
/// A signature covers a timestamp, so every attempt needs its own.
#[must_use]
pub fn sign(members: Members, secret: &Secret) -> String {
    let signature = signature_of(&members.encode(), secret);
    members.with("signature", signature.as_str()).encode()
}

fn signature_of(text: &str, secret: &Secret) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("any length of key makes an HMAC");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Golden;

    use super::*;

    fn golden() -> (Secret, Vec<Golden>) {
        let golden: Golden =
            serde_json::from_str(include_str!("../tests/golden/signed_requests.json")).unwrap();
        let secret = Secret::new(golden["secret"].as_str().unwrap().to_owned());
        (secret, golden["vectors"].as_array().unwrap().clone())
    }

    fn request() -> Members {
        Members::default()
            .with("command", "video.usage")
            .with("api_key", "TESTKEY0000000000000000000000001")
            .with("timestamp", 1_700_000_000)
            .with("cdn", 158)
    }

    fn requests() -> [Members; 4] {
        [
            request()
                .with("app", "demo-origin")
                .with("year", 2023)
                .with("month", 11)
                .with("limit", 1000)
                .with("offset", 0),
            request()
                .with("app", "demo-origin")
                .with("url", "sestore/jb/my_video.mp4")
                .with("year", 2023)
                .with("month", 11)
                .with("day", 9)
                .with("limit", 2)
                .with("offset", 2),
            request()
                .with("app", vec!["demo-origin", "demo-vod"])
                .with("url", vec!["caf\u{e9}/\u{1f600}.mp4", "a\"b\\c<d>&'e"])
                .with("year", 2023)
                .with("month", 11)
                .with("limit", 1000)
                .with("offset", 0),
            request().with("app", vec![12, 34]).with("year", 2023).with("month", 2).with("day", 28),
        ]
    }

    #[test]
    fn the_golden_requests_are_signed_and_sent_byte_for_byte() {
        let (secret, vectors) = golden();
        assert_eq!(vectors.len(), requests().len());
        for (members, vector) in requests().into_iter().zip(vectors) {
            let text = members.encode();
            assert_eq!(vector["signed_bytes"], text);
            assert_eq!(vector["signature"], signature_of(&text, &secret));
            assert_eq!(vector["sent_bytes"], sign(members, &secret));
        }
    }

    #[test]
    fn an_unescaped_slash_would_give_another_signature() {
        let (secret, vectors) = golden();
        let text = vectors[1]["signed_bytes"].as_str().unwrap().replace("\\/", "/");
        assert_eq!(signature_of(&text, &secret), "6TidZF1MqqdkYUrn4fHqD2SIrvjbfNVyw1p1F6MNXK8=");
    }

    #[test]
    fn another_secret_or_another_time_gives_another_signature() {
        let (secret, _) = golden();
        let text = request().encode();
        let signature = signature_of(&text, &secret);
        assert_ne!(signature, signature_of(&text, &Secret::new("another".to_owned())));
        assert_ne!(signature, signature_of(&text.replace("1700000000", "1700000001"), &secret));
    }
}
