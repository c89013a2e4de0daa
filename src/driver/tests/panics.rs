//! Parts that panic: the call in flight is awaited, its outcome is durable, nothing further begins.

use std::sync::atomic::AtomicBool;

use tokio::sync::Semaphore;

use super::*;
use crate::engine::command::Refusal;

/// Panics when it is asked for a change.
struct PanickingCloud(CountingCloud);

impl Cloud for PanickingCloud {
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
        Box::pin(async move {
            let answer = self.0.call(request).await;
            assert!(!request.changes, "a bug in an adapter");
            answer
        })
    }
}

/// Answers a change once it is told to.
struct SlowCloud(CountingCloud, Semaphore);

impl Cloud for SlowCloud {
    fn call<'a>(&'a self, request: &'a CallRequest) -> BoxFuture<'a, Result<CloudReply, CloudError>> {
        Box::pin(async move {
            let answer = self.0.call(request).await;
            if request.changes {
                self.1.acquire().await.unwrap().forget();
            }
            answer
        })
    }
}

/// Panics when it is asked for anything, once it is told to.
struct PanickingMfa(Arc<AtomicBool>);

impl MfaDevices for PanickingMfa {
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        EasyMfa.verify(request)
    }

    fn practice_code(&self, person: &str, now_ms: i64) -> Option<(String, u64)> {
        assert!(!self.0.load(Ordering::SeqCst), "a bug in the loop");
        EasyMfa.practice_code(person, now_ms)
    }

    fn device(&self, _person: &str) -> Option<String> {
        None
    }
}

/// A new code each time it is asked.
struct NewCodes;

impl MfaDevices for NewCodes {
    fn verify(&self, request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        let counter = Some(request.last_counter.map_or(1, |last| last + 1));
        let (by, method, device) = (request.person, "test".to_owned(), "d".to_owned());
        Box::pin(std::future::ready(Ok(MfaProof { by, method, device, counter })))
    }

    fn practice_code(&self, _person: &str, _now_ms: i64) -> Option<(String, u64)> {
        None
    }

    fn device(&self, _person: &str) -> Option<String> {
        None
    }
}

/// Panics while it checks a code.
struct PanickingCheck;

impl MfaDevices for PanickingCheck {
    fn verify(&self, _request: MfaRequest) -> BoxFuture<'static, Result<MfaProof, MfaDenied>> {
        Box::pin(async { panic!("a bug in a device") })
    }

    fn practice_code(&self, person: &str, now_ms: i64) -> Option<(String, u64)> {
        EasyMfa.practice_code(person, now_ms)
    }

    fn device(&self, _person: &str) -> Option<String> {
        None
    }
}

fn kinds(records: &Records) -> Vec<&'static str> {
    let name = |one: &Stamped| match &one.event {
        Event::ActionRequested { .. } => Some("requested"),
        Event::ActionSucceeded { .. } => Some("succeeded"),
        Event::ActionUnknown { .. } => Some("unknown"),
        Event::RunLeft { reason } if reason.contains("panicked") => Some("left"),
        _ => None,
    };
    records.lock().unwrap().iter().filter_map(name).collect()
}

#[test]
fn an_adapter_that_panics_leaves_an_unknown_outcome_and_ends_the_run() {
    let (mut parts, _, records) = parts(usize::MAX, false, Operator::Auto);
    let cloud = Arc::new(PanickingCloud(CountingCloud::default()));
    parts.cloud = Arc::clone(&cloud) as Arc<dyn Cloud>;
    let (over, _) = run_headless(parts).unwrap();
    assert!(matches!(&over, Over::Panicked { reason } if reason.contains("call to the cloud")), "{over:?}");
    assert_eq!(kinds(&records).last(), Some(&"left"));
    let changes = kinds(&records).iter().filter(|kind| **kind == "unknown").count();
    assert_eq!((cloud.0.changes.load(Ordering::SeqCst), changes), (1, 1));
}

