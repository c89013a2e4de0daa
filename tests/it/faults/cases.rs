//! What the simulated runs are about: small runbooks with every kind of gate and failure, and worlds
//! in which things go wrong by a seed.

use lifeboat::model::scenario::{Fault, FaultKind, Scenario};

use super::dice;

/// Everything at once, in few steps.
const MIXED: &str = "version: 1
name: mixed
title: Promote, scale, flip
objectives: { rto: 2h, rpo: 1h }
targets: { dr: { region: us-east-1, account: '111122223333' } }
roles: { commander: [alice, bob], dba: [carol, dave] }
mfa: { method: totp }
defaults: { target: dr, timeout: 20m }
phases:
  - id: look
    budget: 20m
    steps:
      - { id: who, uses: aws/sts.get_caller_identity }
      - id: agree
        needs: []
        uses: manual
        with: { ask: Declare? }
        approvals: { min: 2, from: [commander, dba], within: 15m }
  - id: act
    budget: 1h
    steps:
      - id: promote
        uses: aws/rds.promote_read_replica_db_cluster
        with: { db_cluster_identifier: www-shop-dr }
        check:
          - uses: aws/rds.describe_db_clusters
            with: { db_cluster_identifier: www-shop-dr }
            expect: result.status == 'available'
            override: commander
        confirm: { type: www-shop-dr, message: For good. }
        retry: { max: 3, backoff: 20s, on: [throttled] }
        verify:
          - uses: aws/rds.describe_db_clusters
            with: { db_cluster_identifier: www-shop-dr }
            expect: result.status == 'available' and not result.replication_source_identifier
            every: 30s
            for: 20m
      - id: scale
        needs: [who]
        foreach: [backend, worker]
        uses: aws/ecs.update_service
        with: { cluster: c, service: \"${{ each }}\", desired_count: 3 }
        retry: { max: 3, backoff: 20s, on: [throttled, unavailable] }
        verify: [{ uses: aws/ecs.services_stable, every: 30s, for: 10m }]
        rollback:
          - { uses: aws/ecs.update_service, with: { desired_count: \"${{ steps.scale.before.desired_count }}\" } }
          - { uses: aws/ecs.update_service, with: { desired_count: 1 } }
      - { id: rest, needs: [agree], uses: wait, with: { for: 5m } }
      - id: tool
        needs: [agree]
        uses: exec
        with: { argv: [kubectl, rollout, restart, deployment/shop] }
        reversible: true
        verify: [{ expect: result.exit_code == 0 }]
      - { id: word, needs: [tool], uses: note, with: { text: the tool has run } }
";

/// Nothing but changes: phases and codes for a while, failures that jump, go on, undo.
const CHANGES: &str = "version: 1
name: changes
title: Flip and flip again
objectives: { rto: 1h }
targets: { dr: { region: us-east-1, account: '111122223333' } }
roles: { commander: [alice, bob] }
mfa: { method: totp }
defaults: { target: dr, timeout: 10m }
phases:
  - id: first
    budget: 10m
    gates: { mfa: phase }
    steps:
      - id: one
        uses: aws/ecs.update_service
        with: { cluster: c, service: one, desired_count: 2 }
        on_failure: continue
        retry: { max: 4, backoff: 10s, on: [throttled] }
      - id: two
        uses: aws/ecs.update_service
        with: { cluster: c, service: two, desired_count: 2 }
        on_failure: rollback
        rollback: [{ uses: aws/ecs.update_service, with: { desired_count: 0 } }]
        verify: [{ uses: aws/ecs.services_stable, every: 20s, for: 2m }]
  - id: second
    gates: { mfa: 15m }
    steps:
      - id: dns
        uses: aws/route53.change_resource_record_sets
        with:
          hosted_zone_id: Z0PLATFORM
          change_batch:
            changes:
              - action: UPSERT
                resource_record_set: { name: api.example.com, type: CNAME, ttl: 60, resource_records: [{ value: dr.example.com }] }
        confirm: { type: api.example.com }
        approvals: { min: 1, from: [commander], within: 10m }
        verify: [{ uses: aws/route53.get_change, with: { id: \"${{ steps.dns.result.id }}\" }, every: 10s, for: 5m }]
        on_failure: { goto: three }
      - { id: skipped, uses: aws/ecs.update_service, with: { cluster: c, service: four, desired_count: 1 } }
      - id: three
        needs: [one]
        uses: aws/ecs.update_service
        with: { cluster: c, service: three, desired_count: 5 }
        on_failure: abort
";

/// A copy is made and taken away again, also when something has ended the run; a step beside it names
/// production.
const COPY: &str = "version: 1
name: copy
title: Restore a copy, take it away
objectives: { rto: 2h }
targets: { dr: { region: us-east-1, account: '111122223333' } }
roles: { commander: [alice, bob] }
mfa: { method: totp }
defaults: { target: dr, timeout: 30m, on_failure: continue }
phases:
  - id: before
    budget: 1h
    steps:
      - id: make
        uses: aws/rds.restore_db_cluster_to_point_in_time
        on_failure: abort
        with: { db_cluster_identifier: www-shop-copy, source_db_cluster_identifier: www-shop, use_latest_restorable_time: true }
        retry: { max: 2, backoff: 20s, on: [throttled] }
        rollback: [{ uses: aws/rds.delete_db_cluster, with: { db_cluster_identifier: www-shop-copy, skip_final_snapshot: true } }]
        verify:
          - uses: aws/rds.describe_db_clusters
            with: { db_cluster_identifier: www-shop-copy }
            expect: result.status == 'available'
            every: 30s
            for: 25m
      - id: beside
        needs: []
        uses: aws/ecs.update_service
        with: { cluster: c, service: one, desired_count: 2 }
        on_failure: abort
        verify: [{ uses: aws/ecs.services_stable, every: 20s, for: 2m }]
      - { id: named, needs: [], uses: note, with: { text: so it is called }, outputs: { source: www-shop } }
      - id: production
        needs: [named]
        uses: aws/rds.delete_db_cluster
        with: { db_cluster_identifier: \"${{ steps.named.outputs.source }}\", skip_final_snapshot: true }
        confirm: { type: www-shop }
  - id: last
    steps:
      - { id: only_then, uses: aws/ecs.update_service, with: { cluster: c, service: two, desired_count: 2 } }
  - id: tidy
    always: true
    steps:
      - id: copy
        uses: aws/rds.delete_db_cluster
        with: { db_cluster_identifier: www-shop-copy, skip_final_snapshot: true }
        confirm: { type: www-shop-copy }
";

pub fn runbook(seed: u64) -> (&'static str, &'static str) {
    match dice(&[seed, 11]) % 3 {
        0 => ("mixed.yaml", MIXED),
        1 => ("changes.yaml", CHANGES),
        _ => ("copy.yaml", COPY),
    }
}

/// A world in which each kind of fault may strike.
pub fn scenario(seed: u64) -> Scenario {
    let kinds = [
        (FaultKind::LostAnswer, 0.12),
        (FaultKind::LostRequest, 0.08),
        (FaultKind::Throttled, 0.15),
        (FaultKind::AccessDenied, 0.04),
        (FaultKind::Hangs, 0.10),
    ];
    let mut faults = Vec::new();
    for (ix, (kind, chance)) in (0_u64..).zip(kinds) {
        if dice(&[seed, 12, ix]) % 3 != 0 {
            let value = (kind == FaultKind::Hangs).then(|| "8m".into());
            faults.push(Fault {
                kind,
                action: None,
                region: None,
                resource: None,
                after: None,
                lasts: None,
                times: None,
                chance: Some(chance),
                value,
            });
        }
    }
    Scenario { name: "by seed".to_owned(), faults, ..Scenario::default() }
}

/// A few changes that nobody but the driver's own operator has to drive.
pub fn calm_runbook() -> (&'static str, &'static str) {
    ("mixed.yaml", MIXED)
}

/// A world in which nothing goes wrong.
pub fn calm() -> Scenario {
    Scenario { name: "calm".to_owned(), ..Scenario::default() }
}
