//! What the command line says about AWS. Must not know: files, environment, credentials.

/// The operator's wishes, laid over what the runbook's targets say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsOptions {
    /// `--profile`: taken for every target in place of its own. Empty: no named profile at all, so
    /// that the environment's credentials count.
    pub profile: Option<String>,
    /// `--region`: for targets that name none.
    pub region: Option<String>,
    /// `--endpoint-url`: wins over `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`.
    pub endpoint_url: Option<String>,
    /// The run's id: the name of sessions in the account's audit trail.
    pub run: String,
    /// Who drives: the source identity there.
    pub operator: String,
}
