//! Local devices on a real disk, with made-up time.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::engine::command::Typed;
use crate::engine::ports::MfaPurpose;
use crate::mfa::totp::{code_at, counter_at};

const SECRET: &[u8] = b"12345678901234567890";
const NOW_MS: i64 = 1_767_495_600_000;
const STEP_MS: i64 = 30_000;

/// A state directory where alice is enrolled, ten minutes ago.
fn enrolled() -> (tempfile::TempDir, LocalDevices) {
    let state = tempfile::tempdir().unwrap();
    let devices = LocalDevices::new(state.path()).on_run_time();
    enrol(&devices, "alice");
    (state, devices)
}

fn enrol(devices: &LocalDevices, person: &str) -> DeviceInfo {
    let at_ms = NOW_MS - 600_000;
    devices.enrol(&NewDevice::known(person, SECRET), &code(at_ms), at_ms, false).unwrap()
}

fn code(at_ms: i64) -> String {
    code_at(SECRET, counter_at(at_ms))
}

/// Six digits that no step near now has.
fn wrong(at_ms: i64) -> String {
    let near: Vec<_> = (-12..=2).map(|step| code(at_ms + step * STEP_MS)).collect();
    (0..100).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
}

fn why(result: Result<MfaProof, MfaDenied>) -> MfaRefusal {
    result.unwrap_err().why
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_code_counts_once_also_after_a_restart() {
    let (state, devices) = enrolled();
    let proof = devices.check("alice", &code(NOW_MS), NOW_MS, None).unwrap();
    assert_eq!((proof.by.as_str(), proof.method.as_str()), ("alice", "totp"));
    assert_eq!(proof.counter, Some(counter_at(NOW_MS)));
    assert_eq!(Some(proof.device), devices.device("alice"));
    assert_eq!(why(devices.check("alice", &code(NOW_MS), NOW_MS, None)), MfaRefusal::AlreadyUsed);
    // Another process, another run, which knows nothing of the first one's counter.
    drop(devices);
    let again = LocalDevices::new(state.path());
    assert_eq!(why(again.check("alice", &code(NOW_MS), NOW_MS, None)), MfaRefusal::AlreadyUsed);
    assert_eq!(why(again.check("alice", &code(NOW_MS - STEP_MS), NOW_MS, None)), MfaRefusal::AlreadyUsed);
    assert!(again.check("alice", &code(NOW_MS + STEP_MS), NOW_MS + STEP_MS, None).is_ok());
}

#[test]
fn a_clock_set_back_brings_no_code_back() {
    let (_state, devices) = enrolled();
    devices.check("alice", &code(NOW_MS), NOW_MS, None).unwrap();
    let denied = devices.check("alice", &code(NOW_MS), NOW_MS - 60_000, None).unwrap_err();
    // Two steps before its time it is no code of now.
    assert_eq!(denied.why, MfaRefusal::Wrong);
    let denied = devices.check("alice", &code(NOW_MS - 60_000), NOW_MS - 60_000, None).unwrap_err();
    assert_eq!(denied.why, MfaRefusal::AlreadyUsed);
    assert!(denied.detail.unwrap().contains("is it right?"));
    for back_ms in [0, 1_000, 30_000, 60_000, 90_000] {
        assert!(devices.check("alice", &code(NOW_MS), NOW_MS - back_ms, None).is_err(), "{back_ms}");
    }
}

#[test]
fn what_the_run_has_seen_counts_as_well() {
    let (_state, devices) = enrolled();
    let seen = Some(counter_at(NOW_MS));
    assert_eq!(why(devices.check("alice", &code(NOW_MS), NOW_MS, seen)), MfaRefusal::AlreadyUsed);
}

#[test]
fn of_many_at_once_one_counts() {
    let (state, _devices) = enrolled();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let devices = LocalDevices::new(state.path());
            std::thread::spawn(move || devices.check("alice", &code(NOW_MS), NOW_MS, None).is_ok())
        })
        .collect();
    let counted = threads.into_iter().map(|thread| thread.join().unwrap()).filter(|counted| *counted).count();
    assert_eq!(counted, 1);
}

