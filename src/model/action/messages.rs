//! Messages to people and to what pages them: Slack, Teams, any webhook, PagerDuty.
//!
//! Nothing of AWS is changed by one, and nothing guards it: a second send is a second message. So one
//! is never sent again by itself, and one that fails, or whose answer is lost, is noted and the run
//! goes on. Addresses and tokens are references to secrets. A text is data: nothing in it that came
//! from elsewhere may address a channel, hide a link or dress up as another line.
//!
//! Knows what is sent, byte for byte. Must not know how it is sent.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::operation::{Home, Operation};
use crate::model::secret::references;
use crate::model::text::safe_lines;

/// Where Slack's methods are, when a step does not say.
const SLACK_API: &str = "https://slack.com/api";
/// Where PagerDuty takes events, when a step does not say.
const PAGERDUTY_EVENTS: &str = "https://events.pagerduty.com";
/// PagerDuty cuts a longer summary.
const SUMMARY_MAX_CHARS: usize = 1024;

/// The actions that are messages.
pub const NAMES: [&str; 4] = ["slack/post", "teams/post", "webhook/post", "pagerduty/change_event"];

/// Whether an action is a message to people: never blocks a run, and changes nothing of AWS.
#[must_use]
pub fn is_message(action: &str) -> bool {
    NAMES.contains(&action)
}

/// Result: `{status, reply, id}`; `id` is the message's time stamp where Slack's API gave one, else null.
/// Either `webhook`, or `token` and `channel`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlackPost {
    /// What people read. Characters that would address somebody or hide a link are sent as they look.
    pub text: String,
    /// An incoming webhook's address, as `secret:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "secret")]
    pub webhook: Option<String>,
    /// A bot's token, as `secret:NAME`, for `chat.postMessage`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "secret")]
    pub token: Option<String>,
    /// With `token`: the channel's id or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Who is called beside the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<Mention>,
    /// With `token`: where the API is. Default `https://slack.com/api`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mention {
    /// Who is there just now.
    Here,
    /// Everybody in the channel.
    Channel,
}

/// Result: `{status, reply, id: null}`. Sent as an Adaptive Card to a webhook of Workflows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamsPost {
    /// The webhook's address, as `secret:NAME`.
    #[serde(deserialize_with = "own_secret")]
    pub webhook: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What people read, as it is: nothing in it is markup.
    pub text: String,
}

/// Result: `{status, reply, id: null}`. JSON by POST, over https; plain http only to this machine itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookPost {
    /// An address, or `secret:NAME` where the address itself is what lets one in.
    pub url: String,
    /// What is sent, as JSON.
    pub body: Map<String, Value>,
    /// Headers beside the usual ones; their texts may refer to secrets: `Bearer secret:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<std::collections::BTreeMap<String, String>>,
}

/// Result: `{status, reply, id: null}`. A change event, which pages nobody: it stands beside incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEvent {
    /// The integration's key, as `secret:NAME`.
    #[serde(deserialize_with = "own_secret")]
    pub routing_key: String,
    /// What has changed, up to 1024 characters.
    pub summary: String,
    /// What it came from: a host, a service, a region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Further facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_details: Option<Map<String, Value>>,
    /// A page with more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Where events are taken. Default `https://events.pagerduty.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
}

/// A message ready to go out. Texts of `url` and `headers` may refer to secrets, and the routing key of
/// PagerDuty; nothing else in a body does.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
    /// What an answer means.
    pub service: Service,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The status tells all.
    Webhook,
    /// Slack's methods say in the body whether they did it.
    SlackApi,
    /// The key stands in the body.
    PagerDuty,
}

impl SlackPost {
    /// # Errors
    /// When it says neither or both of the ways to send it.
    pub fn letter(&self) -> Result<Letter, String> {
        let called = self.mention.map(|who| match who {
            Mention::Here => "<!here> ",
            Mention::Channel => "<!channel> ",
        });
        let text = format!("{}{}", called.unwrap_or_default(), slack_text(&self.text));
        let mut body = json!({"text": text, "unfurl_links": false, "unfurl_media": false});
        match (&self.webhook, &self.token, &self.channel) {
            (Some(webhook), None, None) => {
                Ok(Letter { url: webhook.clone(), headers: Vec::new(), body, service: Service::Webhook })
            }
            (None, Some(token), Some(channel)) => {
                body["channel"] = json!(channel);
                let api = self.api.as_deref().unwrap_or(SLACK_API).trim_end_matches('/');
                let headers = vec![("Authorization".to_owned(), format!("Bearer {token}"))];
                let url = format!("{api}/chat.postMessage");
                Ok(Letter { url, headers, body, service: Service::SlackApi })
            }
            _ => Err(ONE_WAY.to_owned()),
        }
    }
}

const ONE_WAY: &str = "it goes either to `webhook: secret:NAME`, or with `token: secret:NAME` to a `channel`";

