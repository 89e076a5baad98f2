//! The server: router, loops, beginning and end.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use leads::Timestamp;
use live::Live;
use store::DbError;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;

use crate::access::guard;
use crate::accounts::setup_link;
use crate::app::{App, Clock, Inner, Random, Worker};
use crate::bodies::Bodies;
use crate::config::{Config, Rate};
use crate::inbound::{self, WriteKeys};
use crate::limits::Buckets;
use crate::metrics::Metrics;
use crate::passwords::Passwords;
use crate::shares::Shares;
use crate::work::Work;
use crate::{health, openapi, outer, page};

/// A server that is ready to serve. Clones share it.
#[derive(Clone)]
pub struct Server {
    app: App,
}

/// How long a server that is asked to end may take for it, closing its store apart.
pub const ENDING_MAX: Duration =
    Duration::from_secs(crate::serve::LAST_WORDS.as_secs() + crate::work::ENDING.as_secs());

/// Why a server cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Webhooks could not be sent.
    #[error(transparent)]
    Sender(#[from] deliver::SenderError),
    /// A directory cannot be made.
    #[error("{path}: {reason}")]
    Directory {
        /// Which.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// Passwords could not be hashed.
    #[error("passwords cannot be hashed on this machine")]
    Passwords,
    /// The address that people reach us at is none.
    #[error("{0:?} is no address that people can reach: write it as https://leads.example.com")]
    PublicUrl(String),
    /// The store could not.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Why a server ended although nobody asked it to. The process should end, too, and not with success:
/// whoever starts it anew gets a store that knows what it holds.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The store takes nothing any more.
    #[error("the store takes nothing until a restart: {0}")]
    StoreFailed(String),
    /// The thread that scores ended.
    #[error("the worker that scores has ended: see the log above")]
    WorkerEnded,
}

impl Server {
    /// Puts everything together. Nothing runs yet: see [`Server::serve`].
    pub fn open(
        config: Config,
        live: Live,
        clock: Clock,
        random: Random,
    ) -> Result<Self, OpenError> {
        if !Config::is_public_url(&config.public_url) {
            return Err(OpenError::PublicUrl(config.public_url));
        }
        for name in ["imports", "exports"] {
            let path = config.data.join(name);
            std::fs::create_dir_all(&path).map_err(|error| OpenError::Directory {
                path: path.display().to_string(),
                reason: error.to_string(),
            })?;
        }
        let sender = deliver::Sender::new(config.webhook_guard.clone(), &config.webhook_roots)?;
        let (mut salt, mut nobodys) = ([0; 16], [0; 32]);
        random(&mut salt);
        random(&mut nobodys);
        let passwords = Passwords::new(&salt, &nobodys).map_err(|_| OpenError::Passwords)?;
        let limits = config.limits;
        let inner = Inner {
            live,
            clock,
            random,
            passwords,
            metrics: Metrics::install(),
            sender,
            write_keys: WriteKeys::default(),
            room: Arc::new(Semaphore::new(limits.requests)),
            bodies: Bodies::new(limits),
            has_unknown_proxy: AtomicBool::new(false),
            streams: Arc::new(Semaphore::new(limits.streams)),
            streams_of: Shares::new(limits.streams_per_caller),
            exports: Arc::new(Semaphore::new(2)),
            downloads_of: Shares::new(limits.downloads_per_caller),
            per_write_key: Buckets::new(limits.per_write_key),
            per_address: Buckets::new(limits.per_address),
            per_caller: Buckets::new(limits.per_caller),
            tells: Buckets::new(Rate { per_second: 1.0, burst: 10.0 }),
            // Some twenty a day, and as many at once.
            tells_network: Buckets::new(Rate { per_second: 1.0 / 3_600.0, burst: 24.0 }),
            // Each caller and route once an hour.
            tells_refused: Buckets::new(Rate { per_second: 1.0 / 3_600.0, burst: 1.0 }),
            shut_out: watch::Sender::new(0),
            to_do: watch::Sender::new(0),
            transitions: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            worker: watch::Sender::new(Worker::Idle),
            refused_in: AtomicI64::default(),
            config,
        };
        Ok(Self { app: App::new(inner) })
    }

    /// Where there is no user yet: the address by which whoever has it becomes the first, an owner. It
    /// works once, for half an hour, and only the latest does. It blocks.
    pub fn setup_link(&self) -> Result<Option<String>, DbError> {
        let app = &self.app;
        setup_link(app.live.store(), &app.config, &app.token(), app.now())
    }

    /// All routes.
    pub fn router(&self) -> Router {
        let app = &self.app;
        let (api, _) = openapi::routes().split_for_parts();
        let api = api.route_layer(from_fn_with_state(app.clone(), guard));
        Router::new()
            .merge(api)
            .merge(inbound::router())
            .merge(health::router())
            .fallback(page::serve)
            .method_not_allowed_fallback(method_not_allowed)
            // Unpacked here, and limited where the body is read: what counts is what it unpacks to.
            .layer(RequestDecompressionLayer::new())
            .layer(CompressionLayer::new())
            .layer(from_fn_with_state(app.clone(), outer::surround))
            .with_state(app.clone())
    }

    /// Serves `listener` and keeps everything going until `shutdown` ends; then ends requests and
    /// loops in good order. An error means that the process should end, not with success.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let app = self.app.clone();
        let mut work = Work::begin(&app);
        let stop = app.stop.clone();
        let asked = tokio::spawn(async move {
            shutdown.await;
            stop.send_replace(true);
        });
        let stopped = app.stop.subscribe();
        let serving = crate::serve::serve(listener, self.router(), app.config.limits, stopped);
        let mut serving = std::pin::pin!(serving);
        let outcome = tokio::select! {
            () = serving.as_mut() => Ok(()),
            error = work.watch(&app) => Err(error),
        };
        app.stop.send_replace(true);
        if outcome.is_err() {
            // Whoever is under way still hears that it was not stored.
            serving.await;
        }
        asked.abort();
        work.end(&app).await;
        outcome
    }

    /// Runs the loops without serving, until the guard is dropped or [`Server::stop`]: for tests that
    /// call the router.
    pub fn work(&self) -> impl Sized + use<> {
        Work::begin(&self.app)
    }

    /// Asks everything to end.
    pub fn stop(&self) {
        self.app.stop.send_replace(true);
        self.app.live.wake();
    }

    /// The clock's time.
    pub fn now(&self) -> Timestamp {
        self.app.now()
    }
}

async fn method_not_allowed() -> crate::problem::Problem {
    let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    crate::problem::Problem::new(status, "method_not_allowed", "this address takes other methods")
}
