//! The adapters of the real world, put together for one run. The only file of this room that knows them.

use std::sync::Arc;

use super::preflight::Identities;
use crate::cli::exit::CliError;
use crate::cli::settings::Settings;
use crate::engine::ports::{Cloud, MfaDevices};
use crate::model::plan::Plan;

/// What a run acts through.
pub struct Means {
    pub cloud: Arc<dyn Cloud>,
    pub mfa: Arc<dyn MfaDevices>,
}

#[cfg(feature = "aws")]
mod there {
    use futures_util::future::BoxFuture;

    use super::{Arc, CliError, Cloud, Identities, Means, MfaDevices, Plan, Settings};
    use crate::aws::{AwsCloud, AwsOptions};
    use crate::driver::router::CloudRouter;
    use crate::mfa::{DrillAuthenticator, LocalDevices};
    use crate::model::event::TargetIdentity;
    use crate::model::outcome::CloudError;
    use crate::model::plan::ResolvedTarget;
    use crate::model::runbook::MfaMethod;

    impl Identities for AwsCloud {
        fn identity<'a>(&'a self, target: &'a ResolvedTarget) -> BoxFuture<'a, Result<TargetIdentity, CloudError>> {
            Box::pin(self.identity(target))
        }
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

    struct Absent;

    impl Cloud for Absent {
        fn call<'a>(
            &'a self,
            request: &'a crate::engine::effect::CallRequest,
        ) -> BoxFuture<'a, Result<crate::engine::ports::CloudReply, CloudError>> {
            let message = format!("`{}` cannot be called yet", request.call.name());
            let kind = crate::model::outcome::CloudErrorKind::Invalid;
            Box::pin(std::future::ready(Err(CloudError { kind, code: "Absent".to_owned(), message, request_id: None })))
        }
    }

    /// A cloud to look around in, with nobody's codes: whoever has it sends reads.
    #[expect(clippy::unnecessary_wraps, reason = "as `are_there`")]
    pub fn eyes(settings: &Settings) -> Result<Arc<dyn Cloud>, CliError> {
        let aws = AwsCloud::new(options(settings, "readiness", &settings.operator()));
        let outside = crate::outside::Outside::new(crate::outside::OutsideOptions::default());
        Ok(Arc::new(CloudRouter::new(aws, Arc::new(outside))))
    }

    /// A connection belongs to the runtime it was made on, so the driver gets clients of its own.
    pub fn means(settings: &Settings, plan: &Plan, run: &str, is_headless: bool) -> Result<Means, CliError> {
        let aws = AwsCloud::new(options(settings, run, &plan.operator));
        let outside: Arc<dyn Cloud> = Arc::new(Absent);
        if is_headless {
            let cloud = CloudRouter::with_practice_codes(aws, outside, plan.mode);
            let cloud = cloud.ok_or_else(|| CliError::usage("a real run needs a person at every gate"))?;
            return Ok(Means { cloud: Arc::new(cloud), mfa: Arc::new(DrillAuthenticator::without_waiting(run)) });
        }
        let local: Arc<dyn MfaDevices> = Arc::new(LocalDevices::new(&settings.state_dir()?));
        let mfa = match plan.mfa.as_ref().filter(|mfa| mfa.method == MfaMethod::Sts) {
            Some(_) => return Err(CliError::failed("codes checked at AWS are not there yet: choose `method: totp`")),
            None => local,
        };
        Ok(Means { cloud: Arc::new(CloudRouter::new(aws, outside)), mfa })
    }
}

#[cfg(not(feature = "aws"))]
mod there {
    use super::{Arc, CliError, Cloud, Identities, Means, Plan, Settings};

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

    pub fn eyes(_settings: &Settings) -> Result<Arc<dyn Cloud>, CliError> {
        Err(absent())
    }

    pub fn means(_settings: &Settings, _plan: &Plan, _run: &str, _is_headless: bool) -> Result<Means, CliError> {
        Err(absent())
    }
}

pub use there::{are_there, eyes, identities, means};
