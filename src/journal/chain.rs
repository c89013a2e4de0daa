//! The rules by which one record follows another.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::damage::{Damage, DamageKind};
use super::record::{self, Line, Link, Record};
use super::side::{self, Sides};
use crate::model::Value;
use crate::model::event::Event;
use crate::model::outcome::Mode;

/// Where a chain stands after a whole record.
#[derive(Clone)]
pub(super) struct Chain {
    pub run: Arc<str>,
    pub mode: Mode,
    pub seq: u64,
    pub epoch: u32,
    pub head: Link,
    who: Arc<str>,
    boot_id: Arc<str>,
}

/// Reads line `number` as the record that follows the chain, and moves the chain on.
pub(super) fn take(chain: &mut Option<Chain>, sides: &dyn Sides, number: u64, line: &[u8]) -> Result<Record, Damage> {
    let (text, h) = sealed(number, line)?;
    let line = parse(sides, number, text)?;
    let chain = match chain {
        None => chain.insert(begun(&line)?),
        Some(chain) => {
            follows(chain, &line)?;
            chain
        }
    };
    chain.advance(&line, h);
    Ok(chain.record(line))
}

/// As [`take`], without the event where nothing but its JSON matters: of every line but the first
/// and those that refer to a side file.
pub(super) fn check(chain: &mut Option<Chain>, sides: &dyn Sides, number: u64, line: &[u8]) -> Result<(), Damage> {
    let Some(known) = chain.as_mut().filter(|_| !side::is_marked(line)) else {
        return take(chain, sides, number, line).map(drop);
    };
    let (text, h) = sealed(number, line)?;
    let line: Line<'_, &RawValue> = serde_json::from_str(text).map_err(|error| unreadable(number, text, &error))?;
    follows(known, &line)?;
    known.advance(&line, h);
    Ok(())
}

/// The text of a line whose hash is right, and that hash.
fn sealed(number: u64, line: &[u8]) -> Result<(&str, Link), Damage> {
    let Some(seal) = record::read_seal(line) else {
        return Err(Damage::new(number, DamageKind::BadJson, "the line does not end with a hash"));
    };
    if seal.stated != seal.actual {
        let detail = format!("its content has the hash {}, it says {}", seal.actual, seal.stated);
        return Err(Damage::new(number, DamageKind::Changed, detail));
    }
    let text =
        std::str::from_utf8(line).map_err(|error| Damage::new(number, DamageKind::BadJson, error.to_string()))?;
    Ok((text, seal.actual))
}

fn parse<'a>(sides: &dyn Sides, number: u64, line: &'a str) -> Result<Line<'a, Event>, Damage> {
    if !side::is_marked(line.as_bytes()) {
        return serde_json::from_str(line).map_err(|error| unreadable(number, line, &error));
    }
    let mut loose: Line<'a, Value> = serde_json::from_str(line).map_err(|error| unreadable(number, line, &error))?;
    side::restore(sides, loose.seq, &mut loose.ev)
        .map_err(|detail| Damage::new(number, DamageKind::SideFile, detail))?;
    let ev = serde_json::from_value(loose.ev).map_err(|error| unreadable(number, line, &error))?;
    let Line { v, seq, run, epoch, wall_ms, boot_ns, boot_id, who, prev, .. } = loose;
    Ok(Line { v, seq, run, epoch, wall_ms, boot_ns, boot_id, who, ev, prev })
}

fn unreadable(number: u64, line: &str, error: &serde_json::Error) -> Damage {
    #[derive(Deserialize)]
    struct Versioned {
        v: u32,
    }
    match serde_json::from_str::<Versioned>(line) {
        Ok(Versioned { v }) if v != record::VERSION => newer(number, v),
        Ok(_) | Err(_) => Damage::new(number, DamageKind::BadJson, error.to_string()),
    }
}

fn newer(number: u64, v: u32) -> Damage {
    Damage::new(number, DamageKind::Version, format!("it has version {v}, known is {}", record::VERSION))
}

/// The chain that line 1 begins: it names the run, and its link proves run and mode.
fn begun(line: &Line<'_, Event>) -> Result<Chain, Damage> {
    if line.v != record::VERSION {
        return Err(newer(1, line.v));
    }
    if line.seq != 1 {
        return Err(Damage::new(1, DamageKind::Cut, format!("the journal begins with record {}", line.seq)));
    }
    let Event::RunStarted(header) = &line.ev else {
        return Err(Damage::new(1, DamageKind::NoHeader, "the first record does not start a run"));
    };
    if line.prev == Link::seed(&line.run, header.mode) {
        return Ok(Chain {
            run: line.run.as_ref().into(),
            mode: header.mode,
            seq: 0,
            epoch: 0,
            head: line.prev,
            who: line.who.as_ref().into(),
            boot_id: line.boot_id.as_ref().into(),
        });
    }
    let other = match header.mode {
        Mode::Drill => Mode::Real,
        Mode::Real => Mode::Drill,
    };
    if line.prev == Link::seed(&line.run, other) {
        let detail = format!("it says {}, its chain was begun as {}", header.mode.word(), other.word());
        return Err(Damage::new(1, DamageKind::WrongMode, detail));
    }
    Err(Damage::new(1, DamageKind::WrongRun, format!("its chain was not begun for run {}", line.run)))
}

/// Whether a line follows the chain.
fn follows<E>(chain: &Chain, line: &Line<'_, E>) -> Result<(), Damage> {
    let number = chain.seq + 1;
    if line.v != record::VERSION {
        return Err(newer(number, line.v));
    }
    if *line.run != *chain.run {
        let detail = format!("it belongs to run {}, the journal to {}", line.run, chain.run);
        return Err(Damage::new(number, DamageKind::WrongRun, detail));
    }
    if line.seq > number {
        let detail = match line.seq - 1 {
            last if last == number => format!("record {number} is missing before record {}", line.seq),
            last => format!("records {number} to {last} are missing before record {}", line.seq),
        };
        return Err(Damage::new(number, DamageKind::Cut, detail));
    }
    if line.seq < number {
        let detail = format!("number {} stands here a second time; one of the two was put in", line.seq);
        return Err(Damage::new(number, DamageKind::Inserted, detail));
    }
    if line.prev != chain.head {
        let detail = format!("record {number} was chained to another record {}", chain.seq);
        return Err(Damage::new(chain.seq, DamageKind::Changed, detail));
    }
    if line.epoch != chain.epoch && line.epoch != chain.epoch + 1 {
        let detail = format!("process number {} cannot follow process number {}", line.epoch, chain.epoch);
        return Err(Damage::new(number, DamageKind::Changed, detail));
    }
    Ok(())
}

impl Chain {
    /// Names that repeat from line to line are kept once.
    fn advance<E>(&mut self, line: &Line<'_, E>, h: Link) {
        (self.seq, self.epoch, self.head) = (line.seq, line.epoch, h);
        if *self.who != *line.who {
            self.who = line.who.as_ref().into();
        }
        if *self.boot_id != *line.boot_id {
            self.boot_id = line.boot_id.as_ref().into();
        }
    }

    /// The record of the line that the chain was moved on by.
    fn record(&self, line: Line<'_, Event>) -> Record {
        Record {
            v: line.v,
            seq: line.seq,
            run: self.run.clone(),
            epoch: line.epoch,
            wall_ms: line.wall_ms,
            boot_ns: line.boot_ns,
            boot_id: self.boot_id.clone(),
            who: self.who.clone(),
            ev: line.ev,
            prev: line.prev,
            h: self.head,
        }
    }
}
