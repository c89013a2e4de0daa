//! The virtual clock of a drill: it runs fast, at human pace while people decide, or jumps.
//!
//! Knows: virtual time, and who sleeps until when. Must not know: the world, the engine, the wall
//! clock of this machine (only how much real time has passed).

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::engine::ports::Clock;

/// How fast virtual time passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many virtual seconds a real second.
    Times(f64),
    /// Waiting costs nothing: the clock jumps to the next thing that happens.
    Max,
}

/// The fastest that is still a rate; above it, say `max`.
const MAX_TIMES: f64 = 100_000.0;

impl std::str::FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.strip_suffix('x').unwrap_or(text).parse::<f64>() {
            Ok(times) if times > 0.0 && times <= MAX_TIMES => Ok(Self::Times(times)),
            _ => Err(format!("`{text}` is not a speed: write a number above 0 like `60`, or `max`")),
        }
    }
}

impl std::fmt::Display for Speed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Times(times) => write!(f, "{times}x"),
            Self::Max => f.write_str("max"),
        }
    }
}

/// Virtual time as a function of real time. Pure: real time is handed in.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Virtual time at `since`.
    base_ms: i64,
    /// Real time, in time passed since the clock was made.
    since: Duration,
    /// Virtual milliseconds a real one; 0 stands still.
    rate: f64,
}

impl Pace {
    fn now_ms(&self, real: Duration) -> i64 {
        let passed_ms = real.saturating_sub(self.since).as_secs_f64() * 1000.0 * self.rate;
        #[expect(clippy::cast_possible_truncation, reason = "a drill of 290 million years is not planned")]
        let passed_ms = passed_ms as i64;
        self.base_ms.saturating_add(passed_ms)
    }

    /// The same clock from here on at another rate: now stays what it is.
    fn at_rate(&self, real: Duration, rate: f64) -> Self {
        Self { base_ms: self.now_ms(real), since: real, rate }
    }

    /// Real time left until `at_ms`; `None` when the clock stands still.
    fn real_until(&self, real: Duration, at_ms: i64) -> Option<Duration> {
        if self.rate <= 0.0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a wait is far below 2^53 ms")]
        let left_s = at_ms.saturating_sub(self.now_ms(real)).max(0) as f64 / 1000.0 / self.rate;
        Some(Duration::try_from_secs_f64(left_s).unwrap_or(Duration::MAX).min(LONGEST_SLEEP))
    }
}

/// A sleep is planned anew at least this often.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);

/// Identifies a sleeper, in order of registration.
type SleeperId = u64;

#[derive(Debug)]
struct State {
    pace: Pace,
    human: bool,
    /// Counts changes of pace and jumps, so that sleepers plan again.
    version: u64,
    next_id: SleeperId,
    sleepers: BTreeMap<(i64, SleeperId), Waker>,
    /// Woken by a jump and not yet polled: time waits for them.
    woken: BTreeSet<SleeperId>,
}

/// The clock of a drill.
#[derive(Debug)]
pub struct SimClock {
    speed: Speed,
    /// Virtual seconds a real one while people are awaited; 1 is life as it is.
    people: f64,
    interactive: bool,
    started: Instant,
    state: Mutex<State>,
}

impl SimClock {
    /// A clock that reads `start_ms` (Unix ms) now. `interactive`: people sit before it, so that at
    /// [`Speed::Max`] real time passes too.
    #[must_use]
    pub fn new(start_ms: i64, speed: Speed, interactive: bool) -> Self {
        let mut state = State {
            pace: Pace { base_ms: start_ms, since: Duration::ZERO, rate: 0.0 },
            human: false,
            version: 0,
            next_id: 0,
            sleepers: BTreeMap::new(),
            woken: BTreeSet::new(),
        };
        state.pace.rate = rate(speed, interactive, false, 1.0);
        Self { speed, people: 1.0, interactive, started: Instant::now(), state: Mutex::new(state) }
    }

    /// Lets time pass `people` times as fast while people are awaited: for shows and for tests that
    /// wait for the next code.
    #[must_use]
    pub fn with_people_speed(mut self, people: f64) -> Self {
        self.people = people;
        let (real, human) = (self.started.elapsed(), self.lock().human);
        let faster = self.lock().pace.at_rate(real, rate(self.speed, self.interactive, human, people));
        self.lock().pace = faster;
        self
    }

    #[must_use]
    pub const fn speed(&self) -> Speed {
        self.speed
    }

