//! How Route 53 says no to a batch: with one sentence for each record, and not always in the form in
//! which the SDK looks for errors. Must not know: what was in the batch.

use aws_sdk_route53::error::{ErrorMetadata, SdkError};
use aws_sdk_route53::operation::change_resource_record_sets::ChangeResourceRecordSetsError;
use aws_sdk_route53::types::error::InvalidChangeBatch;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

type Failure = SdkError<ChangeResourceRecordSetsError, HttpResponse>;

/// Gives a refused batch its code and its sentences; every other failure stays as it is.
pub(super) fn reworded(failure: Failure) -> Failure {
    let SdkError::ServiceError(context) = &failure else { return failure };
    let sentences = match context.err() {
        ChangeResourceRecordSetsError::InvalidChangeBatch(batch) => batch.messages().to_vec(),
        _ => context.raw().body().bytes().map(bare_document).unwrap_or_default(),
    };
    let SdkError::ServiceError(context) = failure else { return failure };
    if sentences.is_empty() || !(400..500).contains(&context.raw().status().as_u16()) {
        return SdkError::ServiceError(context);
    }
    let meta = ErrorMetadata::builder().code("InvalidChangeBatch").message(sentences.join(" ")).build();
    let batch = InvalidChangeBatch::builder().set_messages(Some(sentences)).meta(meta).build();
    SdkError::service_error(ChangeResourceRecordSetsError::InvalidChangeBatch(batch), context.into_raw())
}

/// The sentences of a document `<InvalidChangeBatch>`, which the SDK takes for no error it knows.
fn bare_document(body: &[u8]) -> Vec<String> {
    let body = String::from_utf8_lossy(body);
    let Some((_, inside)) = body.split_once("<InvalidChangeBatch") else { return Vec::new() };
    let pieces = inside.split("<Message>").skip(1).filter_map(|piece| piece.split_once("</Message>"));
    pieces.map(|(sentence, _)| unescaped(sentence)).collect()
}

fn unescaped(xml: &str) -> String {
    let pairs = [("&apos;", "'"), ("&quot;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    pairs.iter().fold(xml.to_owned(), |text, (escaped, meant)| text.replace(escaped, meant))
}
