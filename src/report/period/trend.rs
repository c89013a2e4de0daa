//! The trend of each phase over the runs of a period, as a line of blocks and as a drawing.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Names, RunFacts, count};

/// How long one phase took, run after run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trend {
    pub runbook: String,
    pub phase: String,
    pub budget_ms: Option<u64>,
    pub points: Vec<Point>,
    pub mean_ms: u64,
    pub last_ms: u64,
    /// Runs in which it was over its budget.
    pub over: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    pub run: String,
    pub ms: u64,
}

/// A trend for each phase that was begun in a run that ended, in the order of the runbooks.
pub(super) fn trends(runs: &[&RunFacts], names: &Names) -> Vec<Trend> {
    let mut trends: Vec<Trend> = Vec::new();
    for run in runs.iter().filter(|run| run.has_ended()) {
        let runbook = names.of_run(run);
        for phase in run.summary.phases.iter().filter(|phase| phase.actual_ms > 0) {
            let point = Point { run: run.summary.run.clone(), ms: phase.actual_ms };
            let is_over = u32::from(phase.met == Some(false));
            match trends.iter_mut().find(|one| one.runbook == runbook && one.phase == phase.id) {
                Some(trend) => {
                    trend.points.push(point);
                    trend.over += is_over;
                    (trend.last_ms, trend.budget_ms) = (phase.actual_ms, phase.budget_ms);
                }
                None => trends.push(Trend {
                    runbook: runbook.clone(),
                    phase: phase.id.clone(),
                    budget_ms: phase.budget_ms,
                    points: vec![point],
                    mean_ms: 0,
                    last_ms: phase.actual_ms,
                    over: is_over,
                }),
            }
        }
    }
    for trend in &mut trends {
        let sum: u64 = trend.points.iter().map(|point| point.ms).sum();
        trend.mean_ms = sum / u64::from(count(trend.points.len()).max(1));
    }
    trends.sort_by(|a, b| a.runbook.cmp(&b.runbook));
    trends
}

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Trend {
    /// `▂▃▃▇`: each run against the longest one.
    #[must_use]
    pub fn sparkline(&self) -> String {
        let most = self.points.iter().map(|point| point.ms).max().unwrap_or(0).max(1);
        let block = |ms: u64| usize::try_from(ms.saturating_mul(7).div_ceil(most)).unwrap_or(0).min(7);
        self.points.iter().map(|point| BLOCKS[block(point.ms)]).collect()
    }

    /// The same as a drawing, with the budget as a dashed line. It holds no text from outside.
    #[must_use]
    pub fn svg(&self) -> String {
        const SIZE: (f64, f64) = (160.0, 36.0);
        const EDGE: f64 = 3.0;
        let most = self.points.iter().map(|point| point.ms).chain(self.budget_ms).max().unwrap_or(0).max(1);
        #[expect(clippy::cast_precision_loss, reason = "pixels of a small drawing")]
        let y = |ms: u64| SIZE.1 - EDGE - (SIZE.1 - 2.0 * EDGE) * (ms as f64 / most as f64);
        let gaps = f64::from(count(self.points.len().saturating_sub(1)).max(1));
        let x = |n: usize| EDGE + (SIZE.0 - 2.0 * EDGE) * f64::from(count(n)) / gaps;
        let (width, height) = SIZE;
        let mut svg =
            format!("<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">");
        if let Some(budget_ms) = self.budget_ms {
            let y = y(budget_ms);
            let _ = write!(svg, "<line class=\"budget\" x1=\"0\" x2=\"{width}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        }
        let points: Vec<String> =
            self.points.iter().enumerate().map(|(n, point)| format!("{:.1},{:.1}", x(n), y(point.ms))).collect();
        let _ = write!(svg, "<polyline points=\"{}\"/>", points.join(" "));
        if let Some(last) = points.last().and_then(|last| last.split_once(',')) {
            let _ = write!(svg, "<circle cx=\"{}\" cy=\"{}\" r=\"2.5\"/>", last.0, last.1);
        }
        svg.push_str("</svg>");
        svg
    }
}