impl TeamsPost {
    #[must_use]
    pub fn letter(&self) -> Letter {
        let line = |text: &str, more: Value| {
            let mut run = json!({"type": "TextRun", "text": text});
            merge(&mut run, more);
            // Unlike a text block, a run of text knows no markup.
            json!({"type": "RichTextBlock", "inlines": [run]})
        };
        let title = self.title.iter().flat_map(|title| safe_lines(title));
        let title = title.map(|one| line(&one, json!({"weight": "Bolder", "size": "Medium"})));
        // A block without a text would not be shown: an empty line is a space.
        let lines = safe_lines(&self.text).into_iter().map(|one| if one.is_empty() { " ".to_owned() } else { one });
        let body: Vec<Value> = title.chain(lines.map(|one| line(&one, json!({})))).collect();
        let card = json!({
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard", "version": "1.4", "body": body,
        });
        let attachment = json!({
            "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card,
        });
        let body = json!({"type": "message", "attachments": [attachment]});
        Letter { url: self.webhook.clone(), headers: Vec::new(), body, service: Service::Webhook }
    }
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

impl WebhookPost {
    #[must_use]
    pub fn letter(&self) -> Letter {
        let headers = self.headers.iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
        Letter { url: self.url.clone(), headers, body: Value::Object(self.body.clone()), service: Service::Webhook }
    }
}

impl ChangeEvent {
    /// The key stands in the body, as a reference.
    #[must_use]
    pub fn letter(&self) -> Letter {
        let summary: String = one_line(&self.summary).chars().take(SUMMARY_MAX_CHARS).collect();
        let mut payload = json!({"summary": summary});
        if let Some(source) = &self.source {
            payload["source"] = json!(source);
        }
        if let Some(details) = &self.custom_details {
            payload["custom_details"] = Value::Object(details.clone());
        }
        let mut body = json!({"routing_key": self.routing_key, "payload": payload});
        if let Some(link) = &self.link {
            body["links"] = json!([{"href": link, "text": "more"}]);
        }
        let api = self.api.as_deref().unwrap_or(PAGERDUTY_EVENTS).trim_end_matches('/');
        let url = format!("{api}/v2/change/enqueue");
        Letter { url, headers: Vec::new(), body, service: Service::PagerDuty }
    }
}

fn one_line(text: &str) -> String {
    safe_lines(text).join(" ")
}

/// A text as Slack shows it and nothing else: `&`, `<` and `>` are what its markup of channels, people
/// and links begins with.
#[must_use]
pub fn slack_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for letter in safe_lines(text).join("\n").chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
    out
}

/// What people will read, in full: title and text, or the JSON as it goes out.
#[must_use]
pub fn words(action: &str, with: &Value) -> Option<String> {
    let text = |name: &str| with[name].as_str().map(str::to_owned);
    match action {
        "slack/post" => {
            let mention = text("mention").map(|who| format!("@{who} ")).unwrap_or_default();
            text("text").map(|text| format!("{mention}{text}"))
        }
        "teams/post" => {
            let title = text("title").map(|title| format!("{title}\n")).unwrap_or_default();
            text("text").map(|text| format!("{title}{text}"))
        }
        "pagerduty/change_event" => text("summary"),
        "webhook/post" => serde_json::to_string_pretty(&with["body"]).ok(),
        _ => None,
    }
}

/// Problems that can be seen before the run: of each, the member that it is about and what is wrong.
#[must_use]
pub fn problems(action: &str, with: &Value) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut look = |member: &'static str| {
        if let Some(Err(why)) = with[member].as_str().map(check_secret) {
            found.push((member, why));
        }
    };
    match action {
        "slack/post" => {
            ["webhook", "token"].into_iter().for_each(&mut look);
            let has = |member: &str| with.get(member).is_some();
            let is_one = match (has("webhook"), has("token"), has("channel")) {
                (true, false, false) | (false, true, true) => true,
                (_, _, _) => false,
            };
            if !is_one {
                found.push(("webhook", ONE_WAY.to_owned()));
            }
        }
        "teams/post" => look("webhook"),
        "pagerduty/change_event" => look("routing_key"),
        "webhook/post" => {
            if let Some(Err(why)) = with["url"].as_str().map(check_url) {
                found.push(("url", why));
            }
        }
        _ => {}
    }
    found
}

/// The value of a secret never stands in a runbook.
fn check_secret(text: &str) -> Result<(), String> {
    let is_reference = matches!(references(text)[..], [name] if text == format!("secret:{name}"));
    if is_reference { Ok(()) } else { Err("it is a secret, and stands here only as `secret:NAME`".to_owned()) }
}

fn check_url(url: &str) -> Result<(), String> {
    if check_secret(url).is_ok() || url.starts_with("https://") || url.starts_with("http://") {
        Ok(())
    } else {
        Err("it is neither an https address nor `secret:NAME`".to_owned())
    }
}

fn own_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    check_secret(&text).map_err(serde::de::Error::custom)?;
    Ok(text)
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.as_deref().map_or(Ok(()), check_secret).map_err(serde::de::Error::custom)?;
    Ok(text)
}

/// Without a probe, as nobody can ask whether somebody has read it; and no line of a shell either, which
/// would need the secret.
macro_rules! messages {
    ($($params:ty),*) => { $(
        impl Operation for $params {
            fn home(&self) -> Home<'_> {
                Home::Outside
            }

            fn command_lines(&self, _target: &crate::model::plan::ResolvedTarget) -> Option<Vec<Vec<String>>> {
                Some(Vec::new())
            }
        }
    )* };
}

messages!(SlackPost, TeamsPost, WebhookPost, ChangeEvent);

#[cfg(test)]
mod tests;
