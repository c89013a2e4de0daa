//! ECS clusters.

use serde_json::json;

use super::calls::Calls;
use crate::engine::ports::CloudReply;
use crate::model::Value;
use crate::model::action::ecs as input;
use crate::model::outcome::CloudError;

pub(super) async fn describe_clusters(
    calls: &Calls<'_>,
    call: &input::DescribeClusters,
) -> Result<CloudReply, CloudError> {
    let request = calls.ecs().describe_clusters().set_clusters(Some(call.clusters.clone()));
    calls
        .answer(request.send(), |answer| {
            let clusters: Vec<Value> = answer
                .clusters()
                .iter()
                .map(|cluster| {
                    json!({
                        "cluster_name": cluster.cluster_name,
                        "cluster_arn": cluster.cluster_arn,
                        "status": cluster.status,
                        "capacity_providers": cluster.capacity_providers(),
                        "registered_container_instances_count": cluster.registered_container_instances_count,
                        "running_tasks_count": cluster.running_tasks_count,
                        "pending_tasks_count": cluster.pending_tasks_count,
                        "active_services_count": cluster.active_services_count,
                    })
                })
                .collect();
            let failures: Vec<Value> =
                answer.failures().iter().map(|failure| json!({"arn": failure.arn, "reason": failure.reason})).collect();
            json!({"clusters": clusters, "failures": failures})
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::super::wire::{self, Answer};
    use super::*;

    #[tokio::test]
    async fn clusters_come_with_their_providers_and_the_missing_by_reason() {
        let request = wire::read("aws/ecs.describe_clusters", &json!({"clusters": ["shop", "gone"]}));
        let body = json!({
            "clusters": [{"clusterName": "shop", "clusterArn": "arn:shop", "status": "ACTIVE",
                          "capacityProviders": ["FARGATE"], "runningTasksCount": 2}],
            "failures": [{"arn": "arn:gone", "reason": "MISSING"}],
        });
        let (reply, sent) = wire::ask(&request, [Answer::ok(&body.to_string())]).await;
        let value = reply.unwrap().value;
        assert_eq!(value["clusters"][0]["capacity_providers"], json!(["FARGATE"]));
        assert_eq!(value["clusters"][0]["running_tasks_count"], 2);
        assert_eq!(value["failures"], json!([{"arn": "arn:gone", "reason": "MISSING"}]));
        assert_eq!(sent[0].body, r#"{"clusters":["shop","gone"]}"#);
    }
}
