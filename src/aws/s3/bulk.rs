//! S3: what a bucket lacks against its replica, and copying just that, many objects at a time.
//!
//! ```text
//! versions of the replica ─┐
//!                          ├─ merge by key ─▶ queue (bounded) ─▶ copies side by side ─▶ tally
//! objects of the bucket  ──┘
//! ```
//! Both listings come in the order of their keys, a page at a time, so nothing is kept but two pages
//! and the queue. Must not know: how a single copy is sent (`copy`), who shows how far it is.

mod copy;
mod difference;
mod listing;
mod mark;

use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde_json::json;
use tokio::sync::mpsc;

use self::copy::Copier;
use self::difference::{Found, Tally};
use self::listing::Place;
use self::mark::{Marks, looked_at};
use crate::aws::calls::Calls;
use crate::aws::reply;
use crate::engine::ports::CloudReply;
use crate::model::action::s3 as input;
use crate::model::outcome::CloudError;

/// How far the listing may run ahead of the copies: some megabytes.
const QUEUE: usize = 20_000;
/// Looks at single objects side by side.
const LOOKS: usize = 32;
/// Keys and failures told one by one.
const TOLD: usize = 20;

pub(in crate::aws) async fn compare_with_replica(
    calls: &Calls<'_>,
    call: &input::CompareWithReplica,
) -> Result<CloudReply, CloudError> {
    let (counted, noted) = reply::noting(Box::pin(compare(calls, call))).await;
    let tally = counted?;
    let value = json!({
        "objects": tally.objects,
        "same": tally.same,
        "missing": tally.missing,
        "different": tally.different,
        "left_newer": tally.left_newer,
        "to_copy": tally.missing + tally.different,
        "bytes_to_copy": tally.bytes,
        "sample": tally.sample,
    });
    Ok(CloudReply { value, request_id: noted.request_id, cloud_ms: noted.cloud_ms })
}

async fn compare(calls: &Calls<'_>, call: &input::CompareWithReplica) -> Result<Tally, CloudError> {
    let place = Place::of(call)?;
    let marks = Marks::of(calls, &place).await?;
    let (queue, found) = mpsc::channel(QUEUE);
    let listing = difference::list(calls, &place, queue, None);
    let counting = async {
        let mut tally = Tally::default();
        let looks = taken_from(found).map(|found| looked_at(calls, &place, &marks, found));
        let mut checked = looks.buffer_unordered(LOOKS);
        while let Some(one) = checked.next().await {
            let (found, is_ours) = one?;
            tally.add(found, is_ours);
        }
        Ok::<_, CloudError>(tally)
    };
    let (listed, counted) = tokio::join!(listing, counting);
    let mut tally = counted?;
    tally.with(&listed?);
    Ok(tally)
}

pub(in crate::aws) async fn copy_from_replica(
    calls: &Calls<'_>,
    call: &input::CopyFromReplica,
) -> Result<CloudReply, CloudError> {
    let (copied, noted) = reply::noting(Box::pin(copy_all(calls, call))).await;
    Ok(CloudReply { value: copied?, request_id: noted.request_id, cloud_ms: noted.cloud_ms })
}

async fn copy_all(calls: &Calls<'_>, call: &input::CopyFromReplica) -> Result<crate::model::Value, CloudError> {
    let place = Place::of(&call.comparison())?;
    let marks = Marks::of(calls, &place).await?;
    let at_once = call.max_concurrent.unwrap_or(input::DEFAULT_CONCURRENT).clamp(1, input::MOST_CONCURRENT);
    let copier = Copier::new(calls, &place, &marks);
    let (queue, found) = mpsc::channel(QUEUE);
    let listing = async {
        let listed = difference::list(calls, &place, queue, Some(&copier)).await;
        calls.meter.all_found();
        listed
    };
    let copying = async {
        let pieces = taken_from(found).map(|found| copier.copy(found));
        let mut pieces = pieces.buffer_unordered(usize::try_from(at_once).unwrap_or(1));
        while let Some(piece) = pieces.next().await {
            copier.take(piece);
        }
    };
    let (listed, ()) = tokio::join!(listing, copying);
    copier.close(listed)
}

fn taken_from(queue: mpsc::Receiver<Found>) -> BoxStream<'static, Found> {
    stream::unfold(queue, |mut queue| async move { queue.recv().await.map(|found| (found, queue)) }).boxed()
}
