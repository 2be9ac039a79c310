use crate::{
    Error,
    config::{ConfigError, MetricsSettings, Origin},
};
use forebay_metrics::{Fanout, Meter, WindowRecorder};
use std::{sync::Arc, time::Duration};
use tokio::task::AbortHandle;

/// The recorders of one data path, and the task that keeps them up to date.
#[derive(Debug)]
pub(crate) struct Measuring {
    pub(crate) meter: Meter,
    pub(crate) recorder: WindowRecorder,
    #[cfg(feature = "axum")]
    pub(crate) prometheus: forebay_metrics::Prometheus,
    /// Ends with this.
    ticking: AbortHandle,
}

/// How often recorders put their windows in order. Much shorter than the shortest window, a minute.
const TICK: Duration = Duration::from_secs(5);

impl Measuring {
    pub(crate) fn start(
        settings: &MetricsSettings,
        host: Option<Box<dyn metrics::Recorder + Send + Sync>>,
    ) -> Result<Self, Error> {
        let wrong = |key: &str, error: forebay_metrics::Error| ConfigError::Value {
            key: key.to_owned(),
            origin: Origin::Code,
            problem: error.to_string(),
        };
        let recorder =
            WindowRecorder::new(settings.recorder.clone()).map_err(|e| wrong("metrics.recorder", e))?;
        let mut all = Fanout::default().with(recorder.clone());
        #[cfg(feature = "axum")]
        let prometheus = forebay_metrics::Prometheus::new(settings.prometheus.clone())
            .map_err(|e| wrong("metrics.prometheus", e))?;
        #[cfg(feature = "axum")]
        {
            all = all.with(prometheus.clone());
        }
        if let Some(host) = host {
            all = all.with(host);
        }
        let ticking = tokio::spawn({
            let recorder = recorder.clone();
            #[cfg(feature = "axum")]
            let prometheus = prometheus.clone();
            async move {
                let mut every = tokio::time::interval(TICK);
                loop {
                    every.tick().await;
                    recorder.tick();
                    #[cfg(feature = "axum")]
                    prometheus.tick();
                }
            }
        });
        Ok(Self {
            meter: Meter::shared(Arc::new(all)),
            recorder,
            #[cfg(feature = "axum")]
            prometheus,
            ticking: ticking.abort_handle(),
        })
    }
}

impl Drop for Measuring {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}
