//! An authoritative DNS server in this process, with the faults that servers have: UDP and TCP on a port of the
//! loopback interface.
//!
//! A zone is plain data of the crate's own types, so that a name may hold any octets.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use allowaudit::dns::live::Settings;
use allowaudit::dns::{Live, Name, Question, Record, RecordType};
use hickory_server::net::runtime::Time;
use hickory_server::net::xfer::Protocol;
use hickory_server::proto::op::{Edns, Header, HeaderCounts, Metadata, ResponseCode};
use hickory_server::proto::rr::{self, RData, rdata};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::runtime::Runtime;

/// What a server does wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It says nothing.
    Silence,
    /// It answers with a code and nothing else.
    Code(u8),
    /// It cuts off what it says over UDP.
    CutOff,
    /// It takes its time.
    Slow(Duration),
    /// It names the servers of another and has no answer.
    Referral,
    /// It does not know EDNS.
    OldTimer,
}

/// Whether a server says what an alias stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Chains {
    /// In the same answer, as far as it knows.
    #[default]
    Followed,
    /// It says the alias alone.
    FirstOnly,
}

/// What a server knows.
#[derive(Debug, Clone, Default)]
pub struct Zone {
    /// Records by name; a name without records exists and has none.
    pub records: BTreeMap<Name, Vec<Record>>,
    /// Aliases by name.
    pub aliases: BTreeMap<Name, Name>,
    /// Faults of single questions.
    pub faults: BTreeMap<Question, Fault>,
    /// Faults of names, for questions about types of which they have no records.
    pub faults_else: BTreeMap<Name, Fault>,
    /// How aliases are answered.
    pub chains: Chains,
    /// Time to live of what is there.
    pub ttl: u32,
    /// Time to live of what is not there.
    pub negative_ttl: Option<u32>,
}

impl Zone {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            ttl: 300,
            ..Self::default()
        }
    }

    /// Adds a record.
    pub fn add(&mut self, name: &str, record: Record) -> &mut Self {
        self.records.entry(self::name(name)).or_default().push(record);
        self
    }

    /// Adds a text of one string.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.add(name, Record::Txt(vec![text.as_bytes().to_vec()]))
    }

    /// Adds an alias.
    pub fn alias(&mut self, name: &str, target: &str) -> &mut Self {
        self.aliases.insert(self::name(name), self::name(target));
        self
    }

    /// Adds a fault of one question.
    pub fn fault(&mut self, name: &str, kind: RecordType, fault: Fault) -> &mut Self {
        self.faults.insert(question(name, kind), fault);
        self
    }

    fn fault_of(&self, question: &Question) -> Option<&Fault> {
        let otherwise = || {
            self.faults_else
                .get(&question.name)
                .filter(|_| self.of_type(question).is_empty())
        };
        self.faults.get(question).or_else(otherwise)
    }

    fn of_type(&self, question: &Question) -> Vec<&Record> {
        let records = self.records.get(&question.name).into_iter().flatten();
        records.filter(|record| kind_of(record) == question.kind).collect()
    }

    /// The code and the lines of an answer.
    fn answer(&self, question: &Question) -> (ResponseCode, Vec<rr::Record>) {
        let mut lines = Vec::new();
        let mut at = question.clone();
        // As servers do, a circle is told once round and not for ever.
        for _ in 0..20 {
            let Some(target) = self.aliases.get(&at.name) else {
                break;
            };
            let alias = RData::CNAME(rdata::CNAME(wire(target)));
            lines.push(rr::Record::from_rdata(wire(&at.name), self.ttl, alias));
            at.name = target.clone();
            if self.chains == Chains::FirstOnly {
                return (ResponseCode::NoError, lines);
            }
            if at.name == question.name {
                break;
            }
        }
        let records = self.of_type(&at).into_iter().map(data);
        lines.extend(records.map(|data| rr::Record::from_rdata(wire(&at.name), self.ttl, data)));
        let known = self.records.contains_key(&at.name)
            || self.aliases.contains_key(&at.name)
            || self.faults_else.contains_key(&at.name);
        let code = if known {
            ResponseCode::NoError
        } else {
            ResponseCode::NXDomain
        };
        (code, lines)
    }
}

/// A server that runs until it is dropped.
pub struct Server {
    /// Where it listens, over UDP and TCP.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

struct Shared {
    zone: RwLock<Zone>,
    asked: Mutex<Vec<(Question, Protocol, u16)>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Server {
    /// Starts one.
    pub fn start(zone: Zone) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let shared = Arc::new(Shared {
            zone: RwLock::new(zone),
            asked: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        });
        let (udp, tcp) = sockets();
        let address = udp.local_addr().unwrap();
        let handler = Handler(shared.clone());
        runtime.block_on(async {
            let mut server = hickory_server::Server::new(handler);
            server.register_socket(tokio::net::UdpSocket::from_std(udp).unwrap());
            let tcp = tokio::net::TcpListener::from_std(tcp).unwrap();
            server.register_listener(tcp, Duration::from_secs(30), 64);
            tokio::spawn(async move { server.block_until_done().await });
        });
        Self {
            address,
            shared,
            _runtime: runtime,
        }
    }

    /// Serves another zone from now on.
    pub fn serve(&self, zone: Zone) {
        *self.shared.zone.write().unwrap() = zone;
    }

    /// What it was asked, and how. The same packet sent again counts once.
    pub fn asked(&self) -> Vec<(Question, Protocol)> {
        let asked = self.shared.asked.lock().unwrap();
        asked
            .iter()
            .map(|(question, over, _)| (question.clone(), *over))
            .collect()
    }

