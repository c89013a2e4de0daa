//! Route 53 records: read, and changed only if they still are as they were shown.

use aws_sdk_route53::types::{ChangeBatch, ChangeInfo, RrType};
use serde_json::json;

use super::calls::Calls;
use super::error::invalid;
use super::shape::{empty_answer, instant};
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::{route53 as input, swap};
use crate::model::outcome::CloudError;

mod refusal;
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
    let request = calls.route53().change_resource_record_sets().hosted_zone_id(&call.hosted_zone_id);
    let request = request.change_batch(batch);
    let answer = calls
        .try_answer(async { request.send().await.map_err(refusal::reworded) }, |output| {
            let mut view = output.change_info.as_ref().map(change).ok_or_else(|| empty_answer("change"))?;
            if let Some(ttl) = plan.old_ttl {
                view["old_ttl"] = json!(ttl);
            }
            Ok(view)
        })
        .await;
    answer.map_err(|error| if error.code == "InvalidChangeBatch" { plan.refused(error) } else { error })
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