    /// Moves the clock forward to `at_ms` if it is behind: a resumed drill cannot be earlier than
    /// the last thing its world saw.
    pub fn not_before(&self, at_ms: i64) {
        let wakers = {
            let mut state = self.lock();
            let real = self.started.elapsed();
            if state.pace.now_ms(real) >= at_ms {
                return;
            }
            state.pace = Pace { base_ms: at_ms, since: real, rate: state.pace.rate };
            state.replan()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rate(speed: Speed, interactive: bool, human: bool, people: f64) -> f64 {
    match speed {
        Speed::Times(times) if human => times.min(people),
        Speed::Times(times) => times,
        Speed::Max if interactive => people,
        Speed::Max => 0.0,
    }
}

impl State {
    /// Everybody who sleeps must look at the clock again.
    fn replan(&mut self) -> Vec<Waker> {
        self.version += 1;
        self.sleepers.values().cloned().collect()
    }

    /// Jumps to the earliest deadline and takes exactly its sleepers out, in order of registration.
    fn jump(&mut self, real: Duration) -> Vec<Waker> {
        let Some(&(at_ms, _)) = self.sleepers.keys().next() else { return Vec::new() };
        self.pace.base_ms = self.pace.now_ms(real).max(at_ms);
        self.pace.since = real;
        let later = self.sleepers.split_off(&(at_ms + 1, 0));
        let due = std::mem::replace(&mut self.sleepers, later);
        self.woken.extend(due.keys().map(|(_, id)| *id));
        let mut wakers: Vec<Waker> = due.into_values().collect();
        // With real time passing as well, the others' timers are now too late.
        if self.pace.rate > 0.0 {
            wakers.extend(self.replan());
        }
        wakers
    }
}

impl Clock for SimClock {
    fn now_ms(&self) -> i64 {
        self.lock().pace.now_ms(self.started.elapsed())
    }

    fn sleep_until(&self, at_ms: i64) -> BoxFuture<'_, ()> {
        Box::pin(Sleep { clock: self, at_ms, id: None, timer: None })
    }

    /// Jumps, where the speed is `max`. While somebody woken by the last jump has not run yet it
    /// returns true without another jump: give the other tasks a turn before asking again.
    fn skip_idle(&self) -> bool {
        let wakers = {
            let mut state = self.lock();
            match self.speed {
                Speed::Times(_) => return false,
                // A dialog is open: let its reader have the time it takes.
                Speed::Max if state.human && self.interactive => return false,
                Speed::Max if !state.woken.is_empty() => return true,
                Speed::Max => state.jump(self.started.elapsed()),
            }
        };
        let jumped = !wakers.is_empty();
        wakers.into_iter().for_each(Waker::wake);
        jumped
    }

    fn set_human_pace(&self, human: bool) {
        let wakers = {
            let mut state = self.lock();
            if state.human == human {
                return;
            }
            state.human = human;
            let real = self.started.elapsed();
            state.pace = state.pace.at_rate(real, rate(self.speed, self.interactive, human, self.people));
            state.replan()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// A sleeper. Its entry in the clock's book goes when it ends or is dropped.
struct Sleep<'a> {
    clock: &'a SimClock,
    at_ms: i64,
    id: Option<SleeperId>,
    /// The real timer, and the version of the pace it was planned for.
    timer: Option<(u64, Pin<Box<tokio::time::Sleep>>)>,
}

impl Sleep<'_> {
    /// Looks at the clock: `None` when the time has come, else the pace's version and the real
    /// time to wait (`None`: until somebody jumps).
    fn look(&mut self, waker: &Waker) -> Option<(u64, Option<Duration>)> {
        let mut state = self.clock.lock();
        let real = self.clock.started.elapsed();
        let id = *self.id.get_or_insert_with(|| {
            state.next_id += 1;
            state.next_id
        });
        state.woken.remove(&id);
        if state.pace.now_ms(real) >= self.at_ms {
            state.sleepers.remove(&(self.at_ms, id));
            return None;
        }
        state.sleepers.insert((self.at_ms, id), waker.clone());
        Some((state.version, state.pace.real_until(real, self.at_ms)))
    }
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some((version, wait)) = self.look(context.waker()) else { return Poll::Ready(()) };
            let Some(wait) = wait else { return Poll::Pending };
            let planned = self.timer.as_ref().is_some_and(|(planned, _)| *planned == version);
            if !planned {
                self.timer = Some((version, Box::pin(tokio::time::sleep(wait))));
            }
            if let Some((_, timer)) = &mut self.timer {
                std::task::ready!(timer.as_mut().poll(context));
                // It rang: look again, and plan the rest if a rounding left one.
                self.timer = None;
            }
        }
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let mut state = self.clock.lock();
            state.sleepers.remove(&(self.at_ms, id));
            state.woken.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests;
