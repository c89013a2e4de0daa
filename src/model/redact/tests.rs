//! Every form of a secret is found wherever it stands, and nothing else is touched.

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::model::event::Event;
use crate::model::outcome::CloudErrorKind;

const SECRET: &str = "p4ss/w0rd+\"quoted\" ü";

fn knows(secrets: &[&str]) -> Redactor {
    let redactor = Redactor::default();
    for secret in secrets {
        redactor.learn(secret);
    }
    redactor
}

#[rstest]
#[case("as it is", SECRET)]
#[case("in JSON", r#"p4ss/w0rd+\"quoted\" ü"#)]
#[case("in JSON with escaped slashes", r#"p4ss\/w0rd+\"quoted\" ü"#)]
#[case("in an address", "p4ss%2Fw0rd%2B%22quoted%22%20%C3%BC")]
#[case("in an address, small letters", "p4ss%2fw0rd%2b%22quoted%22%20%c3%bc")]
#[case("in a form", "p4ss%2Fw0rd%2B%22quoted%22+%C3%BC")]
#[case("in a path", "p4ss/w0rd+%22quoted%22%20%C3%BC")]
#[case("in base64", "cDRzcy93MHJkKyJxdW90ZWQiIMO8")]
#[case("in hex", "703473732f773072642b2271756f7465642220c3bc")]
fn a_form_is_hidden(#[case] name: &str, #[case] form: &str) {
    let form = if name == "in hex" { hex::encode(SECRET) } else { form.to_owned() };
    for text in [form.clone(), format!("a {form} b {form}"), format!("Bearer {form}\n")] {
        let hidden = knows(&[SECRET]).text(&text).into_owned();
        assert!(hidden.contains(MARK) && !hidden.contains(&form), "{name}: {hidden}");
    }
}

#[test]
fn the_text_around_stays() {
    let redactor = knows(&["hunter22"]);
    assert_eq!(redactor.text("password hunter22, then ünder"), "password ••••, then ünder");
    assert_eq!(redactor.text("hunter2"), "hunter2");
    assert!(matches!(redactor.text("nothing here"), Cow::Borrowed("nothing here")));
    assert!(matches!(Redactor::default().text("hunter22"), Cow::Borrowed("hunter22")));
}

#[test]
fn basic_authorization_is_hidden_at_every_shift() {
    // `u:hunter22`, `us:hunter22`, `use:hunter22` in base64.
    for coded in ["dTpodW50ZXIyMg==", "dXM6aHVudGVyMjI=", "dXNlOmh1bnRlcjIy"] {
        let hidden = knows(&["hunter22"]).text(&format!("Basic {coded}")).into_owned();
        assert!(hidden.contains(MARK), "{hidden}");
        assert!(
            !hidden.contains("h1bnRlcj") && !hidden.contains("odW50ZXIy") && !hidden.contains("aHVudGVy"),
            "{hidden}"
        );
    }
}

#[test]
fn overlapping_secrets_leave_nothing_of_either() {
    assert_eq!(knows(&["abcdef", "defghi"]).text("-abcdefghi-"), "-••••-");
    assert_eq!(knows(&["abab"]).text("xababab."), "x••••.");
    assert_eq!(knows(&["abcdefgh", "cdef"]).text("abcdefgh cdef"), "•••• ••••");
}

#[test]
fn what_is_too_short_is_not_looked_for() {
    let redactor = knows(&["abc", ""]);
    assert!(redactor.is_empty());
    assert_eq!(redactor.text("abcabc"), "abcabc");
}

#[test]
fn a_key_of_several_lines_is_hidden_line_by_line() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nshort\n-----END KEY-----";
    let hidden = knows(&[key]).text("    MIIEvQIBADANBgkqhkiG\n  short").into_owned();
    assert_eq!(hidden, "    ••••\n  short");
    assert_eq!(knows(&[key]).text(&json!({"key": key}).to_string()), r#"{"key":"••••"}"#);
}

#[test]
fn hidden_text_stays_as_it_is() {
    let redactor = knows(&["hunter22", SECRET]);
    let once = redactor.text("hunter22 aHVudGVyMjI=").into_owned();
    assert_eq!(redactor.text(&once), once);
}

#[test]
fn clones_learn_together() {
    let first = Redactor::default();
    let second = first.clone();
    first.learn("hunter22");
    assert_eq!(second.text("hunter22"), MARK);
    assert_eq!(format!("{second:?}"), "Redactor(…)");
}

#[test]
fn values_are_walked_with_their_names() {
    let mut value = json!({"hunter22": ["x hunter22", 1, null, {"deep": "hunter22"}], "kept": true});
    knows(&["hunter22"]).hide_in(&mut value);
    assert_eq!(value, json!({"••••": ["x ••••", 1, null, {"deep": "••••"}], "kept": true}));
}

#[test]
fn events_lose_what_people_and_programs_wrote() {
    let redactor = knows(&["hunter22"]);
    let error = CloudError {
        kind: CloudErrorKind::Denied,
        code: "hunter22".to_owned(),
        message: "with hunter22".to_owned(),
        request_id: Some("hunter22".to_owned()),
    };
    let ticket =
        crate::model::event::Ticket { step: "s".to_owned(), attempt: 1, purpose: crate::model::event::Purpose::Action };
    let mut events = [
        Event::NoteAdded { by: "alice".to_owned(), text: "hunter22".to_owned(), about_ms: None, step: None },
        Event::ActionRefused { ticket: ticket.clone(), error: error.clone() },
        Event::Observed { ticket: ticket.clone(), result: Err(error), request_id: None, cloud_ms: None },
        Event::ActionSucceeded { ticket, result: json!({"out": "hunter22"}), request_id: None, cloud_ms: None },
        Event::StepSkipped { step: "s".to_owned(), by: None, reason: "hunter22".to_owned() },
        Event::RunPaused { reason: "hunter22".to_owned() },
    ];
    for event in &mut events {
        redactor.hide_in_event(event);
        let text = serde_json::to_string(event).unwrap();
        assert!(!text.contains("hunter22") && text.contains(MARK), "{text}");
    }
}

#[test]
fn however_a_stream_is_cut_nothing_passes() {
    let redactor = knows(&["hunter22", "abab", "2 and"]);
    let text = "x hunter22 and hunter2 abababab aHVudGVyMjI= and huntex hunter22";
    let whole = redactor.text(text).into_owned();
    assert_eq!(whole, "x •••• hunter2 •••• •••• and huntex ••••");
    for size in 1..text.len() {
        let mut stream = Stream::new(redactor.clone());
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            out.extend(stream.push(piece));
        }
        out.extend(stream.finish());
        assert_eq!(String::from_utf8(out).unwrap(), whole, "pieces of {size}");
    }
}

#[test]
fn a_stream_passes_on_what_it_can() {
    let mut stream = Stream::new(knows(&["hunter22"]));
    assert_eq!(stream.push(b"all of this line\n"), b"all of this line\n");
    assert_eq!(stream.push(b"and now. hunt"), b"and now. ");
    assert_eq!(stream.push(b"ing\n"), b"hunting\n");
    let mut open = Stream::new(Redactor::default());
    assert_eq!(open.push(b"all of it"), b"all of it");
}

#[test]
fn an_endless_run_of_secrets_is_not_kept() {
    let mut stream = Stream::new(knows(&["aaaa"]));
    for _ in 0..60 {
        stream.push(&[b'a'; 4096]);
    }
    assert!(stream.held_bytes() <= 80 * 1024);
    assert!(!String::from_utf8(stream.finish()).unwrap().contains("aaaa"));
}
