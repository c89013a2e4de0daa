//! Programs of this machine.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::model::action::outside::Exec;

fn argv(of: &[&str]) -> Exec {
    Exec { argv: of.iter().map(|&one| one.to_owned()).collect(), shell: None, env: None, cwd: None }
}

fn shell(script: &str) -> Exec {
    Exec { shell: Some(true), ..argv(&[script]) }
}

async fn run(call: Exec) -> Result<Value, CloudError> {
    ask(&outside(), Action::Exec(call), AMPLE_MS).await
}

#[tokio::test]
async fn arguments_arrive_as_they_are() {
    let answer = run(argv(&["printf", "%s|", "$HOME; echo *", "a b", ""])).await.unwrap();
    assert_eq!(answer, serde_json::json!({"exit_code": 0, "stdout": "$HOME; echo *|a b||", "stderr": ""}));
}

#[tokio::test]
async fn an_exit_code_is_an_answer_and_a_signal_counts_as_shells_count_it() {
    let answer = run(shell("echo out; echo err >&2; exit 3")).await.unwrap();
    assert_eq!(answer, serde_json::json!({"exit_code": 3, "stdout": "out\n", "stderr": "err\n"}));
    assert_eq!(run(shell("kill -9 $$")).await.unwrap()["exit_code"], 137);
}

#[tokio::test]
async fn further_elements_are_the_arguments_of_the_script() {
    let call = Exec { shell: Some(true), ..argv(&["echo \"$0 $1\"", "zero", "one two"]) };
    assert_eq!(run(call).await.unwrap()["stdout"], "zero one two\n");
}

#[tokio::test]
async fn nobody_types_and_the_environment_is_the_allowed_one() {
    assert_eq!(run(argv(&["cat"])).await.unwrap()["stdout"], "");
    let given = Exec { env: Some([("GREETING".to_owned(), "hi there".to_owned())].into()), ..argv(&["env"]) };
    let stdout = run(given).await.unwrap()["stdout"].as_str().unwrap().to_owned();
    assert!(stdout.lines().any(|line| line == "GREETING=hi there"));
    assert!(stdout.lines().any(|line| line.starts_with("PATH=")));
    assert!(std::env::vars().any(|(name, _)| name.starts_with("CARGO_")));
    assert!(!stdout.contains("CARGO_"), "{stdout}");
}

#[tokio::test]
async fn a_program_works_where_it_is_told_to() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().canonicalize().unwrap().display().to_string();
    let answer = run(Exec { cwd: Some(at.clone()), ..argv(&["pwd"]) }).await.unwrap();
    assert_eq!(answer["stdout"], format!("{at}\n"));
    let refused = run(Exec { cwd: Some(format!("{at}/none")), ..argv(&["pwd"]) }).await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_str()), (CloudErrorKind::Invalid, "NoDirectory"));
}

#[tokio::test]
async fn what_was_never_started_is_proven_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("script");
    std::fs::write(&file, "echo no").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (file, dir) = (file.display().to_string(), dir.path().display().to_string());
    let cases = [
        (vec!["no-such-program-anywhere"], CloudErrorKind::NotFound, "ProgramNotFound"),
        (vec![file.as_str()], CloudErrorKind::Invalid, "NotExecutable"),
        (vec![dir.as_str()], CloudErrorKind::Invalid, "NotExecutable"),
        (vec!["echo", "a\0b"], CloudErrorKind::Invalid, "NotStarted"),
        (vec![], CloudErrorKind::Invalid, "NoProgram"),
    ];
    for (call, kind, code) in cases {
        let refused = run(argv(&call)).await.unwrap_err();
        assert_eq!((refused.kind, refused.code.as_str()), (kind, code), "{call:?}");
    }
}

#[tokio::test]
async fn of_long_output_the_end_is_answered() {
    let answer = run(shell("i=0; while [ $i -lt 4000 ]; do echo line $i; i=$((i+1)); done")).await.unwrap();
    let stdout = answer["stdout"].as_str().unwrap();
    assert!(stdout.len() <= 16 * 1024);
    assert!(stdout.ends_with("line 3999\n"));
    assert!(stdout.contains("bytes before this are left out"));
}

#[tokio::test]
async fn the_output_of_an_attempt_is_kept_where_it_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("output");
    let options = OutsideOptions { output_dir: Some(kept.clone()), ..OutsideOptions::default() };
    let call = Action::Exec(shell("echo out; echo err >&2"));
    let answer = ask(&Outside::new(options), call, AMPLE_MS).await.unwrap();
    assert_eq!(answer["stdout"], "out\n");
    let file = kept.join("migrate-eu--2.stdout");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "out\n");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(kept.join("migrate-eu--2.stderr")).unwrap(), "err\n");
}

/// Ends the program that a message names.
fn end(message: &str) {
    let pid: String = message.split("process ").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
    let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
    // It lives still, or this fails.
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_program_that_takes_too_long_goes_on_and_nobody_knows_how_it_ends() {
    let unknown = ask(&outside(), Action::Exec(argv(&["sleep", "600"])), 20).await.unwrap_err();
    assert_eq!((unknown.kind, unknown.code.as_str()), (CloudErrorKind::UnknownOutcome, "StillRunning"));
    assert!(unknown.message.starts_with("`sleep` still runs after 20ms"), "{}", unknown.message);
    end(&unknown.message);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_leads_a_process_group_of_its_own() {
    // Of /proc/PID/stat: the number, and the group.
    let script = "read pid comm state ppid group rest < /proc/$$/stat; echo $pid $group";
    let answer = run(shell(script)).await.unwrap();
    let (pid, group) = answer["stdout"].as_str().unwrap().trim().split_once(' ').unwrap();
    assert_eq!(pid, group);
}
