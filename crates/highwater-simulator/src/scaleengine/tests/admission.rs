//! What is refused, and how.

use super::*;

#[test]
fn other_paths_and_methods_are_refused_without_json() {
    let (api, json) = (api(), signed("video.getapps", &[]));
    let elsewhere = send(&api, urlencoded("/v2/apps", &json), moment());
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
    let get = Request::get("/stable/").body(Bytes::new()).unwrap();
    assert_eq!(send(&api, get, moment()).status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn each_thing_wrong_with_a_request_has_its_documented_code() {
    let api = api();
    let good = signed("video.usage", &day("demo-origin", 3));
    let account = Account::default();
    let key = ("api_key", Json::text(&account.api_key));
    let time = ("timestamp", Json::Int(moment().real.timestamp()));
    let (cdn, command) = (("cdn", Json::Int(account.cdn)), ("command", Json::text("video.usage")));
    let sign = |members: &[(&'static str, Json)]| sign(members.to_vec(), account.secret.expose());
    let cases = [
        ("0000", signed("video.nothing", &[])),
        ("0001", good.replace("158", "159")),
        ("0001", good.replace("TESTKEY", "NOTAKEY")),
        ("0001", sign(&[command.clone(), key.clone(), time.clone()])),
        ("0001", sign(&[command.clone(), time.clone(), cdn.clone()])),
        ("0003", good.replace("demo-origin", "demo-vod")),
        ("0006", sign(&[command.clone(), key.clone(), cdn.clone()])),
        ("0006", sign(&[key, time, cdn])),
        ("0006", good.replace("signature", "signatures")),
        ("0006", signed("video.usage", &month("demo-origin", 10)[1..])),
        ("0006", signed("video.usage", &month("demo-origin", 10)[..2])),
        ("0006", signed("video.usage", &month("demo-origin", 13))),
        ("0006", signed("video.usage", &day("demo-origin", 31))),
        ("0006", signed("video.usage", &with(day("demo-origin", 3), &[("limit", Json::Int(-1))]))),
        ("0006", "[]".to_owned()),
        ("0006", "{".to_owned()),
    ];
    for (expected, json) in cases {
        assert_eq!(code(&api, &json), expected, "{json}");
    }
    let formless = Request::post("/stable/").body(Bytes::from(good)).unwrap();
    assert_eq!(body(&send(&api, formless, moment()))["code"], "0006");
}

#[test]
fn the_cdn_may_be_called_cdn_id() {
    let json = signed("video.getapps", &[]).replace("cdn", "cdn_id");
    assert_eq!(code(&api(), &json), "0003", "renamed after signing");
    let account = Account::default();
    let members = vec![
        ("command", Json::text("video.getapps")),
        ("cdn_id", Json::Int(account.cdn)),
        ("timestamp", Json::Int(moment().real.timestamp())),
        ("api_key", Json::text(&account.api_key)),
    ];
    assert_eq!(post(&api(), &sign(members, account.secret.expose()))["status"], "success");
}

#[test]
fn a_timestamp_is_judged_by_the_real_time_and_five_minutes_are_the_bound() {
    let (api, json) = (api(), signed("video.getapps", &[]));
    for (skew_seconds, status) in [(-301, "failure"), (-300, "success"), (300, "success"), (301, "failure")] {
        let mut moment = moment();
        moment.data += TimeDelta::days(1000);
        moment.real += TimeDelta::seconds(skew_seconds);
        let answer = body(&send(&api, urlencoded("/stable/", &json), moment));
        assert_eq!(answer["status"], status, "{skew_seconds}");
        if status == "failure" {
            assert_eq!(answer["code"], "0002");
        }
    }
}

#[test]
fn each_strict_verification_takes_what_the_other_refuses() {
    let api = api();
    let php = signed("video.usage", &with(day("demo-origin", 3), &[("url", Json::text("a/b"))]));
    let reformatted = php.replace("\\/", "/");
    let mut mac = Hmac::<Sha256>::new_from_slice(Account::default().secret.expose().as_bytes()).unwrap();
    let unsigned = reformatted.split_once(",\"signature\"").unwrap().0.to_owned() + "}";
    mac.update(unsigned.as_bytes());
    let raw_signed = unsigned
        .replace('}', &format!(",\"signature\":\"{}\"}}", STANDARD.encode(mac.finalize().into_bytes())));
    for (mode, expected) in [
        (SignatureVerification::Raw, ["success", "failure", "success"]),
        (SignatureVerification::Reencode, ["success", "success", "failure"]),
        (SignatureVerification::Either, ["success"; 3]),
    ] {
        api.alter(|behaviour| behaviour.verification = mode);
        let statuses = [&php, &reformatted, &raw_signed].map(|json| post(&api, json)["status"].clone());
        assert_eq!(statuses, expected, "{mode:?}");
    }
}

#[test]
fn queued_failures_come_in_order_and_then_end() {
    let (api, json) = (api(), signed("video.getapps", &[]));
    api.fail_next(FailureCode::Unexpected, 2);
    api.fail_next(FailureCode::HighTraffic, 1);
    assert_eq!([(); 3].map(|()| code(&api, &json)), ["0004", "0004", "1000"]);
    assert_eq!(post(&api, &json)["status"], "success");
}

#[test]
fn a_forbidden_command_is_refused_and_the_others_are_not() {
    let api = api();
    api.alter(|behaviour| behaviour.forbidden_commands = vec!["video.usage".to_owned()]);
    assert_eq!(code(&api, &signed("video.usage", &day("demo-origin", 3))), "0005");
    assert_eq!(post(&api, &signed("video.getapps", &[]))["status"], "success");
}

#[test]
fn failures_have_a_status_and_a_numeric_code_on_a_switch() {
    let api = api();
    let wrong = signed("video.usage", &day("demo-origin", 3)).replace("origin", "vod");
    assert_eq!(send(&api, urlencoded("/stable/", &wrong), moment()).status(), StatusCode::OK);
    api.alter(|behaviour| {
        behaviour.failure_status = FailureStatus::ByCode;
        behaviour.code_form = CodeForm::Number;
    });
    let response = send(&api, urlencoded("/stable/", &wrong), moment());
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(body(&response)["code"], 3);
    let limited = api.too_many_requests(Some(30));
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        (&body(&limited)["code"], &limited.headers()[header::RETRY_AFTER]),
        (&Value::from(1000), &HeaderValue::from(30))
    );
}

#[test]
fn nothing_of_the_secret_is_shown() {
    let api = api();
    assert!(!format!("{api:?}").contains(api.account().secret.expose()));
}
