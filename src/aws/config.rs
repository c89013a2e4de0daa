//! Where an SDK configuration comes from: profiles, environment, SSO, flags, a target.
//!
//! Retries and stalled-stream protection are off for everything: each would send again behind our
//! back. Must not know: services, MFA, the outcome of calls.

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::options::AwsOptions;
use crate::model::plan::ResolvedTarget;

const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);
/// How long STS may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Route 53 and CloudFront live in one region of each partition. With an endpoint of one's own they
/// would be signed for the client's region, which AWS refuses.
pub(super) fn global_region(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "cn-northwest-1"
    } else if region.starts_with("us-gov-") {
        "us-gov-west-1"
    } else {
        "us-east-1"
    }
}

/// Which identity a target starts from: the name of a profile, or the default chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    Profile(String),
    /// Environment, `AWS_PROFILE`, the default profile, web identity, container, instance.
    Chain,
}

impl Origin {
    /// The flag before the target's own profile.
    pub fn of(target: &ResolvedTarget, options: &AwsOptions) -> Self {
        match options.profile.as_deref().or(target.profile.as_deref()) {
            Some("") | None => Self::Chain,
            Some(name) => Self::Profile(name.to_owned()),
        }
    }
}

/// Makes configurations.
#[derive(Debug)]
pub(super) struct Loader {
    options: AwsOptions,
    http: SharedHttpClient,
    retries: bool,
    patience: Duration,
    #[cfg(test)]
    pub scripted: Option<super::wire::Keys>,
    /// In place of the operator's own configuration files.
    #[cfg(test)]
    #[expect(deprecated, reason = "the type's new home is in a crate that is not ours to name")]
    pub files: Option<aws_config::profile::profile_file::ProfileFiles>,
}

impl Loader {
    pub fn new(options: AwsOptions, http: SharedHttpClient) -> Self {
        Self {
            options,
            http,
            retries: false,
            patience: PATIENCE,
            #[cfg(test)]
            scripted: None,
            #[cfg(test)]
            files: None,
        }
    }

    pub const fn options(&self) -> &AwsOptions {
        &self.options
    }

    /// How long whoever says whose keys these are, or gives new ones, may take to answer.
    pub const fn patience(&self) -> Duration {
        self.patience
    }

    #[cfg(test)]
    pub const fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// For negative controls: what the SDK would do if it were left to itself.
    #[cfg(test)]
    pub const fn let_the_sdk_retry(&mut self) {
        self.retries = true;
    }

    /// Everything but the credentials themselves, which are asked for separately. Reads the
    /// configuration files anew.
    pub async fn load(&self, origin: &Origin, region: Option<&str>) -> SdkConfig {
        #[cfg(test)]
        if let Some(keys) = &self.scripted {
            return self.scripted_config(keys, origin, region);
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(self.http.clone())
            .retry_config(self.retry_config())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Origin::Profile(name) = origin {
            loader = loader.profile_name(name);
        }
        if let Some(region) = region.or(self.options.region.as_deref()) {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(url) = &self.options.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let config = loader.load().await;
        match origin {
            // The default chain would let the environment's keys win over a profile that somebody named.
            Origin::Profile(name) => {
                let provider = SharedCredentialsProvider::new(self.named_profile(name, config.region()));
                config.into_builder().credentials_provider(provider).build()
            }
            Origin::Chain => config,
        }
    }

    fn named_profile(&self, name: &str, region: Option<&Region>) -> ProfileFileCredentialsProvider {
        let config = ProviderConfig::without_region().with_http_client(self.http.clone()).with_region(region.cloned());
        let provider = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(name);
        #[cfg(test)]
        let provider = match &self.files {
            Some(files) => provider.profile_files(files.clone()),
            None => provider,
        };
        provider.build()
    }

    fn retry_config(&self) -> RetryConfig {
        if self.retries {
            RetryConfig::standard().with_initial_backoff(Duration::from_millis(1))
        } else {
            RetryConfig::disabled()
        }
    }

    #[cfg(test)]
    fn scripted_config(&self, keys: &super::wire::Keys, origin: &Origin, region: Option<&str>) -> SdkConfig {
        let region = region.or(self.options.region.as_deref()).unwrap_or("eu-central-1");
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(self.http.clone())
            .retry_config(self.retry_config())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .region(Region::new(region.to_owned()))
            .credentials_provider(keys.provider(origin));
        config.set_endpoint_url(self.options.endpoint_url.clone());
        config.build()
    }
}

#[cfg(test)]
mod tests;
