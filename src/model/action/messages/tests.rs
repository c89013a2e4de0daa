//! What goes out, and what may stand in a runbook.

use serde_json::json;

use super::super::Action;
use super::*;

fn letter(name: &str, with: &Value) -> Letter {
    match Action::parse(name, with).unwrap() {
        Action::SlackPost(call) => call.letter().unwrap(),
        Action::TeamsPost(call) => call.letter(),
        Action::WebhookPost(call) => call.letter(),
        Action::ChangeEvent(call) => call.letter(),
        other => panic!("{} is no message", other.name()),
    }
}

#[test]
fn a_text_cannot_address_a_channel_nor_hide_a_link() {
    let evil = "<!channel> see <https://evil.example|status page> & <@U123>\u{202e}\u{7}";
    let sent = letter("slack/post", &json!({"webhook": "secret:hook", "text": evil}));
    let text = sent.body["text"].as_str().unwrap();
    assert_eq!(text, "&lt;!channel&gt; see &lt;https://evil.example|status page&gt; &amp; &lt;@U123&gt;‹U+202E›␇");
    assert_eq!(sent.body["unfurl_links"], false);
    assert_eq!(sent.url, "secret:hook");
}

#[test]
fn who_is_called_is_said_beside_the_text() {
    let sent = letter("slack/post", &json!({"webhook": "secret:hook", "text": "a\nb", "mention": "here"}));
    assert_eq!(sent.body["text"], "<!here> a\nb");
    let with = json!({"webhook": "secret:hook", "text": "x", "mention": "everyone"});
    assert!(Action::parse("slack/post", &with).is_err());
}

#[test]
fn the_api_of_slack_is_asked_with_the_token_in_a_header() {
    let with = json!({"token": "secret:bot", "channel": "#dr", "text": "x", "api": "https://slack-gov.com/api/"});
    let sent = letter("slack/post", &with);
    assert_eq!(sent.url, "https://slack-gov.com/api/chat.postMessage");
    assert_eq!(sent.headers, [("Authorization".to_owned(), "Bearer secret:bot".to_owned())]);
    assert_eq!((&sent.body["channel"], sent.service), (&json!("#dr"), Service::SlackApi));
}

#[test]
fn a_card_shows_the_text_without_markup() {
    let with = json!({"webhook": "secret:t", "title": "DR", "text": "**bold** [x](http://e)\n\nend"});
    let sent = letter("teams/post", &with);
    let card = &sent.body["attachments"][0]["content"];
    let inlines: Vec<&Value> = card["body"].as_array().unwrap().iter().map(|one| &one["inlines"][0]["text"]).collect();
    assert_eq!(inlines, ["DR", "**bold** [x](http://e)", " ", "end"]);
    assert!(card["body"].as_array().unwrap().iter().all(|one| one["type"] == "RichTextBlock"));
}

#[test]
fn a_change_event_has_the_shape_of_the_events_api() {
    let with = json!({
        "routing_key": "secret:pd", "summary": "moved\nto us-east-1", "source": "lifeboat",
        "custom_details": {"run": "x"}, "link": "https://wiki.example/dr",
    });
    let sent = letter("pagerduty/change_event", &with);
    assert_eq!(sent.url, "https://events.pagerduty.com/v2/change/enqueue");
    let expected = json!({
        "routing_key": "secret:pd",
        "payload": {"summary": "moved to us-east-1", "source": "lifeboat", "custom_details": {"run": "x"}},
        "links": [{"href": "https://wiki.example/dr", "text": "more"}],
    });
    assert_eq!(sent.body, expected);
    let long = letter("pagerduty/change_event", &json!({"routing_key": "secret:pd", "summary": "ü".repeat(3000)}));
    assert_eq!(long.body["payload"]["summary"].as_str().unwrap().chars().count(), SUMMARY_MAX_CHARS);
}

#[test]
fn an_address_that_lets_one_in_stands_nowhere() {
    let literal = "https://hooks.slack.com/services/T0/B0/x";
    for (name, with) in [
        ("slack/post", json!({"webhook": literal, "text": "x"})),
        ("slack/post", json!({"webhook": "secret:a secret:b", "text": "x"})),
        ("slack/post", json!({"token": "xoxb-1", "channel": "c", "text": "x"})),
        ("teams/post", json!({"webhook": literal, "text": "x"})),
        ("pagerduty/change_event", json!({"routing_key": "R0", "summary": "x"})),
    ] {
        assert!(Action::parse(name, &with).is_err(), "{name} {with}");
        assert_eq!(problems(name, &with).len(), 1, "{name} {with}");
    }
    let neither = json!({"text": "x"});
    assert!(problems("slack/post", &neither)[0].1.contains("either"));
    let url = json!({"url": "ftp://x", "body": {}});
    assert_eq!(problems("webhook/post", &url)[0].0, "url");
}

#[test]
fn what_people_read_is_whole() {
    let of = |name: &str, with: Value| words(name, &with).unwrap();
    assert_eq!(of("slack/post", json!({"text": "a\nb", "mention": "channel"})), "@channel a\nb");
    assert_eq!(of("teams/post", json!({"title": "T", "text": "a"})), "T\na");
    assert_eq!(of("webhook/post", json!({"body": {"a": 1}})), "{\n  \"a\": 1\n}");
    assert_eq!(words("exec", &json!({})), None);
}
