//! What the files of an attempt tell, in every state that a crash may leave them in.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn programs(&self) -> PathBuf {
        self.0.path().join("programs")
    }

    fn place(&self) -> Place {
        Place::new(&self.programs(), "fence-1-abc")
    }
}

fn ended() -> Ended {
    Ended {
        program: "./x".to_owned(),
        from_ms: 1,
        until_ms: 2,
        how: How::Exit(3),
        stdout: Stream::default(),
        stderr: Stream::default(),
    }
}

fn started() -> Started {
    Started { at_ms: 1, boot: boot() }
}

/// As the end of a keeper lets go of its lock: also of the copy that a program has which another test starts in
/// this very moment.
fn dies(lock: &File) {
    lock.unlock().unwrap();
}

fn why(found: Found) -> String {
    match found {
        Found::Lost(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_a_directory_of_programs_nothing_is_proven() {
    let home = Home::new();
    assert_eq!(home.place().look().unwrap(), Found::NoRoom);
    make_room(&home.programs()).unwrap();
    assert_eq!(home.place().look().unwrap(), Found::Never);
    make_room(&home.programs()).unwrap();
}

#[test]
fn an_attempt_is_made_once_and_for_its_owner_alone() {
    let home = Home::new();
    let lock = home.place().create().unwrap();
    assert!(home.place().is_lock(&lock).unwrap());
    assert!(!home.place().is_lock(&File::open("/dev/null").unwrap()).unwrap());
    assert_eq!(home.place().create().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&home.programs()), mode(home.place().path())), (0o700, 0o700));
    assert_eq!(mode(&home.place().stream(LOCK)), 0o600);
}

#[test]
fn the_lock_and_the_marks_tell_how_it_stands() {
    let home = Home::new();
    let place = home.place();
    let lock = place.create().unwrap();
    assert_eq!(place.look().unwrap(), Found::Running(None));
    place.reserve().unwrap();
    place.mark_started(&started()).unwrap();
    place.note_process(77).unwrap();
    assert_eq!(place.look().unwrap(), Found::Running(Some(77)));
    place.mark_ended(&ended()).unwrap();
    assert_eq!(place.look().unwrap(), Found::Ended(ended()));
    drop(lock);
    assert_eq!(place.look().unwrap(), Found::Ended(ended()));
}

#[test]
fn a_keeper_that_died_before_the_mark_has_started_nothing() {
    let home = Home::new();
    let lock = home.place().create().unwrap();
    home.place().reserve().unwrap();
    dies(&lock);
    assert_eq!(home.place().look().unwrap(), Found::Never);
}

#[test]
fn a_keeper_that_died_behind_the_mark_leaves_a_doubt() {
    let home = Home::new();
    let place = home.place();
    let lock = place.create().unwrap();
    place.reserve().unwrap();
    place.mark_started(&started()).unwrap();
    dies(&lock);
    assert!(why(place.look().unwrap()).contains("about to start"));
    place.note_process(77).unwrap();
    assert!(why(place.look().unwrap()).contains("process 77"));
    // Half a mark is one, and half an end is none.
    std::fs::write(place.stream(STARTED), "{").unwrap();
    assert!(matches!(place.look().unwrap(), Found::Lost(_)));
    std::fs::write(place.stream(ENDED), "{").unwrap();
    assert!(matches!(place.look().unwrap(), Found::Lost(_)));
}

#[test]
fn a_restart_of_the_machine_is_said() {
    let home = Home::new();
    dies(&home.place().create().unwrap());
    home.place().mark_started(&Started { at_ms: 1, boot: "another".to_owned() }).unwrap();
    assert!(why(home.place().look().unwrap()).contains("restarted"));
}

#[test]
fn links_are_not_followed() {
    let home = Home::new();
    let place = home.place();
    drop(place.create().unwrap());
    let other = home.0.path().join("other");
    std::fs::write(&other, "keep").unwrap();
    for name in ["stdout", STARTED, RESERVED] {
        std::os::unix::fs::symlink(&other, place.stream(name)).unwrap();
    }
    assert!(place.new_file("stdout").is_err());
    assert!(place.mark_started(&started()).is_err());
    assert!(place.mark_ended(&ended()).is_err());
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "keep");
}
