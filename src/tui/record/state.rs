//! What the screen of past runs remembers, and what keys come to. Pure.

use ratatui::crossterm::event::KeyEvent;

use super::{Paper, PastRun, pages};
use crate::report::diff::Diff;
use crate::report::timeline::{Document, Format};
use crate::tui::keys::{Act, Context, lookup};

/// What is looked at.
pub enum Page {
    List,
    One(Box<Document>),
    Two(Box<Diff>),
}

/// What a key asks of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    Nothing,
    Close,
    Open(String),
    Compare(String, String),
    /// As Markdown, to the clipboard.
    Copy(String),
    Write(String, Paper),
}

pub struct History {
    pub runs: Vec<PastRun>,
    pub at: usize,
    /// At most two, by id, in the order in which they were marked.
    pub marked: Vec<String>,
    pub page: Page,
    pub scroll: usize,
    pub size: (u16, u16),
    pub message: Option<String>,
}

impl History {
    pub fn new(runs: Result<Vec<PastRun>, String>, size: (u16, u16)) -> Self {
        let (runs, message) = match runs {
            Ok(runs) => (runs, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        Self { runs, at: 0, marked: Vec::new(), page: Page::List, scroll: 0, size, message }
    }

    /// Lines for what is scrolled.
    pub fn height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(4))
    }

    /// The run under the cursor, or the one that is open.
    fn here(&self) -> Option<String> {
        match &self.page {
            Page::List => self.runs.get(self.at).map(|run| run.id.clone()),
            Page::One(document) => Some(document.run.clone()),
            Page::Two(_) => None,
        }
    }

    pub fn opened(&mut self, document: Result<Document, String>) {
        self.turn_to(document.map(|document| Page::One(Box::new(document))));
    }

    pub fn compared(&mut self, diff: Result<Diff, String>) {
        self.turn_to(diff.map(|diff| Page::Two(Box::new(diff))));
    }

    fn turn_to(&mut self, page: Result<Page, String>) {
        match page {
            Ok(page) => (self.page, self.scroll) = (page, 0),
            Err(why) => self.message = Some(why),
        }
    }

    pub fn key(&mut self, event: &KeyEvent) -> Wish {
        self.message = None;
        let page = i64::try_from(self.height().max(2) - 1).unwrap_or(1);
        match lookup(Context::History, event) {
            Some(Act::Up) => self.go(-1),
            Some(Act::Down) => self.go(1),
            Some(Act::PageUp) => self.go(-page),
            Some(Act::PageDown) => self.go(page),
            Some(Act::Top) => self.go(i64::MIN / 2),
            Some(Act::Bottom) => self.go(i64::MAX / 2),
            Some(Act::Open) if matches!(self.page, Page::List) => {
                return self.here().map_or(Wish::Nothing, Wish::Open);
            }
            Some(Act::Mark) if matches!(self.page, Page::List) => self.mark(),
            Some(Act::Compare) if matches!(self.page, Page::List) => return self.compare(),
            Some(Act::CopyMarkdown) => return self.of_one(Wish::Copy),
            Some(Act::WriteHtml) => return self.of_one(|run| Wish::Write(run, Paper::Timeline(Format::Html))),
            Some(Act::Export) => return self.of_one(|run| Wish::Write(run, Paper::Bundle)),
            Some(Act::Back) if !matches!(self.page, Page::List) => (self.page, self.scroll) = (Page::List, 0),
            Some(Act::Back | Act::Leave) => return Wish::Close,
            _ => {}
        }
        Wish::Nothing
    }

    fn of_one(&mut self, wish: impl Fn(String) -> Wish) -> Wish {
        let here = self.here();
        if here.is_none() {
            self.message = Some("of one run: go back and choose it".to_owned());
        }
        here.map_or(Wish::Nothing, wish)
    }

    fn go(&mut self, by: i64) {
        let moved = |at: usize, last: usize| {
            let to = i64::try_from(at).unwrap_or(0).saturating_add(by).max(0);
            usize::try_from(to).unwrap_or(last).min(last)
        };
        if matches!(self.page, Page::List) {
            self.at = moved(self.at, self.runs.len().saturating_sub(1));
        } else {
            let rows = pages::rows(self).len();
            self.scroll = moved(self.scroll, rows.saturating_sub(self.height()));
        }
    }

    /// A third one takes the place of the first.
    fn mark(&mut self) {
        let Some(id) = self.here() else { return };
        if let Some(at) = self.marked.iter().position(|known| *known == id) {
            self.marked.remove(at);
        } else {
            if self.marked.len() == 2 {
                self.marked.remove(0);
            }
            self.marked.push(id);
        }
        self.message = (self.marked.len() == 1).then(|| "mark another one, then d compares".to_owned());
    }

    /// The earlier one first, as time goes.
    fn compare(&mut self) -> Wish {
        let [a, b] = &self.marked[..] else {
            self.message = Some("mark two runs with Space first".to_owned());
            return Wish::Nothing;
        };
        let age = |id: &String| self.runs.iter().position(|run| run.id == *id);
        if age(a) >= age(b) { Wish::Compare(a.clone(), b.clone()) } else { Wish::Compare(b.clone(), a.clone()) }
    }
}
