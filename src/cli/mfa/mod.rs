//! `mfa`: enrol, test and list the devices kept on this machine.
//!
//! A secret is shown once, at its enrolment, and never again. Must not know how devices are kept.

pub(super) mod code;
mod qr;

use serde_json::{Value, json};

use super::args::{Mfa, MfaEnroll, MfaTest, MfaVerb};
use super::doctor::now_ms;
use super::exit::{CliError, Exit, Outcome};
use super::out;
use super::settings::Settings;
use crate::engine::ports::MfaDenied;
use crate::mfa::{DeviceError, DeviceInfo, EnrolError, LocalDevices, NewDevice, totp};
use crate::model::event::MfaRefusal;
use crate::model::time::rfc3339;

const VERSION: &str = "1.0";
/// Codes that a person may mistype at an enrolment before it is given up.
const TRIES: u32 = 3;
const WHAT_IT_IS: &str = "Its codes prove that you are there: a presence check, which AWS does not see. \
    Where AWS itself is to ask, a runbook says `mfa: {method: sts}`.";

pub fn mfa(settings: &Settings, wanted: &Mfa) -> Outcome {
    let devices = LocalDevices::new(&settings.state_dir()?);
    match &wanted.what {
        MfaVerb::Enroll(wanted) => enrol(settings, &devices, wanted),
        MfaVerb::Test(wanted) => test(settings, &devices, wanted),
        MfaVerb::List => list(settings, &devices),
    }
}

/// The person meant; the operator unless named.
fn person(settings: &Settings, named: Option<&String>) -> String {
    named.cloned().unwrap_or_else(|| settings.operator())
}

fn enrol(settings: &Settings, devices: &LocalDevices, wanted: &MfaEnroll) -> Outcome {
    let _unseen = code::Unseen::begin();
    let person = person(settings, wanted.name.as_ref());
    if let Some(old) = devices.info(&person, now_ms()).map_err(|error| unusable(&error))? {
        if !wanted.replace {
            return Err(exists(devices, &old));
        }
        release(settings, devices, &old)?;
    }
    let new = NewDevice::new(&person).map_err(not_enrolled)?;
    show(settings, &new)?;
    let kept = prove(settings, devices, &new, wanted.replace)?;
    settings.out.say(&format!("{} is enrolled for {}. Its secret is not shown again.", kept.device, kept.person));
    settings.out.say(WHAT_IT_IS);
    Ok(Exit::Done)
}

/// Whoever replaces a device must have it.
fn release(settings: &Settings, devices: &LocalDevices, old: &DeviceInfo) -> Result<(), CliError> {
    let code = code::ask(settings, &format!("Code now shown by the present {} of {}:", old.device, old.person))?;
    let checked = devices.check(&old.person, &code, now_ms(), None);
    checked.map(drop).map_err(|denied| refused(&denied).hint(lost(devices, &old.person)))
}

fn show(settings: &Settings, new: &NewDevice) -> Result<(), CliError> {
    let uri = new.uri().map_err(not_enrolled)?;
    if settings.json {
        let shown = json!({"version": VERSION, "person": new.person(), "device": new.device(), "uri": *uri});
        return out::line(&shown.to_string());
    }
    settings.out.say(&format!(
        "A new device for {}: {}. Scan this with an authenticator app.",
        new.person(),
        new.device()
    ));
    match qr::draw(&uri, settings.out.color, settings.out.ascii) {
        Some(drawn) if drawn.fits() => out::document(&drawn.text)?,
        Some(_) | None => {
            settings.out.say("(The QR code does not fit here: make the window wider, or type the secret.)");
        }
    }
    out::line(&format!("secret  {}", *new.secret_text()))?;
    out::line(&format!("uri     {}", *uri))
}

/// Asks until a code of the new device is right.
fn prove(settings: &Settings, devices: &LocalDevices, new: &NewDevice, replace: bool) -> Result<DeviceInfo, CliError> {
    let mut tries = 1;
    loop {
        let code = code::ask(settings, &format!("Code now shown by {}:", new.device()))?;
        match devices.enrol(new, &code, now_ms(), replace) {
            Ok(kept) => return Ok(kept),
            Err(EnrolError::Refused(why)) if tries < TRIES && code::is_person() => {
                tries += 1;
                settings.out.say(&format!("{}; {}", why.word(), next_code(now_ms())));
            }
            Err(error) => return Err(not_enrolled(error)),
        }
    }
}

fn test(settings: &Settings, devices: &LocalDevices, wanted: &MfaTest) -> Outcome {
    let person = person(settings, wanted.name.as_ref());
    let Some(device) = devices.info(&person, now_ms()).map_err(|error| unusable(&error))? else {
        return Err(CliError::new(Exit::Credentials, format!("no device is enrolled for {person}"))
            .hint(format!("lifeboat mfa enroll {person}")));
    };
    let code = code::ask(settings, &format!("Code now shown by {} of {person}:", device.device))?;
    let now_ms = now_ms();
    let checked = devices.check(&person, &code, now_ms, None);
    if settings.json {
        out::json(&tested(&person, &device.device, checked.as_ref().err(), now_ms))?;
    }
    match checked {
        Ok(proof) => {
            settings.out.say(&format!(
                "accepted: {} of {person}. This code is used up; {}.",
                proof.device,
                next_code(now_ms)
            ));
            Ok(Exit::Done)
        }
        Err(denied) => Err(refused(&denied).hint(advice(denied.why, now_ms))),
    }
}

