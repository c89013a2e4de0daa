//! How long something may take: a law of durations, from past ones, or a wide one without them.
//!
//! Past durations are taken as lognormal above one second of noise, which fits calls and polls alike:
//! - none, or fewer than [`ENOUGH`]: what the runbook (or, in a first real run, the drills) calls usual
//!   counts as much as two runs; without any run, one in ten takes more than about twice the usual;
//! - [`ENOUGH`] and more: the past durations alone, as wide as so few of them leave it open (Student's t);
//! - [`MANY`] and more: the durations as they were, each blurred a little, so that a step with two
//!   usual ways (asked once, or after a hang) keeps both.
//!
//! A law is a table of quantiles, so that a draw is a look-up. Must not know what it is a law of.

use std::sync::{Arc, OnceLock};

/// From so many past durations on, what the runbook says counts no more.
pub(super) const ENOUGH: usize = 5;
/// From so many on, their own shape is kept.
const MANY: usize = 12;
/// Quantiles kept of a law.
const POINTS: usize = 256;
/// Durations are compared above this, in milliseconds: 0 ms and 40 ms are the same to people.
const NOISE_MS: f64 = 1_000.0;
/// What is thought of a step nobody has seen: so many runs' worth of weight, and their spread (of the
/// logarithm), known as well as from so many runs.
const PRIOR_RUNS: f64 = 2.0;
const PRIOR_SPREAD: f64 = 0.4;
const PRIOR_FREEDOM: f64 = 4.0;
/// The least spread that is believed, of the logarithm.
const LEAST_SPREAD: f64 = 0.01;
/// Beyond everything seen, a further tenth of what has passed is expected at each moment.
const TAIL: f64 = 0.1;

/// A law of durations.
#[derive(Debug, Clone)]
pub(super) struct Law {
    /// Durations that 0.5, 1.5, 2.5 … of [`POINTS`] stay below, in units of the scale.
    quantiles: Arc<[f32; POINTS]>,
    scale_ms: f32,
    most_ms: f32,
}

impl Law {
    /// `usual_ms`: where nothing was seen. `most_ms`: what the law may reach by guess alone.
    pub(super) fn of(usual_ms: u64, seen_ms: &[u64], most_ms: u64) -> Self {
        if seen_ms.is_empty() {
            return Self { quantiles: unseen(), scale_ms: lossy(usual_ms), most_ms: lossy(most_ms.max(usual_ms)) };
        }
        let logs: Vec<f64> = seen_ms.iter().map(|&ms| (wide(ms) + NOISE_MS).ln()).collect();
        let mut points = if logs.len() >= MANY { blurred(&logs) } else { student(&logs, usual_ms) };
        points.sort_unstable_by(f32::total_cmp);
        Self { quantiles: Arc::new(points), scale_ms: 1.0, most_ms: f32::INFINITY }
    }

    /// A duration, for a number from 0 to below 1.
    pub(super) fn at(&self, share: f32) -> f32 {
        let place = (share * POINTS_F - 0.5).clamp(0.0, POINTS_F - 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the table")]
        let low = place as usize;
        let (from, to) = (self.quantiles[low], self.quantiles[(low + 1).min(POINTS - 1)]);
        #[expect(clippy::cast_precision_loss, reason = "256 points")]
        let between = place - low as f32;
        ((from + (to - from) * between) * self.scale_ms).min(self.most_ms)
    }

    /// What is left, for a number from 0 to below 1, once so much has passed.
    pub(super) fn rest(&self, passed: Passed, share: f32) -> f32 {
        if passed.below >= 1.0 {
            return -(1.0 - share).max(f32::MIN_POSITIVE).ln() * passed.ms.max(NOISE_F) * TAIL_F;
        }
        (self.at(passed.below + (1.0 - passed.below) * share) - passed.ms).max(0.0)
    }

    /// Where a time that has passed stands in this law.
    pub(super) fn passed(&self, ms: u64) -> Passed {
        let ms = lossy(ms);
        let reached = self.quantiles.partition_point(|&point| (point * self.scale_ms).min(self.most_ms) <= ms);
        #[expect(clippy::cast_precision_loss, reason = "256 points")]
        let below = reached as f32 / POINTS_F;
        Passed { ms, below }
    }
}

/// What is left of work that says of itself how far it is: half as uncertain as what nobody has seen.
pub(super) fn told(rest_ms: f32, share: f32) -> f32 {
    rest_ms * Law { quantiles: unseen(), scale_ms: 1.0, most_ms: f32::INFINITY }.at(share).sqrt()
}

/// A time that has passed, and the share of durations that are over by then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    ms: f32,
    below: f32,
}