#[test]
fn five_wrong_codes_lock_the_device_also_after_a_restart() {
    let (state, devices) = enrolled();
    for _ in 0..4 {
        assert_eq!(why(devices.check("alice", &wrong(NOW_MS), NOW_MS, None)), MfaRefusal::Wrong);
    }
    let denied = devices.check("alice", &wrong(NOW_MS), NOW_MS, None).unwrap_err();
    assert_eq!(denied.why, MfaRefusal::TooManyTries);
    assert!(denied.detail.unwrap().contains("locked until 2026-01-04T03:01:00.000Z"));
    let again = LocalDevices::new(state.path());
    let later_ms = NOW_MS + 59_999;
    assert_eq!(again.info("alice", later_ms).unwrap().unwrap().locked_until_ms, Some(NOW_MS + 60_000));
    // Also the right one is not looked at, and so not used up.
    assert_eq!(why(again.check("alice", &code(later_ms), later_ms, None)), MfaRefusal::TooManyTries);
    assert!(again.check("alice", &code(later_ms), NOW_MS + 60_000, None).is_ok());
    assert_eq!(again.info("alice", later_ms).unwrap().unwrap().locked_until_ms, None);
}

#[test]
fn each_pause_is_twice_the_last_and_a_code_that_counts_ends_the_series() {
    let (_state, devices) = enrolled();
    let mut now_ms = NOW_MS;
    let mut pauses = Vec::new();
    for _ in 0..8 {
        for _ in 0..5 {
            assert!(devices.check("alice", &wrong(now_ms), now_ms, None).is_err());
        }
        let until_ms = devices.info("alice", now_ms).unwrap().unwrap().locked_until_ms.unwrap();
        pauses.push((until_ms - now_ms) / 60_000);
        now_ms = until_ms;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    devices.check("alice", &code(now_ms), now_ms, None).unwrap();
    for _ in 0..4 {
        assert_eq!(why(devices.check("alice", &wrong(now_ms), now_ms, None)), MfaRefusal::Wrong);
    }
}

#[test]
fn a_clock_set_back_makes_no_pause_longer_than_the_longest() {
    let (_state, devices) = enrolled();
    for _ in 0..5 {
        assert!(devices.check("alice", &wrong(NOW_MS), NOW_MS, None).is_err());
    }
    let year_back_ms = NOW_MS - 365 * 86_400_000;
    assert_eq!(why(devices.check("alice", "000000", year_back_ms, None)), MfaRefusal::TooManyTries);
    let info = devices.info("alice", year_back_ms).unwrap().unwrap();
    assert_eq!(info.locked_until_ms, Some(year_back_ms + 3_600_000));
    assert_eq!(devices.info("alice", year_back_ms + 3_600_000).unwrap().unwrap().locked_until_ms, None);
}

#[test]
fn neither_what_is_no_code_nor_a_second_use_is_a_guess() {
    let (_state, devices) = enrolled();
    devices.check("alice", &code(NOW_MS), NOW_MS, None).unwrap();
    for _ in 0..6 {
        assert_eq!(why(devices.check("alice", "", NOW_MS, None)), MfaRefusal::Wrong);
        assert_eq!(why(devices.check("alice", &code(NOW_MS), NOW_MS, None)), MfaRefusal::AlreadyUsed);
    }
    assert_eq!(devices.info("alice", NOW_MS).unwrap().unwrap().locked_until_ms, None);
}

#[test]
fn the_code_of_the_enrolment_is_used_up_and_a_wrong_one_enrols_nobody() {
    let state = tempfile::tempdir().unwrap();
    let devices = LocalDevices::new(state.path());
    let new = NewDevice::new("alice").unwrap();
    assert!(matches!(
        devices.enrol(&new, &wrong(NOW_MS), NOW_MS, false),
        Err(EnrolError::Refused(MfaRefusal::Wrong | MfaRefusal::Expired))
    ));
    assert_eq!(devices.device("alice"), None);
    let uri = new.uri().unwrap();
    let secret = totp_rs::Totp::from_url(&*uri).unwrap();
    let first = code_at(secret.secret().as_bytes(), counter_at(NOW_MS));
    devices.enrol(&new, &first, NOW_MS, false).unwrap();
    assert_eq!(why(devices.check("alice", &first, NOW_MS, None)), MfaRefusal::AlreadyUsed);
    assert!(matches!(devices.enrol(&new, &first, NOW_MS, false), Err(EnrolError::Exists { .. })));
    devices.enrol(&new, &first, NOW_MS, true).unwrap();
}

#[test]
fn the_uri_names_issuer_person_and_device() {
    let new = NewDevice::known("arn:aws:sts::1:assumed-role/dr/alice", SECRET);
    let name = new.device().strip_prefix("totp device ").unwrap();
    let expected = format!(
        "otpauth://totp/lifeboat:arn.aws.sts..1.assumed-role%2Fdr%2Falice%20{name}?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=lifeboat"
    );
    assert_eq!(*new.uri().unwrap(), expected);
    assert_eq!(*new.secret_text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    assert!(!format!("{new:?}").contains("GEZD"));
    assert!(NewDevice::new(" ").is_err());
}

#[test]
fn two_devices_have_secrets_of_their_own() {
    let (one, two) = (NewDevice::new("alice").unwrap(), NewDevice::new("alice").unwrap());
    assert_ne!(*one.secret_text(), *two.secret_text());
    assert_eq!(one.secret_text().len(), 32 + 7);
}

#[test]
fn a_name_cannot_leave_the_directory_nor_share_a_file() {
    let (state, devices) = enrolled();
    let dir = state.path().join("mfa");
    for person in ["../../etc/passwd", "..", "/", "a\0b", "Alice", "ALICE", "älice", "x".repeat(500).as_str()] {
        assert_eq!(devices.path(person).parent(), Some(dir.as_path()), "{person:?}");
        assert_ne!(devices.path(person), devices.path("alice"), "{person:?}");
        assert_eq!(devices.device(person), None);
        enrol(&devices, person);
        assert!(devices.device(person).is_some());
    }
    assert_eq!(why(devices.check("", &code(NOW_MS), NOW_MS, None)), MfaRefusal::NoDevice);
    let listed = devices.list(NOW_MS).unwrap();
    assert_eq!(listed.len(), 9);
    assert!(listed.iter().all(Result::is_ok));
}

#[test]
fn files_are_private_and_open_ones_are_refused_with_the_way_out() {
    let (state, devices) = enrolled();
    let (dir, file) = (state.path().join("mfa"), devices.path("alice"));
    assert_eq!((mode(&dir), mode(&file), mode(&dir.join("lock"))), (0o700, 0o600, 0o600));
    for (path, open, closed) in [(&file, 0o640, 0o600), (&file, 0o604, 0o600), (&dir, 0o750, 0o700)] {
        chmod(path, open);
        let denied = devices.check("alice", &code(NOW_MS), NOW_MS, None).unwrap_err();
        assert_eq!(denied.why, MfaRefusal::Unreachable);
        let detail = denied.detail.unwrap();
        assert!(detail.contains(&format!("chmod {closed:o} '{}'", path.display())), "{detail}");
        assert_eq!(devices.device("alice"), None);
        chmod(path, closed);
    }
    assert!(devices.check("alice", &code(NOW_MS), NOW_MS, None).is_ok());
}

#[test]
fn symbolic_links_are_refused() {
    let (state, devices) = enrolled();
    let (dir, file) = (state.path().join("mfa"), devices.path("alice"));
    let elsewhere = state.path().join("elsewhere.json");
    std::fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let denied = devices.check("alice", &code(NOW_MS), NOW_MS, None).unwrap_err();
    assert!(denied.detail.unwrap().contains("is a symbolic link"));
    std::fs::remove_file(&file).unwrap();
    std::fs::rename(&elsewhere, &file).unwrap();
    std::fs::rename(&dir, state.path().join("moved")).unwrap();
    symlink(state.path().join("moved"), &dir).unwrap();
    let denied = devices.check("alice", &code(NOW_MS), NOW_MS, None).unwrap_err();
    assert!(denied.detail.unwrap().contains("is not a directory"));
}

#[test]
fn a_damaged_or_borrowed_file_is_refused_and_tells_no_secret() {
    let (_state, devices) = enrolled();
    let file = devices.path("alice");
    let text = std::fs::read_to_string(&file).unwrap();
    let bob = devices.path("bob");
    std::fs::copy(&file, &bob).unwrap();
    let denied = devices.check("bob", &code(NOW_MS), NOW_MS, None).unwrap_err();
    assert!(denied.detail.unwrap().contains("it is that of alice"));
    let cut = &text[..text.len() / 2];
    let unknown = text.replace("\"version\":1", "\"version\":2");
    let other = text.replace("GEZD", "1EZD");
    for damaged in ["", cut, &unknown, &other, "x".repeat(20_000).as_str()] {
        std::fs::write(&file, damaged).unwrap();
        let denied = devices.check("alice", &code(NOW_MS), NOW_MS, None).unwrap_err();
        assert_eq!(denied.why, MfaRefusal::Unreachable, "{damaged}");
        let detail = denied.detail.unwrap();
        assert!(detail.contains("is not a device's file"), "{detail}");
        assert!(!detail.contains("EZDGNBV"), "{detail}");
    }
}

#[test]
fn a_code_counts_only_when_its_use_can_be_kept() {
    let (state, devices) = enrolled();
    let (dir, file) = (state.path().join("mfa"), devices.path("alice"));
    let name = file.file_name().unwrap().to_str().unwrap();
    // A directory in the place of the new file: it cannot be written.
    let beside = dir.join(format!(".{name}.new"));
    std::fs::create_dir(&beside).unwrap();
    let denied = devices.check("alice", &code(NOW_MS), NOW_MS, None).unwrap_err();
    assert_eq!(denied.why, MfaRefusal::Unreachable);
    assert!(denied.detail.unwrap().contains("failed to write"));
    std::fs::remove_dir(&beside).unwrap();
    assert!(devices.check("alice", &code(NOW_MS), NOW_MS, None).is_ok());
}

#[test]
fn a_left_over_of_a_crash_disturbs_nothing() {
    let (state, devices) = enrolled();
    let name = devices.path("alice").file_name().unwrap().to_str().unwrap().to_owned();
    std::fs::write(state.path().join("mfa").join(format!(".{name}.new")), "half").unwrap();
    assert!(devices.check("alice", &code(NOW_MS), NOW_MS, None).is_ok());
    assert_eq!(devices.list(NOW_MS).unwrap().len(), 1);
}

#[test]
fn nobody_is_enrolled_where_nothing_is() {
    let state = tempfile::tempdir().unwrap();
    let devices = LocalDevices::new(state.path());
    assert!(devices.list(NOW_MS).unwrap().is_empty());
    assert_eq!(why(devices.check("alice", "000000", NOW_MS, None)), MfaRefusal::NoDevice);
    assert!(!state.path().join("mfa").exists());
}

#[tokio::test]
async fn the_port_judges_by_the_run_where_its_time_is_made_up() {
    let (_state, devices) = enrolled();
    let devices: Arc<dyn MfaDevices> = Arc::new(devices);
    let request = MfaRequest {
        step: "promote".to_owned(),
        person: "alice".to_owned(),
        code: Typed::new(&code(NOW_MS)),
        now_ms: NOW_MS,
        last_counter: None,
        purpose: MfaPurpose::Presence,
    };
    assert!(devices.verify(request.clone()).await.is_ok());
    assert_eq!(devices.verify(request).await.unwrap_err().why, MfaRefusal::AlreadyUsed);
    assert_eq!(devices.practice_code("alice", NOW_MS), None);
}
