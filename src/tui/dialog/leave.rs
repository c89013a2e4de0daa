//! Leave: pause and leave, stay, or abort by typing the word.

use super::field::Field;
use super::guard::Guard;
use super::{Button, Form, Kind, Row2};
use crate::driver::handle::View;
use crate::engine::command::Command;
use crate::model::outcome::StepStatus;
use crate::tui::pen::{plain, quiet};

const LEAVE: char = 'L';
const ABORT: char = 'A';

pub fn open() -> Form {
    let fields = vec![Field::name("abort"), Field::text("Reason", 0, "for the journal; may stay empty")];
    Form::new(Kind::Leave, "", fields, Guard::open())
}

pub fn buttons(form: &Form) -> Vec<Button> {
    let locked = if form.is_complete(0) { Vec::new() } else { vec!["1 the word abort".to_owned()] };
    vec![Button::new(LEAVE, "Pause and leave", Vec::new()), Button::new(ABORT, "Abort the run", locked)]
}

pub fn command(form: &Form, key: char) -> Option<Command> {
    let given = form.text(1);
    let reason = |default: &str| if given.is_empty() { default.to_owned() } else { given.clone() };
    match key {
        LEAVE => Some(Command::Leave { reason: reason("the operator left") }),
        ABORT => Some(Command::Abort { reason: reason("aborted by the operator") }),
        _ => None,
    }
}

pub fn intro(view: &View) -> (String, Vec<Row2>) {
    let running = view.snapshot.steps.iter().filter(|step| step.status == StepStatus::Running).count();
    let flight = match running {
        0 => "Nothing is in flight.".to_owned(),
        1 => "One step is running: its answer is awaited first.".to_owned(),
        n => format!("{n} steps are running: their answers are awaited first."),
    };
    let rows = vec![
        Row2::left(vec![plain(flight)]),
        Row2::left(vec![
            quiet("Leave: no further step starts. Go on with  "),
            plain(format!("lifeboat resume {}", view.snapshot.run)),
        ]),
        Row2::left(vec![quiet(if view.snapshot.cleans_up {
            "Abort: only what always runs is left; abort again to end that too."
        } else {
            "Abort: the run is over and cannot be resumed. Nothing is put back."
        })]),
    ];
    ("LEAVE".to_owned(), rows)
}