fn tested(person: &str, device: &str, denied: Option<&MfaDenied>, now_ms: i64) -> Value {
    json!({
        "version": VERSION, "person": person, "device": device, "accepted": denied.is_none(),
        "why": denied.map(|denied| denied.why), "detail": denied.and_then(|denied| denied.detail.as_ref()), "next_code_ms": totp::left_ms(now_ms),
    })
}

fn list(settings: &Settings, devices: &LocalDevices) -> Outcome {
    let found = devices.list(now_ms()).map_err(|error| unusable(&error))?;
    let (good, bad): (Vec<_>, Vec<_>) = found.into_iter().partition(Result::is_ok);
    let good: Vec<DeviceInfo> = good.into_iter().flatten().collect();
    if settings.json {
        let listed: Vec<Value> = good.iter().map(row_json).collect();
        out::json(&json!({"version": VERSION, "devices": listed}))?;
    } else if good.is_empty() && bad.is_empty() {
        settings.out.say("no device is enrolled; lifeboat mfa enroll NAME makes one");
    } else {
        let widest = good.iter().map(|device| device.person.chars().count()).max().unwrap_or(0);
        for device in &good {
            out::line(&settings.out.shown(&row_text(device, widest)))?;
        }
    }
    let mut exit = Exit::Done;
    for error in bad.into_iter().filter_map(Result::err) {
        settings.out.error(&unusable(&error));
        exit = Exit::Failed;
    }
    Ok(exit)
}

fn row_json(device: &DeviceInfo) -> Value {
    json!({
        "person": device.person, "device": device.device, "enrolled_at": rfc3339(device.enrolled_ms),
        "last_used_at": device.last_used_ms.map(rfc3339), "locked_until": device.locked_until_ms.map(rfc3339),
    })
}

fn row_text(device: &DeviceInfo, widest: usize) -> String {
    let used =
        device.last_used_ms.map_or_else(|| "never used".to_owned(), |at_ms| format!("last used {}", second(at_ms)));
    let locked = device.locked_until_ms.map(|at_ms| format!("  locked until {}", second(at_ms))).unwrap_or_default();
    let enrolled = second(device.enrolled_ms);
    format!("{:<widest$}  {}  enrolled {enrolled}  {used}{locked}", device.person, device.device)
}

/// An instant to the second.
fn second(at_ms: i64) -> String {
    rfc3339(at_ms - at_ms.rem_euclid(1000)).replace(".000Z", "Z")
}

fn next_code(now_ms: i64) -> String {
    format!("next code in {}s", totp::left_ms(now_ms).div_ceil(1000))
}

fn advice(why: MfaRefusal, now_ms: i64) -> String {
    match why {
        MfaRefusal::Wrong => format!(
            "is it the right entry in the app, and is this clock right ({})? {}",
            second(now_ms),
            next_code(now_ms)
        ),
        MfaRefusal::TooManyTries => "wait until then; no code is looked at before".to_owned(),
        MfaRefusal::Expired
        | MfaRefusal::AlreadyUsed
        | MfaRefusal::DeviceLost
        | MfaRefusal::NoDevice
        | MfaRefusal::SessionExpired
        | MfaRefusal::RoleDenied
        | MfaRefusal::Unreachable => next_code(now_ms),
    }
}

fn refused(denied: &MfaDenied) -> CliError {
    let detail = denied.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    CliError::new(Exit::Credentials, format!("{}{detail}", denied.why.word()))
}

fn lost(devices: &LocalDevices, person: &str) -> String {
    format!("if the device is lost, remove `{}` and enrol a new one", devices.path(person).display())
}

fn exists(devices: &LocalDevices, old: &DeviceInfo) -> CliError {
    let hint = format!("with a code of it at hand, add --replace\n{}", lost(devices, &old.person));
    CliError::usage(format!("{} has a device already: {}", old.person, old.device)).hint(hint)
}

fn unusable(error: &DeviceError) -> CliError {
    let said = CliError::new(Exit::Credentials, error.to_string());
    match error.way_out() {
        Some(way_out) => said.hint(way_out),
        None => said,
    }
}

fn not_enrolled(error: EnrolError) -> CliError {
    match error {
        EnrolError::Refused(why) => CliError::new(Exit::Credentials, format!("not enrolled: {}", why.word()))
            .hint("nothing was kept: remove the entry from the app and begin anew"),
        EnrolError::Device(error) => unusable(&error),
        EnrolError::NoName => CliError::usage("a device needs the name of its owner"),
        EnrolError::Exists { .. } | EnrolError::NoRandom(_) => CliError::failed(error.to_string()),
    }
}
