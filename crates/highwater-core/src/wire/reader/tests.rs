//! What serde_json reads is read, and what it refuses is refused.

use super::super::{EachRow, Listed, Raw, Text};
use super::*;
use proptest::prelude::*;

crate::wire! {
    struct Page<'a> {
        data: Vec<Row<'a>>,
        total: u64,
        span: Vec<i64>,
        page: serde::de::IgnoredAny,
    }
    struct Row<'a> {
        id: Text<'a>,
        size: Raw<'a>,
        parts: Parts<'a>,
        names: Vec<Text<'a>>,
    }
    struct Parts<'a> {
        name: Text<'a>,
        size: Raw<'a>,
    }
}

/// What is read of `text` by us, and by serde_json.
fn readings(text: &str) -> (Option<String>, Option<String>) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let rows = EachRow::of("data", |row: &mut Row<'_>| ours.push(format!("{row:?}")));
    let our_page: Option<Listed<Page<'_>>> = read_whole(text, rows).ok();
    let rows = EachRow::of("data", |row: &mut Row<'_>| theirs.push(format!("{row:?}")));
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let their_page: Option<Listed<Page<'_>>> = rows.deserialize(&mut deserializer).ok();
    let their_page = their_page.filter(|_| deserializer.end().is_ok());
    let told = |page: Option<Listed<Page<'_>>>, rows| page.map(|page| format!("{page:?} {rows:?}"));
    (told(our_page, ours), told(their_page, theirs))
}

fn value() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        8 => r#""[a-zé"]{0,3}[0-9 -]{0,20}""#.prop_map(|text| text.replace("\"\"", "\"")),
        1 => prop::sample::select(vec![r#""\n""#, r#""a\u00e9\ud83d\ude00""#, r#""\ud800""#, r#""\x""#, "\"\t\"", "\"\u{7f}\"", r#""\\""#])
            .prop_map(str::to_owned),
    ];
    let number = prop_oneof![
        4 => "-?[0-9]{1,7}(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,3})?",
        1 => prop::sample::select(vec!["-0", "01", "1.", ".5", "1e", "-", "+1", "18446744073709551616", "1e400", "0x1"])
            .prop_map(str::to_owned),
    ];
    let word =
        prop::sample::select(vec!["true", "false", "null", "nul", "truee", "None"]).prop_map(str::to_owned);
    let leaf = prop_oneof![6 => text, 6 => number, 2 => word];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let names = prop::sample::select(vec![
            "id", "size", "parts", "names", "name", "data", "total", "span", "page", "new", r"\u0069d", "",
        ]);
        let member = (names, gap(), inner.clone(), gap()).prop_map(|(name, before, value, after)| {
            format!("{after}\"{name}\"{before}:{before}{value}{after}")
        });
        prop_oneof![
            3 => prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))),
            2 => prop::collection::vec(inner, 0..4).prop_map(|values| format!("[{}]", values.join(","))),
        ]
    })
}

fn gap() -> impl Strategy<Value = &'static str> {
    prop_oneof![9 => Just(""), 1 => prop::sample::select(vec![" ", "\n", "\t\r", "\u{a0}"])]
}

fn row() -> impl Strategy<Value = String> {
    let field = |name: &'static str, value: BoxedStrategy<String>| {
        prop::option::weighted(0.8, value.prop_map(move |value| format!("\"{name}\":{value}")))
    };
    let id = prop_oneof![9 => "\"[a-zA-Z0-9]{0,44}\"", 1 => value()].boxed();
    let size = prop_oneof![9 => "[1-9][0-9]{0,9}\\.[0-9]{1,6}", 1 => value()].boxed();
    let parts = prop_oneof![4 => Just("{\"name\":\"x\",\"size\":7}".to_owned()), 1 => value()].boxed();
    (field("id", id), field("size", size), field("parts", parts), field("names", value().boxed()), gap())
        .prop_map(|(id, size, parts, names, gap)| {
            let members: Vec<String> = [id, size, parts, names].into_iter().flatten().collect();
            format!("{gap}{{{}{gap}}}", members.join(","))
        })
}

fn page() -> impl Strategy<Value = String> {
    let rows = prop::collection::vec(prop_oneof![9 => row(), 1 => value()], 0..4);
    let rest = prop_oneof![4 => Just(r#","total":2,"span":[1,-2],"page":{"a":[]}"#.to_owned()), 1 => value()
        .prop_map(|value| format!(",\"total\":{value},\"page\":{value},\"other\":{value}"))];
    (rows, rest, gap())
        .prop_map(|(rows, rest, gap)| format!("{gap}{{\"data\":[{}]{rest}}}{gap}", rows.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_read_is_what_serde_json_reads(text in prop_oneof![3 => page(), 1 => value()]) {
        let (ours, theirs) = readings(&text);
        prop_assert_eq!(ours, theirs, "{}", text);
    }

    #[test]
    fn a_page_that_lost_or_gained_a_character_is_read_or_refused_alike(
        text in page(),
        at in any::<prop::sample::Index>(),
        change in prop::sample::select(vec!["", "\"", "\\", ",", ":", "{", "}", "[", "]", "0", "-", ".", "e", "n", " ", "\u{1}", "é"]),
        insert in any::<bool>(),
    ) {
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        let place = *at.get(&places);
        let after = if insert { place } else { place + text[place..].chars().next().map_or(0, char::len_utf8) };
        let changed = format!("{}{change}{}", &text[..place], &text[after..]);
        let (ours, theirs) = readings(&changed);
        prop_assert_eq!(ours, theirs, "{}", changed);
    }

    #[test]
    fn the_end_of_a_plain_text_is_found_wherever_it_is(
        bytes in prop::collection::vec(prop_oneof![20 => b' '..=b'~', 1 => 0x7f..=0xff_u8, 1 => 0..0x20_u8], 0..40),
    ) {
        let special = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
        prop_assert_eq!(plain_bytes(&bytes), special.unwrap_or(bytes.len()));
    }
}

#[test]
fn texts_without_an_escape_are_borrowed_from_the_page() {
    let text = r#"{"data":[{"id":"plain","size":1.50}]}"#.to_owned();
    let mut places = Vec::new();
    let rows = EachRow::of("data", |row: &mut Row<'_>| {
        places.push((row.id.as_deref().map(str::as_ptr), row.size.map(|size| size.get().as_ptr())));
    });
    let listed: Listed<Page<'_>> = read_whole(&text, rows).unwrap();
    assert_eq!(listed.rows, Some(1));
    assert_eq!(places, [(Some(text[16..].as_ptr()), Some(text[30..].as_ptr()))]);
}
