//! SSM parameters. A secret one is never decrypted, and not even its ciphertext is handed on.

use aws_sdk_ssm::types::{Parameter, ParameterType};
use serde_json::json;

use super::calls::Calls;
use super::error::not_found;
use super::shape::{instant, some_text};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::ssm as input;
use crate::model::outcome::CloudError;

/// A page has ten at most.
const PAGES: usize = 20;

pub(super) async fn get_parameter(calls: &Calls<'_>, call: &input::GetParameter) -> Result<CloudReply, CloudError> {
    let request = calls.ssm().get_parameter().name(&call.name).with_decryption(false).send();
    calls
        .try_answer(request, |output| {
            let missing = || not_found("ParameterNotFound", format!("no parameter `{}`", call.name));
            output.parameter().map(view).ok_or_else(missing)
        })
        .await
}

pub(super) async fn get_parameters_by_path(
    calls: &Calls<'_>,
    call: &input::GetParametersByPath,
) -> Result<CloudReply, CloudError> {
    let pages = async {
        let (mut found, mut next) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = calls
                .ssm()
                .get_parameters_by_path()
                .path(&call.path)
                .set_recursive(call.recursive)
                .with_decryption(false)
                .set_next_token(next.take())
                .send()
                .await?;
            found.extend(page.parameters().iter().map(view));
            next = some_text(page.next_token()).map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        Ok((found, next.is_some()))
    };
    calls.answer(pages, |(found, more)| json!({"parameters": found, "is_truncated": more})).await
}

fn view(parameter: &Parameter) -> Value {
    // Whatever is not known to be plain is taken for a secret.
    let is_plain = matches!(parameter.r#type(), Some(ParameterType::String | ParameterType::StringList));
    json!({
        "name": parameter.name(),
        "type": parameter.r#type().map(ParameterType::as_str),
        "value": parameter.value().filter(|_| is_plain),
        "version": parameter.version(),
        "last_modified_date": instant(parameter.last_modified_date()),
        "arn": parameter.arn(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;

    fn parameter(name: &str, kind: &str, value: &str) -> Value {
        json!({"Name": name, "Type": kind, "Value": value, "Version": 3, "ARN": "arn:p"})
    }

    #[tokio::test]
    async fn a_secret_parameter_is_neither_decrypted_nor_shown() {
        let get = async |kind: &str| {
            let request = wire::read("aws/ssm.get_parameter", &json!({"name": "/shop/db"}));
            let body = json!({"Parameter": parameter("/shop/db", kind, "hunter2")}).to_string();
            let (reply, sent) = wire::ask(&request, [Answer::ok(&body)]).await;
            assert_eq!(sent[0].body, r#"{"Name":"/shop/db","WithDecryption":false}"#);
            reply.unwrap().value
        };
        assert_eq!(get("String").await["value"], "hunter2");
        for secret in ["SecureString", "SomethingNew"] {
            let shown = get(secret).await;
            assert_eq!((&shown["value"], &shown["version"]), (&Value::Null, &json!(3)));
            assert!(!shown.to_string().contains("hunter2"));
        }
    }

    #[tokio::test]
    async fn a_path_is_read_page_by_page() {
        let page = |name: &str, next: Option<&str>| {
            let list = [parameter(name, "String", "x"), parameter("/shop/s", "SecureString", "hunter2")];
            Answer::ok(&json!({"Parameters": list, "NextToken": next}).to_string())
        };
        let request = wire::read("aws/ssm.get_parameters_by_path", &json!({"path": "/shop", "recursive": true}));
        let (reply, sent) = wire::ask(&request, [page("/shop/a", Some("t")), page("/shop/b", None)]).await;
        let value = reply.unwrap().value;
        let names: Vec<_> = value["parameters"].as_array().unwrap().iter().map(|found| &found["name"]).collect();
        assert_eq!(names, ["/shop/a", "/shop/s", "/shop/b", "/shop/s"]);
        assert_eq!(value["is_truncated"], false);
        assert!(!value.to_string().contains("hunter2"));
        assert_eq!(sent.len(), 2);
        assert!(sent[1].body.contains(r#""NextToken":"t""#));
    }
}