#[expect(clippy::cast_precision_loss, reason = "256 points")]
const POINTS_F: f32 = POINTS as f32;
#[expect(clippy::cast_possible_truncation, reason = "one second")]
const NOISE_F: f32 = NOISE_MS as f32;
#[expect(clippy::cast_possible_truncation, reason = "a tenth")]
const TAIL_F: f32 = TAIL as f32;

#[expect(clippy::cast_precision_loss, reason = "a forecast is not told to the millisecond")]
pub(super) const fn lossy(ms: u64) -> f32 {
    ms as f32
}

#[expect(clippy::cast_precision_loss, reason = "a forecast is not told to the millisecond")]
const fn wide(ms: u64) -> f64 {
    ms as f64
}

#[expect(clippy::cast_precision_loss, reason = "few runs")]
const fn count(runs: usize) -> f64 {
    runs as f64
}

/// The law of what nobody has seen, for a usual duration of 1: made once.
fn unseen() -> Arc<[f32; POINTS]> {
    static SHAPE: OnceLock<Arc<[f32; POINTS]>> = OnceLock::new();
    let spread = PRIOR_SPREAD * (1.0 + 1.0 / PRIOR_RUNS).sqrt();
    let make = || Arc::new(table(|share| (spread * student_at(share, PRIOR_FREEDOM)).exp()));
    Arc::clone(SHAPE.get_or_init(make))
}

fn table(mut at: impl FnMut(f64) -> f64) -> [f32; POINTS] {
    #[expect(clippy::cast_possible_truncation, reason = "a forecast is not told to the millisecond")]
    std::array::from_fn(|ix| at((count(ix) + 0.5) / count(POINTS)) as f32)
}

/// Mean and squared spread (of the sample) of logarithms.
fn moments(logs: &[f64]) -> (f64, f64) {
    let mean = logs.iter().sum::<f64>() / count(logs.len());
    let squares = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>();
    (mean, squares / count(logs.len().max(2) - 1))
}

/// What the next one may be after a few: Student's t, with the prior while they are too few.
fn student(logs: &[f64], usual_ms: u64) -> [f32; POINTS] {
    let (runs, (mean, variance)) = (count(logs.len()), moments(logs));
    let (centre, freedom, spread) = if logs.len() >= ENOUGH {
        (mean, runs - 1.0, (variance * (1.0 + 1.0 / runs)).sqrt())
    } else {
        // Normal with an inverse gamma of its variance: the usual conjugate pair.
        let usual = (wide(usual_ms) + NOISE_MS).ln();
        let (weight, freedom) = (PRIOR_RUNS + runs, PRIOR_FREEDOM + runs);
        let squares = variance * (runs - 1.0).max(0.0);
        let apart = (mean - usual).powi(2) * PRIOR_RUNS * runs / weight;
        let variance = (PRIOR_FREEDOM * PRIOR_SPREAD.powi(2) + squares + apart) / freedom;
        ((PRIOR_RUNS * usual + runs * mean) / weight, freedom, (variance * (1.0 + 1.0 / weight)).sqrt())
    };
    let spread = spread.max(LEAST_SPREAD);
    table(|share| duration(centre + spread * student_at(share, freedom)))
}

/// Each past duration with a blur, all together as wide as what the next one may be.
fn blurred(logs: &[f64]) -> [f32; POINTS] {
    let (runs, (mean, variance)) = (count(logs.len()), moments(logs));
    let blur = middle_spread(logs).min(variance.sqrt()) * 0.9 * runs.powf(-0.2);
    let wanted = variance * (1.0 + 1.0 / runs);
    let has = variance * (runs - 1.0) / runs + blur * blur;
    let stretch = if has > 0.0 { (wanted / has).sqrt() } else { 1.0 };
    let blur = blur.max(LEAST_SPREAD);
    // As many points of each bell, thinned evenly to the size of the table.
    let bell: Vec<f64> = (0..BELL).map(|ix| normal_at((count(ix) + 0.5) / count(BELL))).collect();
    let mut all: Vec<f64> =
        logs.iter().flat_map(|log| bell.iter().map(move |z| mean + stretch * (log - mean + blur * z))).collect();
    all.sort_unstable_by(f64::total_cmp);
    table(|share| {
        let place = (share * count(all.len()) - 0.5).max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the list")]
        let low = (place as usize).min(all.len() - 1);
        let (from, to) = (all[low], all[(low + 1).min(all.len() - 1)]);
        duration(from + (to - from) * (place - count(low)))
    })
}

/// Points of a bell around each past duration.
const BELL: usize = 33;

fn duration(log: f64) -> f64 {
    (log.min(40.0).exp() - NOISE_MS).max(0.0)
}

