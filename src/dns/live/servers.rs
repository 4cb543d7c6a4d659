//! The servers: one question to them, one reply, by UDP and where that is cut off by TCP.
//!
//! It follows no alias and keeps no reply. Of hickory it uses the connections to a server and not the resolver on top
//! of them, which looks into files of the system, answers some names by itself and keeps what it was told.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use super::Settings;
use super::message::{Reply, answered, query, without_records};
use crate::dns::{Failure, Question, RecordType};

const LONGEST: Duration = Duration::from_hours(24);
const MOST_SIDE_BY_SIDE: usize = 512;

/// The servers that are asked.
pub(super) struct Servers {
    settings: Settings,
    pools: Vec<NameServerPool<TokioRuntimeProvider>>,
    /// The one that answered last is asked first: one that is silent should cost its time once.
    first: AtomicUsize,
    permits: Semaphore,
    deadline: OnceLock<Instant>,
    ran_out: AtomicBool,
}

impl std::fmt::Debug for Servers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Servers")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Servers {
    /// The servers of the settings, else those of the system.
    pub(super) fn new(mut settings: Settings) -> io::Result<Self> {
        // Beyond these bounds clocks overflow, and sockets run out.
        settings.timeout = settings.timeout.min(LONGEST);
        settings.limit = settings.limit.min(LONGEST);
        settings.side_by_side = settings.side_by_side.clamp(1, MOST_SIDE_BY_SIDE);
        let configs = if settings.servers.is_empty() {
            // Of what the system says, waiting and search lists are left aside: `Settings` says how long, names are whole.
            let (config, _) = read_system_conf()
                .map_err(|error| io::Error::other(format!("the system names no DNS servers: {error}")))?;
            config.name_servers().to_vec()
        } else {
            settings.servers.iter().copied().map(server).collect()
        };
        if configs.is_empty() {
            return Err(io::Error::other("the system names no DNS servers"));
        }
        let mut options = ResolverOpts::default();
        options.timeout = settings.timeout;
        options.num_concurrent_reqs = 1;
        options.max_active_requests = settings.side_by_side;
        options.cache_size = 0;
        // Nothing here reads that file; this holds it should a newer hickory do so.
        options.use_hosts_file = ResolveHosts::Never;
        let context = Arc::new(PoolContext::new(options, TlsConfig::new().map_err(io::Error::other)?));
        // One pool for each: servers that fail are left for the next one by `ask`, which hickory does not always do.
        let pool = |config| NameServerPool::from_config([config], context.clone(), TokioRuntimeProvider::default());
        Ok(Self {
            pools: configs.into_iter().map(pool).collect(),
            first: AtomicUsize::new(0),
            permits: Semaphore::new(settings.side_by_side),
            deadline: OnceLock::new(),
            ran_out: AtomicBool::new(false),
            settings,
        })
    }

    /// Whether a question was given up because of the limit for all of them.
    pub(super) fn ran_out(&self) -> bool {
        self.ran_out.load(Ordering::Relaxed)
    }

    /// Asks until one of them answers, each a number of times.
    pub(super) async fn ask(&self, question: &Question) -> Reply {
        let limit = self.settings.limit;
        let deadline = *self.deadline.get_or_init(|| Instant::now() + limit);
        let asked = async {
            // The semaphore is never closed; without a permit there is merely no bound.
            let _permit = self.permits.acquire().await;
            // In a box, since what hickory needs for one question is large and many are waiting.
            Box::pin(self.ask_each(question)).await
        };
        timeout_at(deadline, asked).await.unwrap_or_else(|_| {
            self.ran_out.store(true, Ordering::Relaxed);
            Reply::Failed(Failure::Timeout)
        })
    }

    async fn ask_each(&self, question: &Question) -> Reply {
        let Some(query) = query(question) else {
            return Reply::Failed(Failure::Other("the name is too long to be asked for".to_owned()));
        };
        let mut said = Failure::Timeout;
        for _ in 0..self.settings.attempts.max(1) {
            let first = self.first.load(Ordering::Relaxed);
            let pools = self.pools.iter().enumerate();
            for (at, pool) in pools.clone().skip(first).chain(pools.take(first)) {
                match self.ask_one(pool, &query, question.kind).await {
                    Ok(reply) => {
                        self.first.store(at, Ordering::Relaxed);
                        return reply;
                    }
                    // What a server says of its failure says more than the silence of another.
                    Err(failure) if said == Failure::Timeout => said = failure,
                    Err(_) => {}
                }
            }
        }
        Reply::Failed(said)
    }

    async fn ask_one(
        &self,
        pool: &NameServerPool<TokioRuntimeProvider>,
        query: &Query,
        kind: RecordType,
    ) -> Result<Reply, Failure> {
        let mut options = DnsRequestOptions::default();
        let sent = self.send(pool, query, options).await;
        let sent = match sent {
            // Servers of old do not know EDNS (RFC 6891, section 7).
            Err(NetError::Dns(DnsError::ResponseCode(ResponseCode::FormErr | ResponseCode::NotImp))) => {
                options.use_edns = false;
                self.send(pool, query, options).await
            }
            sent => sent,
        };
        match sent {
            Ok(response) => answered(&response, kind),
            Err(error) => without_records(error),
        }
    }

    async fn send(
        &self,
        pool: &NameServerPool<TokioRuntimeProvider>,
        query: &Query,
        options: DnsRequestOptions,
    ) -> Result<DnsResponse, NetError> {
        let request = DnsRequest::from_query(query.clone(), options);
        let response = timeout(self.settings.timeout, pool.send(request).first_answer());
        response.await.unwrap_or(Err(NetError::Timeout))
    }
}

fn server(address: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(address.ip());
    let port = |connection: &mut ConnectionConfig| connection.port = address.port();
    config.connections.iter_mut().for_each(port);
    config
}
