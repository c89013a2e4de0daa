//! The SDK's clients of one identity in one region, each made once and kept.

use std::sync::OnceLock;

use aws_config::{Region, SdkConfig};
use aws_types::service_config::ServiceConfigKey;

use super::config::global_region;

/// Clients that sign with the same keys, which are already at hand.
#[derive(Debug)]
pub(super) struct Clients {
    key_id: String,
    config: SdkConfig,
    rds: OnceLock<aws_sdk_rds::Client>,
    ecs: OnceLock<aws_sdk_ecs::Client>,
    route53: OnceLock<aws_sdk_route53::Client>,
    cloudfront: OnceLock<aws_sdk_cloudfront::Client>,
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    elasticache: OnceLock<aws_sdk_elasticache::Client>,
    elbv2: OnceLock<aws_sdk_elasticloadbalancingv2::Client>,
    backup: OnceLock<aws_sdk_backup::Client>,
    autoscaling: OnceLock<aws_sdk_applicationautoscaling::Client>,
}

impl Clients {
    /// `config` holds the keys themselves, not a way to get them; `key_id` names them.
    pub fn new(key_id: &str, config: SdkConfig) -> Self {
        Self {
            key_id: key_id.to_owned(),
            config,
            rds: OnceLock::new(),
            ecs: OnceLock::new(),
            route53: OnceLock::new(),
            cloudfront: OnceLock::new(),
            cloudwatch: OnceLock::new(),
            s3: OnceLock::new(),
            sts: OnceLock::new(),
            sns: OnceLock::new(),
            logs: OnceLock::new(),
            ssm: OnceLock::new(),
            dynamodb: OnceLock::new(),
            elasticache: OnceLock::new(),
            elbv2: OnceLock::new(),
            backup: OnceLock::new(),
            autoscaling: OnceLock::new(),
        }
    }

    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    pub fn region(&self) -> Option<&str> {
        self.config.region().map(Region::as_ref)
    }

    /// The keys themselves, for a program that signs by itself.
    pub async fn credentials(&self) -> Option<aws_credential_types::Credentials> {
        use aws_credential_types::provider::ProvideCredentials as _;
        self.config.credentials_provider()?.provide_credentials().await.ok()
    }

    pub fn rds(&self) -> &aws_sdk_rds::Client {
        self.rds.get_or_init(|| aws_sdk_rds::Client::new(&self.config))
    }

    pub fn ecs(&self) -> &aws_sdk_ecs::Client {
        self.ecs.get_or_init(|| aws_sdk_ecs::Client::new(&self.config))
    }

    pub fn route53(&self) -> &aws_sdk_route53::Client {
        self.route53.get_or_init(|| aws_sdk_route53::Client::new(&self.global()))
    }

    pub fn cloudfront(&self) -> &aws_sdk_cloudfront::Client {
        self.cloudfront.get_or_init(|| aws_sdk_cloudfront::Client::new(&self.global()))
    }

    pub fn cloudwatch(&self) -> &aws_sdk_cloudwatch::Client {
        self.cloudwatch.get_or_init(|| aws_sdk_cloudwatch::Client::new(&self.config))
    }

    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.config);
            // Behind an endpoint of one's own a bucket has no host name.
            aws_sdk_s3::Client::from_conf(config.force_path_style(self.has_own_s3()).build())
        })
    }

    pub fn sts(&self) -> &aws_sdk_sts::Client {
        self.sts.get_or_init(|| aws_sdk_sts::Client::new(&self.config))
    }

    pub fn sns(&self) -> &aws_sdk_sns::Client {
        self.sns.get_or_init(|| aws_sdk_sns::Client::new(&self.config))
    }

    pub fn logs(&self) -> &aws_sdk_cloudwatchlogs::Client {
        self.logs.get_or_init(|| aws_sdk_cloudwatchlogs::Client::new(&self.config))
    }

    pub fn ssm(&self) -> &aws_sdk_ssm::Client {
        self.ssm.get_or_init(|| aws_sdk_ssm::Client::new(&self.config))
    }

    pub fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.dynamodb.get_or_init(|| aws_sdk_dynamodb::Client::new(&self.config))
    }

    pub fn elasticache(&self) -> &aws_sdk_elasticache::Client {
        self.elasticache.get_or_init(|| aws_sdk_elasticache::Client::new(&self.config))
    }

    pub fn elbv2(&self) -> &aws_sdk_elasticloadbalancingv2::Client {
        self.elbv2.get_or_init(|| aws_sdk_elasticloadbalancingv2::Client::new(&self.config))
    }

    pub fn backup(&self) -> &aws_sdk_backup::Client {
        self.backup.get_or_init(|| aws_sdk_backup::Client::new(&self.config))
    }

    pub fn autoscaling(&self) -> &aws_sdk_applicationautoscaling::Client {
        self.autoscaling.get_or_init(|| aws_sdk_applicationautoscaling::Client::new(&self.config))
    }

    fn global(&self) -> SdkConfig {
        self.config.to_builder().region(Region::new(global_region(self.region().unwrap_or_default()))).build()
    }

    fn has_own_s3(&self) -> bool {
        let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        let own = key.ok().and_then(|key| self.config.service_config().and_then(|config| config.load_config(key)));
        own.is_some() || self.config.endpoint_url().is_some()
    }
}