/// The spread that the middle half of a normal law would stand for.
fn middle_spread(logs: &[f64]) -> f64 {
    let mut sorted = logs.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |percent: usize| sorted[(sorted.len() - 1) * percent / 100];
    let spread = (at(75) - at(25)) / 1.349;
    if spread > 0.0 { spread } else { f64::INFINITY }
}

/// Quantile of Student's t, by the expansion of Cornish and Fisher around the normal one: good to a few
/// in a hundred from 4 degrees of freedom on, within what a table of this size can tell.
fn student_at(share: f64, freedom: f64) -> f64 {
    let z = normal_at(share);
    let square = z * z;
    let first = (square + 1.0) * z / 4.0;
    let second = ((5.0 * square + 16.0) * square + 3.0) * z / 96.0;
    let third = (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) * z / 384.0;
    z + first / freedom + second / freedom.powi(2) + third / freedom.powi(3)
}

/// Quantile of the normal law (Acklam's rational approximation, good to nine digits).
fn normal_at(share: f64) -> f64 {
    const MIDDLE: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const MIDDLE_BELOW: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const TAIL: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const TAIL_BELOW: [f64; 5] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416, 1.0];
    const LOW: f64 = 0.024_25;
    let along = |of: &[f64], x: f64| of.iter().fold(0.0, |sum, factor| sum * x + factor);
    if share < LOW {
        let q = (-2.0 * share.max(f64::MIN_POSITIVE).ln()).sqrt();
        along(&TAIL, q) / along(&TAIL_BELOW, q)
    } else if share > 1.0 - LOW {
        -normal_at(1.0 - share)
    } else {
        let q = share - 0.5;
        along(&MIDDLE, q * q) * q / along(&MIDDLE_BELOW, q * q)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64, share: f64) {
        assert!((found - wanted).abs() <= wanted.abs() * share, "{found} is not {wanted}");
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        near(normal_at(0.9), 1.281_551_6, 1e-6);
        near(normal_at(0.999), 3.090_232, 1e-5);
        near(normal_at(0.01), -2.326_348, 1e-5);
        near(student_at(0.9, 4.0), 1.533_2, 0.01);
        near(student_at(0.975, 9.0), 2.262_2, 0.005);
        near(student_at(0.995, 29.0), 2.756_4, 0.002);
    }

    #[test]
    fn without_a_past_one_in_ten_takes_about_twice_the_usual() {
        let law = Law::of(100_000, &[], 10_000_000);
        near(f64::from(law.at(0.5)), 100_000.0, 0.02);
        let tenth = law.at(0.9);
        assert!((190_000.0..240_000.0).contains(&tenth), "{tenth}");
        assert!(Law::of(100_000, &[], 150_000).at(0.99) <= 150_000.0, "beyond its timeout");
    }

    #[test]
    fn the_more_is_known_the_less_the_runbook_counts() {
        let seen = |runs: usize| Law::of(100_000, &vec![300_000; runs], 10_000_000);
        let (few, more) = (seen(1).at(0.5), seen(3).at(0.5));
        assert!(100_000.0 < few && few < more && more < 300_000.0, "{few} {more}");
        near(f64::from(seen(ENOUGH).at(0.5)), 300_000.0, 0.01);
        assert!(seen(4).at(0.9) / seen(4).at(0.5) > seen(30).at(0.9) / seen(30).at(0.5), "few are as sure as many");
    }

    #[test]
    fn two_usual_ways_stay_two() {
        let seen: Vec<u64> = (0..30).map(|ix| if ix % 5 == 0 { 900_000 } else { 60_000 + ix * 500 }).collect();
        let law = Law::of(60_000, &seen, 10_000_000);
        let between =
            (0..1_000_u16).map(|ix| law.at(f32::from(ix) / 1_000.0)).filter(|ms| (200_000.0..500_000.0).contains(ms));
        assert!(between.count() < 80, "the gap between the two is filled");
        assert!(law.at(0.95) > 600_000.0, "the slow way is gone");
    }

    #[test]
    fn what_has_passed_is_taken_into_account() {
        let seen: Vec<u64> = (0..30).map(|ix| 240_000 + ix * 8_000).collect();
        let law = Law::of(60_000, &seen, 10_000_000);
        let rest = |ms: u64| law.rest(law.passed(ms), 0.5);
        assert!(rest(0) > rest(120_000) && rest(120_000) > rest(360_000));
        near(f64::from(rest(120_000) + 120_000.0), f64::from(law.at(0.5)), 0.02);
        // Beyond all that was seen it may end at any moment, and the longer it lasts the less soon.
        assert!(rest(3_600_000) > 0.0 && rest(7_200_000) > rest(3_600_000));
    }
}
