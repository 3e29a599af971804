//! Whether a signature is true for a request: HMAC-SHA256 under the ASCII secret, in base64, over bytes that depend on
//! how the server verifies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;

use super::behaviour::SignatureVerification;
use super::php_json::Json;

/// Judges `claimed`, the `signature` member of the request `text`, which decodes to `members`.
pub(super) fn is_true(
    verification: SignatureVerification,
    text: &str,
    members: &[(String, Json)],
    claimed: &str,
    secret: &str,
) -> bool {
    let raw = || without_signature(text).is_some_and(|bytes| signs(claimed, &bytes, secret));
    let reencoded = || signs(claimed, &encoded_without_signature(members), secret);
    match verification {
        SignatureVerification::Raw => raw(),
        SignatureVerification::Reencode => reencoded(),
        SignatureVerification::Either => raw() || reencoded(),
    }
}

fn signs(claimed: &str, bytes: &str, secret: &str) -> bool {
    let Ok(claimed) = STANDARD.decode(claimed) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length of key makes an HMAC");
    mac.update(bytes.as_bytes());
    mac.verify_slice(&claimed).is_ok()
}

fn encoded_without_signature(members: &[(String, Json)]) -> String {
    Json::Members(members.iter().filter(|(name, _)| name != "signature").cloned().collect()).encode()
}

/// The text with the one `signature` member and the comma that joins it cut out, everything else untouched.
fn without_signature(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Signed<'a> {
        #[serde(borrow)]
        signature: &'a RawValue,
    }
    let value = serde_json::from_str::<Signed<'_>>(text).ok()?.signature.get();
    let start = value.as_ptr().addr() - text.as_ptr().addr();
    let (before, after) = (&text[..start], &text[start + value.len()..]);
    let before = before.trim_end().strip_suffix(':')?.trim_end().strip_suffix("\"signature\"")?;
    match before.trim_end().strip_suffix(',') {
        Some(before) => Some(format!("{before}{after}")),
        None => Some(format!("{before}{}", after.trim_start().trim_start_matches(','))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        secret: String,
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        request: Json,
        signed_bytes: String,
        signature: String,
        sent_bytes: String,
    }

    fn golden() -> Golden {
        serde_json::from_str(include_str!("golden_vectors.json")).unwrap()
    }

    #[track_caller]
    fn judge(verification: SignatureVerification, text: &str, secret: &str) -> bool {
        let Some(Json::Members(members)) = Json::decode(text) else { panic!("not an object: {text}") };
        let Some((_, Json::Text(claimed))) = members.iter().find(|(name, _)| name == "signature") else {
            panic!("unsigned: {text}")
        };
        is_true(verification, text, &members, claimed, secret)
    }

    fn sign(text: &str, secret: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    #[test]
    fn the_golden_requests_are_printed_and_signed_byte_for_byte() {
        let golden = golden();
        assert_eq!(golden.vectors.len(), 4);
        for vector in golden.vectors {
            assert_eq!(vector.request.encode(), vector.signed_bytes);
            assert_eq!(sign(&vector.signed_bytes, &golden.secret), vector.signature);
            assert_eq!(without_signature(&vector.sent_bytes), Some(vector.signed_bytes));
            assert_eq!(Json::decode(&vector.sent_bytes).unwrap().encode(), vector.sent_bytes);
        }
    }

    #[test]
    fn the_golden_requests_pass_every_mode_and_no_other_secret_or_byte_does() {
        let golden = golden();
        for vector in &golden.vectors {
            for mode in
                [SignatureVerification::Raw, SignatureVerification::Reencode, SignatureVerification::Either]
            {
                assert!(judge(mode, &vector.sent_bytes, &golden.secret), "{mode:?}");
                assert!(!judge(mode, &vector.sent_bytes, "another secret"), "{mode:?}");
                assert!(!judge(mode, &vector.sent_bytes.replace("158", "159"), &golden.secret), "{mode:?}");
            }
        }
    }

    #[test]
    fn an_unescaped_slash_is_true_as_raw_text_but_not_when_encoded_again() {
        let unsigned = r#"{"url":"sestore/jb/my_video.mp4"}"#;
        let text = unsigned.replace('}', &format!(r#","signature":"{}"}}"#, sign(unsigned, "s")));
        assert!(judge(SignatureVerification::Raw, &text, "s"));
        assert!(!judge(SignatureVerification::Reencode, &text, "s"));
        assert!(judge(SignatureVerification::Either, &text, "s"));
    }

    #[test]
    fn a_signature_of_the_php_text_is_true_for_other_raw_text_only_when_encoded_again() {
        let signature = sign(r#"{"url":"a\/b"}"#, "s").replace('/', "\\/");
        let text = format!(r#"{{ "url": "a/b", "signature": "{signature}" }}"#);
        assert!(!judge(SignatureVerification::Raw, &text, "s"));
        assert!(judge(SignatureVerification::Reencode, &text, "s"));
    }

    #[test]
    fn the_signature_member_is_cut_out_wherever_it_stands() {
        for (text, expected) in [
            (r#"{"a":1,"signature":"x"}"#, r#"{"a":1}"#),
            (r#"{"signature":"x","a":1}"#, r#"{"a":1}"#),
            (
                r#"{"a":1 , "signature" : "x" , "b":"\"signature\":\"y\""}"#,
                r#"{"a":1  , "b":"\"signature\":\"y\""}"#,
            ),
            (r#"{"signature":"x"}"#, "{}"),
        ] {
            assert_eq!(without_signature(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(without_signature(r#"{"signature":"x","signature":"x"}"#), None);
        assert_eq!(without_signature(r#"{"a":1}"#), None);
    }
}
