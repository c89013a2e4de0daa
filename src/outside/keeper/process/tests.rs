//! What a keeper does with a program, without being a process of its own.

use std::os::unix::fs::PermissionsExt as _;

use super::super::place::Found;
use super::*;

struct Kept {
    dir: tempfile::TempDir,
    place: Place,
}

impl Kept {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(&dir.path().join("programs"), "a");
        Self { dir, place }
    }

    fn order(&self, argv: &[&str]) -> Order {
        let env = vec![("PATH".into(), std::env::var_os("PATH").unwrap()), ("GREETING".into(), "hi there".into())];
        Order::new(argv.iter().map(|&one| one.to_owned()).collect(), &env, self.dir.path(), 64 * 1024)
    }

    fn sh(&self, script: &str) -> Order {
        self.order(&["sh", "-c", script])
    }

    async fn run(&self, order: &Order) -> (Ended, LeftOpen) {
        let lock = self.place.create().unwrap();
        let left = carry_out(&self.place, order).await.unwrap();
        drop(lock);
        match self.place.look().unwrap() {
            Found::Ended(ended) => (ended, left),
            other => panic!("{other:?}"),
        }
    }

    fn text(&self, stream: &str) -> Vec<u8> {
        std::fs::read(self.place.stream(stream)).unwrap()
    }
}

#[tokio::test]
async fn arguments_arrive_as_they_are_and_both_streams_are_caught() {
    let kept = Kept::new();
    let (ended, _) = kept.run(&kept.order(&["printf", "%s|", "$HOME; echo *", "a b", ""])).await;
    assert_eq!((ended.how, kept.text("stdout")), (How::Exit(0), b"$HOME; echo *|a b||".to_vec()));
    let kept = Kept::new();
    let (ended, _) = kept.run(&kept.sh("echo out; echo err >&2; exit 3")).await;
    assert_eq!(ended.how, How::Exit(3));
    assert_eq!((kept.text("stdout"), kept.text("stderr")), (b"out\n".to_vec(), b"err\n".to_vec()));
    assert_eq!((ended.stdout.bytes, ended.stdout.left_open), (4, false));
    assert!(ended.until_ms >= ended.from_ms && ended.from_ms > 0);
    let mode = std::fs::metadata(kept.place.stream("stdout")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_signal_is_told_as_one() {
    let kept = Kept::new();
    assert_eq!(kept.run(&kept.sh("kill -9 $$")).await.0.how, How::Signal(9));
}

#[tokio::test]
async fn nobody_types_and_the_environment_is_the_one_given() {
    let kept = Kept::new();
    assert_eq!(kept.run(&kept.order(&["cat"])).await.0.stdout.bytes, 0);
    let kept = Kept::new();
    kept.run(&kept.order(&["env"])).await;
    let text = String::from_utf8(kept.text("stdout")).unwrap();
    assert!(text.contains("GREETING=hi there\n") && !text.contains("CARGO_"), "{text}");
    let kept = Kept::new();
    kept.run(&kept.order(&["pwd"])).await;
    let here = kept.dir.path().canonicalize().unwrap();
    assert_eq!(String::from_utf8(kept.text("stdout")).unwrap(), format!("{}\n", here.display()));
}

#[tokio::test]
async fn what_could_not_be_started_is_told_as_such() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let file = file.path().display().to_string();
    let cases = [
        (vec!["no-such-program-anywhere"], NotStarted::NotFound),
        (vec![file.as_str()], NotStarted::NotExecutable),
        (vec!["/"], NotStarted::NotExecutable),
        (vec!["echo", "a\0b"], NotStarted::Other),
    ];
    for (argv, wanted) in cases {
        let kept = Kept::new();
        match kept.run(&kept.order(&argv)).await.0.how {
            How::NotStarted { why, .. } => assert_eq!(why, wanted, "{argv:?}"),
            other => panic!("{argv:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn noise_and_floods_are_caught_up_to_the_bound() {
    let kept = Kept::new();
    let (ended, _) =
        kept.run(&kept.sh("head -c 3000000 /dev/urandom; head -c 1000000 /dev/zero >&2; printf end")).await;
    assert_eq!((ended.how, ended.stdout.bytes, ended.stderr.bytes), (How::Exit(0), 3_000_003, 1_000_000));
    assert!(ended.stdout.kept_bytes < 100_000 && kept.text("stdout").ends_with(b"end"));
    assert!(kept.text("stderr").len() < 100_000);
}

#[tokio::test]
async fn who_is_left_behind_keeps_nobody_waiting_and_is_not_broken_off() {
    let kept = Kept::new();
    let script = "(read line < go; echo late; echo written > done) & echo early; exit 5";
    let go = kept.dir.path().join("go");
    assert!(std::process::Command::new("mkfifo").arg(&go).status().unwrap().success());
    let (ended, left) = kept.run(&kept.sh(script)).await;
    assert_eq!((ended.how, ended.stdout.left_open, ended.stdout.bytes), (How::Exit(5), true, 6));
    // It writes into a pipe that somebody still reads, and gets beyond it.
    std::fs::write(&go, "now\n").unwrap();
    left.drain().await;
    assert_eq!(std::fs::read_to_string(kept.dir.path().join("done")).unwrap(), "written\n");
}

#[tokio::test]
async fn a_mark_that_cannot_be_made_starts_nothing() {
    let kept = Kept::new();
    let _lock = kept.place.create().unwrap();
    std::fs::write(kept.place.stream("started.json"), "").unwrap();
    assert!(carry_out(&kept.place, &kept.sh("touch started")).await.is_err());
    assert!(!kept.dir.path().join("started").exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_leads_a_process_group_of_its_own() {
    // Of /proc/PID/stat: the number, and the group.
    let kept = Kept::new();
    kept.run(&kept.sh("read pid comm state ppid group rest < /proc/$$/stat; echo $pid $group")).await;
    let text = String::from_utf8(kept.text("stdout")).unwrap();
    let (pid, group) = text.trim().split_once(' ').unwrap();
    assert_eq!(pid, group);
}
