#!/usr/bin/env bash
# The job of job.yaml as it stands in many a wiki: one `aws` command after the other.
set -euo pipefail
zone=$1 distribution=$2 cluster=bench-dr
export AWS_PAGER=""
home=(--region us-west-2) everywhere=(--region us-east-1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[[ $(aws sts get-caller-identity "${home[@]}" --query Account --output text) == 111122223333 ]]
lag=$(aws cloudwatch get-metric-statistics "${home[@]}" --namespace AWS/RDS --metric-name AuroraBinlogReplicaLag \
  --dimensions "Name=DBClusterIdentifier,Value=$cluster" --start-time "$(date -u -d '10 minutes ago' +%FT%TZ)" \
  --end-time "$(date -u -d "1 minute" +%FT%TZ)" --period 60 --statistics Average \
  --query 'sort_by(Datapoints,&Timestamp)[-1].Average' --output text)
[[ ${lag%.*} -le 3600 ]]

state() {
  aws rds describe-db-clusters "${home[@]}" --db-cluster-identifier $cluster \
    --query 'DBClusters[0].[Status,ReplicationSourceIdentifier]' --output text
}
[[ $(state) == available*:cluster:* ]]
aws rds promote-read-replica-db-cluster "${home[@]}" --db-cluster-identifier $cluster >/dev/null
until [[ $(state) == $'available\tNone' || $(state) == $'available\t' ]]; do sleep 0.1; done

aws ecs describe-services "${home[@]}" --cluster $cluster --services web --query 'services[0].status' --output text >/dev/null
aws ecs update-service "${home[@]}" --cluster $cluster --service web --desired-count 3 >/dev/null
until [[ $(aws ecs describe-services "${home[@]}" --cluster $cluster --services web \
  --query 'services[0].[runningCount,length(deployments)]' --output text) == $'3\t1' ]]; do sleep 0.1; done

aws route53 list-resource-record-sets "${everywhere[@]}" --hosted-zone-id "$zone" --start-record-name api.bench.example \
  --start-record-type CNAME --max-items 1 --query 'ResourceRecordSets[0]' --output json >"$work/old.json"
cat >"$work/batch.json" <<JSON
{"Changes": [{"Action": "DELETE", "ResourceRecordSet": $(cat "$work/old.json")},
 {"Action": "CREATE", "ResourceRecordSet": {"Name": "api.bench.example.", "Type": "CNAME", "TTL": 60,
  "ResourceRecords": [{"Value": "dr.bench.example"}]}}]}
JSON
change=$(aws route53 change-resource-record-sets "${everywhere[@]}" --hosted-zone-id "$zone" \
  --change-batch "file://$work/batch.json" --query ChangeInfo.Id --output text)
until [[ $(aws route53 get-change "${everywhere[@]}" --id "$change" --query ChangeInfo.Status --output text) == INSYNC ]]; do sleep 0.1; done

aws cloudfront get-distribution-config "${everywhere[@]}" --id "$distribution" >"$work/answer.json"
etag=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["ETag"])' "$work/answer.json")
python3 -c '
import json, sys
config = json.load(open(sys.argv[1]))["DistributionConfig"]
config["Origins"]["Items"][0]["DomainName"] = "dr.bench.example"
json.dump(config, sys.stdout)' "$work/answer.json" >"$work/config.json"
aws cloudfront update-distribution "${everywhere[@]}" --id "$distribution" --if-match "$etag" \
  --distribution-config "file://$work/config.json" >/dev/null
until [[ $(aws cloudfront get-distribution "${everywhere[@]}" --id "$distribution" --query Distribution.Status --output text) == Deployed ]]; do sleep 0.1; done
invalidation=$(aws cloudfront create-invalidation "${everywhere[@]}" --distribution-id "$distribution" --paths '/*' \
  --query Invalidation.Id --output text)
until [[ $(aws cloudfront get-invalidation "${everywhere[@]}" --distribution-id "$distribution" --id "$invalidation" \
  --query Invalidation.Status --output text) =~ ^[Cc] ]]; do sleep 0.1; done
[[ $(state) == $'available\tNone' || $(state) == $'available\t' ]]