#[test]
fn a_device_that_panics_runs_nothing() {
    let (mut parts, cloud, records) = parts(usize::MAX, false, Operator::Auto);
    parts.mfa = Arc::new(PanickingCheck);
    let (over, _) = run_headless(parts).unwrap();
    assert!(matches!(over, Over::Panicked { .. }), "{over:?}");
    assert_eq!((kinds(&records).last(), cloud.changes.load(Ordering::SeqCst)), (Some(&"left"), 0));
}

fn run_of(view: &View, step: &str) -> Command {
    let gate = gate_of(view, step).unwrap();
    let code = gate.mfa.map(|_| Typed::new("123456"));
    Command::Run { step: step.to_owned(), attempt: gate.attempt, digest: gate.digest, typed: None, code }
}

/// A run whose first change is in flight until the cloud is told to answer.
async fn with_a_change_in_flight(mfa: Arc<dyn MfaDevices>) -> (Handle, JoinHandle<Over>, Arc<SlowCloud>, Records) {
    let (mut parts, _, records) = parts(usize::MAX, false, Operator::Person);
    let cloud = Arc::new(SlowCloud(CountingCloud::default(), Semaphore::new(0)));
    parts.cloud = Arc::clone(&cloud) as Arc<dyn Cloud>;
    parts.mfa = mfa;
    // At the pace of life: the simulated clock would jump to the end of the call's time.
    parts.clock = Arc::new(crate::clock::SystemClock::new());
    let (mut handle, thread) = spawn(parts).unwrap();
    let view = wait_for(&mut handle, |view| gate_of(view, "who").is_some()).await;
    ask(&handle, run_of(&view, "who")).await.unwrap();
    let view = wait_for(&mut handle, |view| gate_of(view, "scale").is_some()).await;
    ask(&handle, run_of(&view, "scale")).await.unwrap();
    while cloud.0.changes.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    (handle, thread, cloud, records)
}

#[tokio::test]
async fn a_driver_that_panics_still_writes_down_what_is_in_flight() {
    let armed = Arc::new(AtomicBool::new(false));
    let (mut handle, thread, cloud, records) =
        with_a_change_in_flight(Arc::new(PanickingMfa(Arc::clone(&armed)))).await;
    armed.store(true, Ordering::SeqCst);
    // Whatever makes it look at the world again.
    let (reply, _answer) = tokio::sync::oneshot::channel();
    let note = Command::Note { text: "still here".to_owned(), about_ms: None, step: None };
    handle.requests.send((note, reply)).await.unwrap();
    cloud.1.add_permits(1);
    let view = wait_for(&mut handle, |view| view.over.is_some()).await;
    assert!(matches!(view.over, Some(Over::Panicked { .. })), "{:?}", view.over);
    assert!(matches!(thread.join().unwrap(), Over::Panicked { .. }));
    assert_eq!(&kinds(&records)[kinds(&records).len() - 3..], ["requested", "succeeded", "left"]);
    assert_eq!(cloud.0.changes.load(Ordering::SeqCst), 1);
}

/// What a shell that wants the terminal back is told.
#[tokio::test]
async fn nothing_begins_while_the_run_is_held_and_no_call_in_flight_is_put_to_sleep() {
    let (mut handle, thread, cloud, _) = with_a_change_in_flight(Arc::new(NewCodes)).await;
    let refused = |asked: Result<(), Refusal>| asked.unwrap_err().message;
    assert!(refused(ask(&handle, Command::Hold { on: true }).await).contains("a call is in flight"));
    cloud.1.add_permits(1);
    let view = wait_for(&mut handle, |view| gate_of(view, "scale_again").is_some()).await;
    ask(&handle, Command::Hold { on: true }).await.unwrap();
    assert!(refused(ask(&handle, run_of(&view, "scale_again")).await).contains("held"));
    assert_eq!(cloud.0.changes.load(Ordering::SeqCst), 1);
    ask(&handle, Command::Hold { on: false }).await.unwrap();
    cloud.1.add_permits(1);
    ask(&handle, run_of(&view, "scale_again")).await.unwrap();
    wait_for(&mut handle, |view| view.over.is_some()).await;
    drop(handle);
    assert_eq!(thread.join().unwrap(), Over::Finished);
    assert_eq!(cloud.0.changes.load(Ordering::SeqCst), 2);
}
