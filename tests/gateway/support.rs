//! A gateway in a process of its own, the certificates for it, and the servers behind it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::{Duration, Instant};
use std::{fs, thread};

use ftp_proto::io::std::{Client, ClientBuilder};
use ftp_proto::io::tls::{ClientTls, ServerTls};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::example;
use crate::served::Served;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A certificate for localhost and the authority that signed it, also as files.
pub(crate) struct Certificates {
    root: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
    pub(crate) directory: PathBuf,
}

pub(crate) static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(|| {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Another name than the certificate's: OpenSSL takes that for signed by itself otherwise.
    params.distinguished_name.push(DnType::CommonName, "an authority");
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gateway");
    fs::create_dir_all(&directory).unwrap();
    for (name, pem) in
        [("root.pem", root.pem()), ("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())]
    {
        fs::write(directory.join(name), pem).unwrap();
    }
    Certificates {
        root: root.der().clone(),
        chain: vec![certificate.der().clone()],
        key: key.serialize_der(),
        directory,
    }
});

pub(crate) fn file(name: &str) -> String {
    CERTIFICATES.directory.join(name).to_str().unwrap().to_owned()
}

/// The arguments that offer TLS to clients.
pub(crate) fn tls_for_clients() -> Vec<String> {
    vec!["--cert".into(), file("cert.pem"), "--key".into(), file("key.pem")]
}

/// The arguments for TLS towards the server.
pub(crate) fn tls_for_server() -> Vec<String> {
    ["--tls-upstream", "explicit", "--upstream-name", "localhost", "--upstream-ca"]
        .map(str::to_owned)
        .into_iter()
        .chain([file("root.pem")])
        .collect()
}

pub(crate) fn client_tls() -> ClientTls {
    ClientTls::builder().roots([CERTIFICATES.root.clone()]).build().unwrap()
}

pub(crate) fn server_tls() -> ServerTls {
    let Certificates { chain, key, .. } = &*CERTIFICATES;
    ServerTls::new(chain.clone(), PrivateKeyDer::Pkcs8(key.clone().into())).unwrap()
}

/// A gateway in a process of its own, which ends when it is dropped.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Gateway {
    pub(crate) fn to(upstream: SocketAddr, arguments: &[String]) -> Self {
        Self::with(upstream, arguments, &[])
    }

    pub(crate) fn with(upstream: SocketAddr, arguments: &[String], environment: &[(&str, &str)]) -> Self {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        let mut child = Command::new(BUILT.get_or_init(|| example::example("gateway")))
            .args(["--listen", "127.0.0.1:0", "--timeout", "10", &upstream.to_string()])
            .args(arguments)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (errors, kept) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&log));
        thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let Some(address) = line.trim().strip_prefix("listening on ") else {
            thread::sleep(Duration::from_millis(200));
            panic!("{line:?}: {}", log.lock().unwrap());
        };
        Self { child, address: address.parse().unwrap(), log }
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log has a line with this text.
    #[track_caller]
    pub(crate) fn logs(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.log().contains(text) {
            assert!(Instant::now() < end, "{text:?} is not in the log:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn client(&self, builder: ClientBuilder) -> Client {
        let mut client = builder.operation_timeout(Some(PATIENCE)).connect(self.address.to_string()).unwrap();
        client.login("me", "secret").unwrap_or_else(|error| panic!("{error}\n{}", self.log()));
        client
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        match thread::panicking() {
            true => eprintln!("the log of the gateway:\n{}", self.log()),
            // A session that panics ends alone, and the test might not notice.
            false => assert!(!self.log().contains("panicked"), "{}", self.log()),
        }
    }
}

pub(crate) fn plain_server() -> Served {
    Served::at("127.0.0.1:0", |server| server)
}

pub(crate) fn tls_server() -> Served {
    Served::at("127.0.0.1:0", |server| server.with_explicit_tls(server_tls()))
}

pub(crate) fn arguments(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
