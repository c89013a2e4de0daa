//! The adapters of the real world, put together for one run. The only file of this room that knows them.

use std::path::Path;
use std::sync::Arc;

use super::preflight::Identities;
use crate::cli::exit::CliError;
use crate::cli::settings::Settings;
use crate::engine::ports::{Cloud, MfaDevices};
use crate::model::plan::Plan;
use crate::model::secret::Secrets;

/// What a run acts through.
pub struct Means {
    pub cloud: Arc<dyn Cloud>,
    pub mfa: Arc<dyn MfaDevices>,
}

/// Which run it is, and where it is kept.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "a build without AWS has no use for it"))]
pub struct Place<'a> {
    pub run: &'a str,
    pub dir: &'a Path,
}

#[cfg(feature = "aws")]
mod there {
    use futures_util::future::BoxFuture;

    use super::{Arc, CliError, Cloud, Identities, Means, MfaDevices, Place, Plan, Secrets, Settings};
    use crate::aws::{AwsCloud, AwsOptions, StsDevices};
    use crate::cli::real::targets;
    use crate::driver::router::CloudRouter;
    use crate::engine::ports::Programs;
    use crate::mfa::{Devices, DrillAuthenticator, LocalDevices};
    use crate::model::event::TargetIdentity;
    use crate::model::outcome::CloudError;
    use crate::model::plan::ResolvedTarget;
    use crate::model::runbook::{Mfa, MfaMethod};
    use crate::model::template::Template;
    use crate::outside::{Outside, OutsideOptions, read_resolvers};

    impl Identities for AwsCloud {
        fn identity<'a>(&'a self, target: &'a ResolvedTarget) -> BoxFuture<'a, Result<TargetIdentity, CloudError>> {
            Box::pin(self.identity(target))
        }
    }

    /// In a run's directory: what is known of the programs that it started.
    const PROGRAMS: &str = "programs";

    /// Where the programs of a run that begins are going to be kept.
    pub fn make_room(dir: &std::path::Path) -> Result<(), CliError> {
        let failed = |error| CliError::failed(format!("failed to make the directory of programs: {error}"));
        Outside::make_room(&dir.join(PROGRAMS)).map_err(failed)
    }

    #[expect(clippy::unnecessary_wraps, reason = "a build without AWS says so here")]
    pub const fn are_there() -> Result<(), CliError> {
        Ok(())
    }

    fn options(settings: &Settings, run: &str, operator: &str) -> AwsOptions {
        AwsOptions {
            profile: settings.aws.profile.clone(),
            region: settings.aws.region.clone(),
            endpoint_url: settings.aws.endpoint_url.clone(),
            run: run.to_owned(),
            operator: operator.to_owned(),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "as `are_there`")]
    pub fn identities(settings: &Settings, run: &str) -> Result<Arc<dyn Identities>, CliError> {
        Ok(AwsCloud::new(options(settings, run, &settings.operator())))
    }

    /// A cloud to look around in, with nobody's codes: whoever has it sends reads.
    pub fn eyes(settings: &Settings, secrets: Secrets) -> Result<Arc<dyn Cloud>, CliError> {
        let outside =
            Arc::new(Outside::new(OutsideOptions { resolvers: resolvers()?, secrets, ..OutsideOptions::default() }));
        let programs: Arc<dyn Programs> = outside.clone();
        let aws = AwsCloud::with_programs(options(settings, "readiness", &settings.operator()), programs);
        Ok(Arc::new(CloudRouter::new(aws, outside)))
    }

    /// A connection belongs to the runtime it was made on, so the driver gets clients of its own.
    pub fn means(
        settings: &Settings,
        plan: &Plan,
        place: Place,
        secrets: Secrets,
        is_headless: bool,
    ) -> Result<Means, CliError> {
        let run = place.run;
        let outside = Arc::new(Outside::new(OutsideOptions {
            resolvers: resolvers()?,
            programs_dir: Some(place.dir.join(PROGRAMS)),
            keeper: None,
            secrets,
        }));
        let programs: Arc<dyn Programs> = outside.clone();
        let aws = AwsCloud::with_programs(options(settings, run, &plan.operator), programs);
        if is_headless {
            let cloud = CloudRouter::with_practice_codes(aws, outside, plan.mode);
            let cloud = cloud.ok_or_else(|| CliError::usage("a real run needs a person at every gate"))?;
            return Ok(Means { cloud: Arc::new(cloud), mfa: Arc::new(DrillAuthenticator::without_waiting(run)) });
        }
        let local: Arc<dyn MfaDevices> = Arc::new(LocalDevices::new(&settings.state_dir()?));
        let mfa = match plan.mfa.as_ref().filter(|mfa| mfa.method == MfaMethod::Sts) {
            Some(mfa) => {
                let operators = sts(&aws, plan, mfa, run)?;
                Arc::new(Devices::new(&plan.operator, Arc::new(operators), local))
            }
            None => local,
        };
        Ok(Means { cloud: Arc::new(CloudRouter::new(aws, outside)), mfa })
    }

    /// The operator's device at AWS, as the runbook names it.
    fn sts(aws: &AwsCloud, plan: &Plan, mfa: &Mfa, run: &str) -> Result<StsDevices, CliError> {
        let scope = plan.base_scope(run);
        let rendered = |name: &str, template: &Template| {
            let failed = |error: &dyn std::fmt::Display| CliError::usage(format!("mfa.{name} has no value: {error}"));
            template.render(&scope).map_err(|error| failed(&error.message))
        };
        let serial = mfa.serial.as_ref().map(|serial| rendered("serial", serial)).transpose()?;
        let serial = serial.filter(|serial| !serial.is_empty()).ok_or_else(|| {
            CliError::usage("`mfa: {method: sts}` needs `serial`: the ARN of the operator's device")
                .hint("serial: \"arn:aws:iam::111122223333:mfa/${{ run.operator }}\"")
        })?;
        let role = mfa.role.as_ref().map(|role| rendered("role", role)).transpose()?;
        Ok(StsDevices::new(aws, serial, role.filter(|role| !role.is_empty()), targets::home(plan)))
    }

    /// The resolvers that the environment names, in place of the public ones.
    fn resolvers() -> Result<Option<Vec<String>>, CliError> {
        let named = std::env::var("LIFEBOAT_RESOLVERS").ok().filter(|text| !text.trim().is_empty());
        let resolvers = named.as_deref().map(read_resolvers).transpose();
        resolvers.map_err(|why| CliError::usage(format!("LIFEBOAT_RESOLVERS: {why}")))
    }
}

#[cfg(not(feature = "aws"))]
mod there {
    use super::{Arc, CliError, Cloud, Identities, Means, Place, Plan, Secrets, Settings};

    fn absent() -> CliError {
        CliError::usage("this build has no AWS in it")
            .hint("install one with the default features; drills in the simulated cloud work in this one")
    }

    pub fn are_there() -> Result<(), CliError> {
        Err(absent())
    }

    pub fn identities(_settings: &Settings, _run: &str) -> Result<Arc<dyn Identities>, CliError> {
        Err(absent())
    }

    pub fn eyes(_settings: &Settings, _secrets: Secrets) -> Result<Arc<dyn Cloud>, CliError> {
        Err(absent())
    }

    pub fn make_room(_dir: &std::path::Path) -> Result<(), CliError> {
        Err(absent())
    }

    pub fn means(
        _settings: &Settings,
        _plan: &Plan,
        _place: Place,
        _secrets: Secrets,
        _is_headless: bool,
    ) -> Result<Means, CliError> {
        Err(absent())
    }
}

pub use there::{are_there, eyes, identities, make_room, means};
