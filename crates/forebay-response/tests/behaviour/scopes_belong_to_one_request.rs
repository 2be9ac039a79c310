use crate::stage::request;
use forebay_response::ScopeLayer;
use forebay_scope::{RequestId, Scope, Tag};
use http::{Method, Request, Response};
use std::{convert::Infallible, time::Duration};
use tower::{Layer, ServiceExt, service_fn};

type Seen = (RequestId, Option<Duration>, usize);

async fn seen(layer: ScopeLayer) -> Seen {
    let service = layer.layer(service_fn(async |_: Request<()>| {
        let scope = Scope::current().expect("inside of a scope");
        scope.read([Tag::named("prices")]);
        tokio::task::yield_now().await;
        let tags = Scope::current().expect("still inside").tags().as_slice().len();
        Ok::<_, Infallible>(Response::new((scope.id(), scope.remaining(), tags)))
    }));
    service.oneshot(request(Method::GET, &[])).await.expect("answered").into_body()
}

#[tokio::test(start_paused = true)]
async fn each_request_has_one_of_its_own() {
    let (first, deadline, tags) = seen(ScopeLayer::new()).await;
    let (second, ..) = seen(ScopeLayer::new()).await;
    assert_ne!(first, second);
    assert_eq!((deadline, tags), (None, 1));
    assert!(Scope::current().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_counts_from_the_arrival() {
    let (_, remaining, _) = seen(ScopeLayer::new().deadline(Duration::from_secs(3))).await;
    assert_eq!(remaining, Some(Duration::from_secs(3)));
    let (_, remaining, _) = seen(ScopeLayer::new().deadline(Duration::MAX)).await;
    assert_eq!(remaining, None);
}
