//! Copies that cannot be told by their entity tag, and the mark that tells them.
//!
//! A copy has the tag of its source, but for two kinds: what was uploaded in parts gets a tag of its own
//! when it is copied as a whole, and what a KMS key encrypts gets a new one each time. Such a copy carries
//! the version it was made from as metadata, so that a resume finds it. Must not know: listings.

use std::collections::HashMap;

use aws_sdk_s3::operation::copy_object::builders::CopyObjectFluentBuilder;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::MetadataDirective;
use futures_util::future::BoxFuture;

use super::difference::Found;
use super::listing::{Place, Wanted};
use crate::aws::calls::Calls;
use crate::model::outcome::{CloudError, CloudErrorKind};

/// `x-amz-meta-lifeboat-copy-of`: bucket and version.
const MARK: &str = "lifeboat-copy-of";

/// What was found, and whether it is a copy of the version wanted after all.
pub fn looked_at<'f>(
    calls: &'f Calls<'f>,
    place: &'f Place,
    marks: &'f Marks,
    found: Found,
) -> BoxFuture<'f, Result<(Found, bool), CloudError>> {
    Box::pin(async move {
        let is_copied = marks.is_copied(calls, place, &found).await?;
        Ok((found, is_copied))
    })
}

/// Which copies need a mark.
pub struct Marks {
    /// A key of KMS encrypts on one of the two sides, or nobody may say.
    all: bool,
}

impl Marks {
    /// Asks both buckets how they encrypt what is written.
    pub async fn of(calls: &Calls<'_>, place: &Place) -> Result<Self, CloudError> {
        let here = calls.s3().get_bucket_encryption().bucket(&place.bucket);
        let there = calls.s3().get_bucket_encryption().bucket(&place.replica).customize();
        let here = calls.look(here.send()).await;
        let there = calls.look(there.config_override(place.there()).send()).await;
        let mut all = false;
        for answer in [here, there] {
            all |= match answer {
                Ok(output) => output.server_side_encryption_configuration().is_some_and(|config| {
                    let defaults =
                        config.rules().iter().filter_map(|rule| rule.apply_server_side_encryption_by_default());
                    defaults.into_iter().any(|default| default.sse_algorithm().as_str().contains("kms"))
                }),
                Err(error) if error.code == "ServerSideEncryptionConfigurationNotFoundError" => false,
                // Whoever may not ask marks every copy, which is right in any case.
                Err(error) if error.kind == CloudErrorKind::Denied => true,
                Err(error) => return Err(error),
            };
        }
        Ok(Self { all })
    }

    pub fn needed(&self, wanted: &Wanted) -> bool {
        self.all || wanted.etag.contains('-')
    }

    /// Whether what stands in its place is a copy of the version wanted, which its tag does not tell.
    pub async fn is_copied(&self, calls: &Calls<'_>, place: &Place, found: &Found) -> Result<bool, CloudError> {
        let Some(held) = &found.held else { return Ok(false) };
        if !self.needed(&found.wanted) || held.size != found.wanted.size {
            return Ok(false);
        }
        let look = calls.s3().head_object().bucket(&place.bucket).key(&found.wanted.key).send();
        match calls.look(look).await {
            Ok(seen) => Ok(is_marked(&seen, place, &found.wanted)),
            // Gone since it was listed.
            Err(error) if error.kind == CloudErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives a copy its mark, beside the metadata of its source.
    pub async fn put(
        &self,
        calls: &Calls<'_>,
        place: &Place,
        wanted: &Wanted,
        copy: CopyObjectFluentBuilder,
    ) -> Result<CopyObjectFluentBuilder, CloudError> {
        if !self.needed(wanted) {
            return Ok(copy);
        }
        let look = calls.s3().head_object().bucket(&place.replica).key(&wanted.key).version_id(&wanted.version_id);
        let head = calls.look(look.customize().config_override(place.there()).send()).await?;
        let mut metadata: HashMap<String, String> = head.metadata().cloned().unwrap_or_default();
        metadata.insert(MARK.to_owned(), mark(place, wanted));
        let text = |text: Option<&str>| text.map(str::to_owned);
        Ok(copy
            .metadata_directive(MetadataDirective::Replace)
            .set_metadata(Some(metadata))
            .set_content_type(text(head.content_type()))
            .set_content_encoding(text(head.content_encoding()))
            .set_content_disposition(text(head.content_disposition()))
            .set_content_language(text(head.content_language()))
            .set_cache_control(text(head.cache_control()))
            .set_website_redirect_location(text(head.website_redirect_location()))
            .set_expires(head.expires_string().and_then(expires)))
    }
}

pub fn is_marked(head: &HeadObjectOutput, place: &Place, wanted: &Wanted) -> bool {
    head.metadata().and_then(|metadata| metadata.get(MARK)) == Some(&mark(place, wanted))
}

/// Letters that a header takes, whatever the version is called.
fn mark(place: &Place, wanted: &Wanted) -> String {
    format!("{}/{}", place.replica, wanted.version_id)
}

fn expires(text: &str) -> Option<aws_smithy_types::DateTime> {
    aws_smithy_types::DateTime::from_str(text, aws_smithy_types::date_time::Format::HttpDate).ok()
}
