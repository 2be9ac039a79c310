use fred::{clients::Pipeline, error::Error, interfaces::ClientLike, types::Value};
use futures_util::future::join;

/// The replies to the commands of a pipeline and to the `last` one, which goes out with them: in one write to each server.
///
/// fred writes out what it has as soon as no request is queued behind a command. A pipeline is one request, so alone it
/// would be written command by command; scripts always are.
pub(super) async fn together<C: ClientLike>(
    pipeline: Pipeline<C>,
    last: impl Future<Output = Result<Value, Error>>,
) -> Vec<Result<Value, Error>> {
    // Polled in this order, so that both are queued before fred looks.
    let (mut replies, last) = join(pipeline.try_all::<Value>(), last).await;
    replies.push(last);
    replies
}
