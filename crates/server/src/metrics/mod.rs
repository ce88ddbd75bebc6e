//! Figures for Prometheus, in a registry of the server's own.
//!
//! Requests are counted as they end. What archives hold is looked up when somebody asks ([`tenants`]), from what is
//! open already. Labels have values from closed lists, or names from the configuration: whoever asks cannot make new
//! series.

mod collecting;
mod tenants;

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

pub(crate) use tenants::collect;

/// Media type of the text format.
pub(crate) const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;
/// Bounds of the latency histogram, in seconds: 1 ms to a minute.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0,
];

/// All figures.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    /// Those of `requests` and `seconds` that were used, by route, method and status: found with one look.
    answered: RwLock<HashMap<String, OfRoute>>,
    /// Requests that are worked on.
    pub(crate) in_flight: IntGauge,
    /// Streams of events that are open.
    pub(crate) streams: IntGauge,
    refused: IntCounterVec,
    /// Bytes of bodies that were sent.
    pub(crate) sent_bytes: IntCounter,
    cache: IntCounterVec,
    tenants: tenants::Figures,
    jobs: IntGaugeVec,
    collecting: collecting::Figures,
    verify_failures: IntCounterVec,
}

/// The figures of answers of one kind.
#[derive(Debug, Clone)]
struct Series {
    count: IntCounter,
    seconds: Histogram,
}

/// The figures of one route, by method and status.
type OfRoute = HashMap<(&'static str, u16), Series>;

/// A method as a label: it can be any word that somebody sends.
fn label(method: &str) -> &'static str {
    let known = ["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"];
    known
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

/// A figure that is registered.
trait Registered: Sized {
    fn registered(self, registry: &Registry) -> Self;
}

impl<C: prometheus::core::Collector + Clone + 'static> Registered for C {
    fn registered(self, registry: &Registry) -> Self {
        let own = Box::new(self.clone());
        registry
            .register(own)
            .expect("because every name is registered once");
        self
    }
}

fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    let gauges = IntGaugeVec::new(Opts::new(name, help), labels);
    gauges
        .expect("because the names are well formed")
        .registered(registry)
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    let counters = IntCounterVec::new(Opts::new(name, help), labels);
    counters
        .expect("because the names are well formed")
        .registered(registry)
}

impl Metrics {
    /// All at zero.
    pub(crate) fn new() -> Self {
        let registry = Registry::new();
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help).expect("because the name is well formed");
            gauge.registered(&registry)
        };
        let seconds = HistogramOpts::new(
            "entrace_http_request_duration_seconds",
            "Time until an answer began.",
        );
        let seconds = HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &["method", "route"]);
        let sent = IntCounter::new("entrace_http_sent_bytes_total", "Bytes of answers sent.");
        Self {
            requests: counters(
                &registry,
                "entrace_http_requests_total",
                "Requests by route and status.",
                &["method", "route", "status"],
            ),
            seconds: seconds
                .expect("because the names are well formed")
                .registered(&registry),
            in_flight: gauge(
                "entrace_http_requests_in_flight",
                "Requests that are worked on.",
            ),
            streams: gauge("entrace_http_streams", "Streams of events that are open."),
            refused: counters(
                &registry,
                "entrace_http_refused_total",
                "Requests refused before they reached a route.",
                &["reason"],
            ),
            answered: RwLock::default(),
            sent_bytes: sent
                .expect("because the name is well formed")
                .registered(&registry),
            cache: counters(
                &registry,
                "entrace_http_cache_total",
                "Answers about past states that were found in memory, or not.",
                &["result"],
            ),
            jobs: gauges(
                &registry,
                "entrace_jobs",
                "Jobs that are waiting or running.",
                &["tenant", "kind"],
            ),
            verify_failures: counters(
                &registry,
                "entrace_verify_failures_total",
                "Verifications that found a tenant otherwise than its plan wanted, or could not be made.",
                &["tenant"],
            ),
            tenants: tenants::Figures::new(&registry),
            collecting: collecting::Figures::new(&registry),
            registry,
        }
    }

    /// Counts a request that was answered. The route is a template of ours, or `none`.
    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, time: Duration) {
        let method = label(method);
        let known = {
            let answered = self.answered.read().unwrap_or_else(PoisonError::into_inner);
            let of_route = answered.get(route);
            of_route.and_then(|all| all.get(&(method, status)).cloned())
        };
        let series = known.unwrap_or_else(|| self.series(method, route, status));
        series.count.inc();
        series.seconds.observe(time.as_secs_f64());
    }

    /// The figures of a route's answers of one method and status, kept for the next of them.
    fn series(&self, method: &'static str, route: &str, status: u16) -> Series {
        let code = status.to_string();
        let series = Series {
            count: self.requests.with_label_values(&[method, route, &code]),
            seconds: self.seconds.with_label_values(&[method, route]),
        };
        let mut answered = self
            .answered
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let of_route = answered.entry(route.to_owned()).or_default();
        of_route.insert((method, status), series.clone());
        series
    }

    /// Counts a request that was refused, by the word of the reason.
    pub(crate) fn refused(&self, reason: &str) {
        self.refused.with_label_values(&[reason]).inc();
    }

    /// Counts a look into the memory of answers.
    pub(crate) fn cache(&self, is_hit: bool) {
        let result = if is_hit { "hit" } else { "miss" };
        self.cache.with_label_values(&[result]).inc();
    }

    /// Counts a verification of a plan that did not find everything as wanted.
    pub(crate) fn not_verified(&self, tenant: &str) {
        self.verify_failures.with_label_values(&[tenant]).inc();
    }

    /// How many jobs there are now.
    pub(crate) fn jobs(&self, counts: &[(String, &'static str, i64)]) {
        self.jobs.reset();
        for (tenant, kind, count) in counts {
            self.jobs
                .with_label_values(&[tenant.as_str(), kind])
                .set(*count);
        }
    }

    /// All figures in Prometheus' text format.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let encoded = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        if let Err(error) = encoded {
            tracing::error!(%error, "figures could not be written");
        }
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_and_nobody_makes_new_series() {
        let metrics = Metrics::new();
        metrics.answered("GET", "/v1/objects", 200, Duration::from_millis(2));
        for word in ["BREW", "PROPFIND", "X"] {
            metrics.answered(word, "none", 405, Duration::ZERO);
        }
        metrics.refused("token-expired");
        metrics.cache(true);
        metrics.not_verified("contoso");
        let text = String::from_utf8(metrics.text()).expect("because it is text");
        for line in [
            r#"entrace_http_requests_total{method="GET",route="/v1/objects",status="200"} 1"#,
            r#"entrace_http_requests_total{method="other",route="none",status="405"} 3"#,
            r#"entrace_http_request_duration_seconds_bucket{method="GET",route="/v1/objects",le="0.0025"} 1"#,
            r#"entrace_http_refused_total{reason="token-expired"} 1"#,
            r#"entrace_http_cache_total{result="hit"} 1"#,
            r#"entrace_verify_failures_total{tenant="contoso"} 1"#,
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
