//! The clock under a hand-driven executor: jumps, order of waking, changes of pace.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::*;

const START_MS: i64 = 1_000_000;

#[test]
fn speeds_read_and_print() {
    assert_eq!("60".parse(), Ok(Speed::Times(60.0)));
    assert_eq!("60x".parse(), Ok(Speed::Times(60.0)));
    assert_eq!("max".parse(), Ok(Speed::Max));
    assert_eq!(Speed::Times(60.0).to_string(), "60x");
    assert_eq!(Speed::Times(0.5).to_string(), "0.5x");
    assert_eq!(Speed::Max.to_string(), "max");
    for wrong in ["", "0", "-1", "fast", "x", "NaN", "inf", "1e9"] {
        assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
    }
}

#[test]
fn a_change_of_pace_never_turns_time_back() {
    let pace = Pace { base_ms: START_MS, since: Duration::ZERO, rate: 60.0 };
    let at = Duration::from_micros(1_234_567);
    let before = pace.now_ms(at);
    assert_eq!(before, START_MS + 74_074);
    let slow = pace.at_rate(at, 1.0);
    assert_eq!(slow.now_ms(at), before);
    assert_eq!(slow.now_ms(at + Duration::from_secs(2)), before + 2000);
    let fast = slow.at_rate(at + Duration::from_secs(2), 60.0);
    assert_eq!(fast.now_ms(at + Duration::from_secs(3)), before + 62_000);
    // A real clock that seems to go back leaves virtual time where it is.
    assert_eq!(fast.now_ms(Duration::ZERO), before + 2000);
}

#[test]
fn real_waits_follow_the_rate() {
    let pace = Pace { base_ms: 0, since: Duration::ZERO, rate: 60.0 };
    assert_eq!(pace.real_until(Duration::ZERO, 60_000), Some(Duration::from_secs(1)));
    assert_eq!(pace.real_until(Duration::from_secs(2), 60_000), Some(Duration::ZERO));
    assert_eq!(pace.at_rate(Duration::ZERO, 0.0).real_until(Duration::ZERO, 60_000), None);
}

/// Runs sleepers on a clock that stands still, jumping whenever none can go on.
async fn wake_order(clock: &SimClock, deadlines: &[i64]) -> Vec<(usize, i64)> {
    let mut waiting: FuturesUnordered<_> = deadlines
        .iter()
        .enumerate()
        .map(|(ix, &after_ms)| async move {
            clock.sleep_until(START_MS + after_ms).await;
            (ix, clock.now_ms() - START_MS)
        })
        .collect();
    let mut order = Vec::new();
    while !waiting.is_empty() {
        tokio::select! {
            biased;
            Some(done) = waiting.next() => order.push(done),
            () = std::future::ready(()) => assert!(clock.skip_idle(), "somebody sleeps"),
        }
    }
    order
}

#[tokio::test]
async fn a_jump_wakes_exactly_the_earliest_in_order_of_registration() {
    let clock = SimClock::new(START_MS, Speed::Max, false);
    let order = wake_order(&clock, &[500, 20, 500, 3_600_000, 20, 0, -5]).await;
    assert_eq!(order, [(5, 0), (6, 0), (1, 20), (4, 20), (0, 500), (2, 500), (3, 3_600_000)]);
    assert!(!clock.skip_idle(), "nobody sleeps any more");
    assert_eq!(clock.now_ms(), START_MS + 3_600_000);
}

#[tokio::test]
async fn a_dropped_sleeper_is_forgotten() {
    let clock = SimClock::new(START_MS, Speed::Max, false);
    let mut first = clock.sleep_until(START_MS + 10);
    let mut second = clock.sleep_until(START_MS + 50);
    assert!(futures_util::poll!(&mut first).is_pending());
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(first);
    assert!(clock.skip_idle());
    assert_eq!(clock.now_ms(), START_MS + 50);
    // Woken, not polled yet: time waits. Dropped instead of polled: it does not wait for ever.
    let mut third = clock.sleep_until(START_MS + 90);
    assert!(futures_util::poll!(&mut third).is_pending());
    assert!(clock.skip_idle());
    assert_eq!(clock.now_ms(), START_MS + 50);
    drop(second);
    assert!(clock.skip_idle());
    assert_eq!(clock.now_ms(), START_MS + 90);
    assert!(futures_util::poll!(&mut third).is_ready());
    assert!(!clock.skip_idle());
}

#[tokio::test]
async fn a_change_of_pace_reaches_those_who_sleep() {
    let clock = Arc::new(SimClock::new(START_MS, Speed::Times(100_000.0), true));
    clock.set_human_pace(true);
    // At human pace this would take 1,000 real seconds.
    let mut sleeper = clock.sleep_until(clock.now_ms() + 1_000_000);
    assert!(futures_util::poll!(&mut sleeper).is_pending());
    assert!(!clock.skip_idle(), "a clock with a rate does not jump");
    clock.set_human_pace(false);
    sleeper.await;
    assert!(clock.now_ms() >= START_MS + 1_000_000);
}

#[tokio::test]
async fn max_with_people_jumps_but_not_while_they_read() {
    let clock = SimClock::new(START_MS, Speed::Max, true);
    let mut sleeper = clock.sleep_until(START_MS + 3_600_000);
    assert!(futures_util::poll!(&mut sleeper).is_pending());
    clock.set_human_pace(true);
    assert!(!clock.skip_idle());
    clock.set_human_pace(false);
    assert!(clock.skip_idle());
    assert!(futures_util::poll!(&mut sleeper).is_ready());
    assert!(clock.now_ms() >= START_MS + 3_600_000);
}

#[tokio::test]
async fn a_resumed_drill_starts_no_earlier_than_its_world() {
    let clock = SimClock::new(START_MS, Speed::Max, false);
    let mut sleeper = clock.sleep_until(START_MS + 10);
    assert!(futures_util::poll!(&mut sleeper).is_pending());
    clock.not_before(START_MS + 20);
    assert!(futures_util::poll!(&mut sleeper).is_ready());
    clock.not_before(START_MS);
    assert_eq!(clock.now_ms(), START_MS + 20);
}