    /// The most questions that it had at a time.
    pub fn most(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    /// A resolver that asks this server, and has patience.
    pub fn resolver(&self) -> Live {
        Live::new(settings(&[self])).unwrap()
    }

    /// A resolver that asks this server, and gives up soon.
    pub fn hasty(&self) -> Live {
        Live::new(Settings {
            timeout: Duration::from_millis(1500),
            ..settings(&[self])
        })
        .unwrap()
    }
}

/// Settings for servers of a test.
pub fn settings(servers: &[&Server]) -> Settings {
    Settings {
        servers: servers.iter().map(|server| server.address).collect(),
        timeout: Duration::from_secs(20),
        attempts: 1,
        limit: Duration::from_mins(1),
        side_by_side: 32,
    }
}

/// A name of any octets but dots.
pub fn name(text: &str) -> Name {
    Name::parse(text.as_bytes()).unwrap()
}

/// A question.
pub fn question(name: &str, kind: RecordType) -> Question {
    Question::new(self::name(name), kind)
}

/// UDP and TCP at the same port, which is free for both.
fn sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..50 {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            tcp.set_nonblocking(true).unwrap();
            udp.set_nonblocking(true).unwrap();
            return (udp, tcp);
        }
    }
    panic!("no port is free for both UDP and TCP");
}

struct Handler(Arc<Shared>);

/// Counts a question for as long as it is not answered.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut out: R) -> ResponseInfo {
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.authoritative = true;
        let said = self.respond(request, metadata, &mut out).await;
        let counts = HeaderCounts::default();
        said.unwrap_or_else(|| ResponseInfo::from(Header { metadata, counts }))
    }
}

impl Handler {
    /// `None` for a packet that was sent again.
    fn note(&self, question: &Question, request: &Request) -> Option<UnderWay<'_>> {
        let entry = (question.clone(), request.protocol(), request.metadata.id);
        let mut asked = self.0.asked.lock().unwrap();
        if asked.contains(&entry) {
            return None;
        }
        asked.push(entry);
        let under_way = self.0.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(under_way, Ordering::SeqCst);
        Some(UnderWay(&self.0.under_way))
    }

    /// `None` for silence.
    async fn respond(
        &self,
        request: &Request,
        mut metadata: Metadata,
        out: &mut impl ResponseHandler,
    ) -> Option<ResponseInfo> {
        let question = asked(request)?;
        let _under_way = self.note(&question, request);
        let ((mut code, mut answers), fault, negative_ttl) = {
            let zone = self.0.zone.read().unwrap();
            (
                zone.answer(&question),
                zone.fault_of(&question).cloned(),
                zone.negative_ttl,
            )
        };
        let mut authorities = Vec::new();
        match fault {
            None => {}
            Some(Fault::Silence) => return None,
            Some(Fault::Code(wrong)) => {
                (code, answers) = (ResponseCode::from(0, wrong), Vec::new());
            }
            Some(Fault::CutOff) => {
                metadata.truncation = request.protocol() == Protocol::Udp;
                answers.retain(|_| !metadata.truncation);
            }
            Some(Fault::Slow(time)) => tokio::time::sleep(time).await,
            Some(Fault::Referral) => {
                let server = RData::NS(rdata::NS(wire(&name("ns.other.test"))));
                authorities.push(rr::Record::from_rdata(wire(&name("test")), 60, server));
                (code, answers) = (ResponseCode::NoError, Vec::new());
            }
            Some(Fault::OldTimer) if request.edns.is_none() => {}
            Some(Fault::OldTimer) => (code, answers) = (ResponseCode::FormErr, Vec::new()),
        }
        if let Some(ttl) = negative_ttl.filter(|_| answers.iter().all(|line| line.data.record_type().is_cname())) {
            let (host, root) = (wire(&name("ns.test")), wire(&Name::root()));
            let soa = RData::SOA(rdata::SOA::new(host, root, 1, 3600, 600, 86400, ttl));
            authorities.push(rr::Record::from_rdata(wire(&name("test")), 3600, soa));
        }
        metadata.response_code = code;
        let mut edns = Edns::new();
        edns.set_max_payload(request.edns.as_ref().map_or(512, Edns::max_payload));
        let response = MessageResponseBuilder::new(&request.queries, request.edns.as_ref().map(|_| &edns));
        let response = response.build(metadata, &answers, &authorities, &[], &[]);
        out.send_response(response).await.ok()
    }
}

fn asked(request: &Request) -> Option<Question> {
    let info = request.request_info().ok()?;
    let query = info.query.original();
    let kind = RecordType::parse(&query.query_type().to_string())?;
    let labels = query.name().iter().map(Into::into);
    Some(Question::new(Name::of_labels(labels), kind))
}

fn wire(name: &Name) -> rr::Name {
    rr::Name::from_labels(name.labels()).unwrap()
}

fn kind_of(record: &Record) -> RecordType {
    match record {
        Record::A(_) => RecordType::A,
        Record::Aaaa(_) => RecordType::Aaaa,
        Record::Mx { .. } => RecordType::Mx,
        Record::Ptr(_) => RecordType::Ptr,
        Record::Txt(_) => RecordType::Txt,
    }
}

fn data(record: &Record) -> RData {
    match record {
        Record::A(ip) => RData::A(rdata::A(*ip)),
        Record::Aaaa(ip) => RData::AAAA(rdata::AAAA(*ip)),
        Record::Mx { preference, exchange } => RData::MX(rdata::MX::new(*preference, wire(exchange))),
        Record::Ptr(name) => RData::PTR(rdata::PTR(wire(name))),
        Record::Txt(strings) => RData::TXT(rdata::TXT::from_bytes(strings.iter().map(Vec::as_slice).collect())),
    }
}
