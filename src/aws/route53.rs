//! Route 53 records: read, and changed only if they still are as they were shown.

use aws_sdk_route53::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_route53::operation::change_resource_record_sets::ChangeResourceRecordSetsError;
use aws_sdk_route53::types::{ChangeBatch, ChangeInfo, RrType};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::json;

use super::calls::Calls;
use super::error::invalid;
use super::shape::{empty_answer, instant};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::{route53 as input, swap};
use crate::model::outcome::CloudError;

mod sets;

pub(super) async fn change_resource_record_sets(
    calls: &Calls<'_>,
    call: &input::ChangeResourceRecordSets,
) -> Result<CloudReply, CloudError> {
    let plan = swap::plan(&call.change_batch, calls.before)?;
    let changes = plan.changes.iter().map(sets::change).collect::<Result<Vec<_>, _>>();
    let batch = changes
        .and_then(|changes| {
            ChangeBatch::builder().set_comment(call.change_batch.comment.clone()).set_changes(Some(changes)).build()
        })
        .map_err(|error| invalid("InvalidInput", error.to_string()))?;
    let mut said = String::new();
    let request = async {
        let request = calls.route53().change_resource_record_sets().hosted_zone_id(&call.hosted_zone_id);
        let answer = request.change_batch(batch).send().await;
        said = answer.as_ref().err().map(complaints).unwrap_or_default();
        answer
    };
    let answer = calls
        .try_answer(request, |output| {
            let mut view = output.change_info.as_ref().map(change).ok_or_else(|| empty_answer("change"))?;
            if let Some(ttl) = plan.old_ttl {
                view["old_ttl"] = json!(ttl);
            }
            Ok(view)
        })
        .await;
    answer.map_err(|error| if error.code == "InvalidChangeBatch" { plan.refused(error, &said) } else { error })
}

/// What AWS has against a batch: one sentence for each record. It is not where errors usually have
/// their message.
fn complaints(error: &SdkError<ChangeResourceRecordSetsError, HttpResponse>) -> String {
    let service = error.as_service_error();
    let listed = match service {
        Some(ChangeResourceRecordSetsError::InvalidChangeBatch(batch)) => batch.messages().join(" "),
        _ => String::new(),
    };
    if !listed.is_empty() {
        return listed;
    }
    service.and_then(ProvideErrorMetadata::message).unwrap_or_default().to_owned()
}

pub(super) async fn get_change(calls: &Calls<'_>, call: &input::GetChange) -> Result<CloudReply, CloudError> {
    let request = calls.route53().get_change().id(&call.id).send();
    calls.answer(request, |output| output.change_info.as_ref().map_or(Value::Null, change)).await
}

fn change(change: &ChangeInfo) -> Value {
    json!({
        "id": change.id(),
        "status": change.status().as_str(),
        "submitted_at": instant(Some(change.submitted_at())),
    })
}

pub(super) async fn list_resource_record_sets(
    calls: &Calls<'_>,
    call: &input::ListResourceRecordSets,
) -> Result<CloudReply, CloudError> {
    let request = calls
        .route53()
        .list_resource_record_sets()
        .hosted_zone_id(&call.hosted_zone_id)
        .set_start_record_name(call.start_record_name.clone())
        .set_start_record_type(call.start_record_type.as_deref().map(RrType::from))
        .set_max_items(call.max_items.map(u32::cast_signed))
        .send();
    calls
        .answer(request, |output| {
            let sets: Vec<Value> = output.resource_record_sets().iter().map(sets::view).collect();
            json!({"resource_record_sets": sets, "is_truncated": output.is_truncated()})
        })
        .await
}
