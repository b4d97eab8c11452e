//! Fetches a file through a SOCKS5 proxy (RFC 1928), and writes it to the standard output:
//! `cargo run --example socks -- 127.0.0.1:1080 ftp://host/path > file`.
//!
//! The client asks a connector for each of its connections: the control connection, and a data
//! connection for each transfer, which is therefore passive. The proxy looks up the name of the
//! host.

#[allow(dead_code, unused_imports, reason = "the example `ftp` uses the rest")]
#[path = "ftp/url.rs"]
mod url;

use std::error::Error;
use std::io::{self, Read, Write};
use std::iter;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use ftp_proto::io::Transport;
use ftp_proto::io::std::Client;

use url::Url;

/// The time that a proxy may take for each step of its handshake.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [proxy, url] = &arguments[..] else {
        eprintln!("usage: socks ADDRESS:PORT ftp://[user[:password]@]host[:port]/path");
        return ExitCode::from(2);
    };
    let proxy = proxy.parse().map_err(|error| format!("{proxy}: {error}").into());
    match proxy.and_then(|proxy| fetch(proxy, url, &mut io::stdout().lock())) {
        Ok(count) => {
            eprintln!("{count} bytes");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}", explain(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Returns the message of an error with its causes, such as what the proxy said.
pub fn explain(error: &(dyn Error + 'static)) -> String {
    let causes = iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Writes a file to `output`, and returns the number of bytes.
pub fn fetch(proxy: SocketAddr, url: &str, output: &mut impl Write) -> Result<u64, Box<dyn Error>> {
    let url = Url::parse(url)?;
    if url.is_secure {
        return Err("this example has no TLS: the client's builder would need a ClientTls".into());
    }
    let builder = Client::builder().connector(move |to| async move {
        // A client in a thread of its own may block here.
        connect(proxy, &to.host, to.port).map(Transport::Tcp)
    });
    let mut client = Client::open_host(builder, &url.host, url.port)?;
    let user = url.user.as_deref().unwrap_or(b"anonymous");
    client.login(user, url.password.as_deref().unwrap_or(b"guest@example.org"))?;
    let count = io::copy(&mut client.retrieve(&url.path)?, output)?;
    output.flush()?;
    client.quit()?;
    Ok(count)
}

/// Connects to a host through a proxy that wants no authentication.
pub fn connect(proxy: SocketAddr, host: &str, port: u16) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&proxy, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // The version, and a list of one method: no authentication (section 3).
    stream.write_all(&[5, 1, 0])?;
    let mut method = [0; 2];
    stream.read_exact(&mut method)?;
    if method != [5, 0] {
        return Err(io::Error::other("the proxy is not a SOCKS5 proxy, or wants authentication"));
    }
    // The version, CONNECT, a reserved byte, the host and the port (section 4).
    let mut request = vec![5, 1, 0];
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        Err(_) => {
            request.extend([3, u8::try_from(host.len()).map_err(io::Error::other)?]);
            request.extend(host.bytes());
        }
    }
    request.extend(port.to_be_bytes());
    stream.write_all(&request)?;
    // The version, a status, a reserved byte, and an address, of which the last byte here is the
    // first (section 6).
    let mut reply = [0; 5];
    stream.read_exact(&mut reply)?;
    if reply[1] != 0 {
        return Err(io::Error::other(format!("the proxy refused with status {}", reply[1])));
    }
    let address = match reply[3] {
        1 => 4,
        4 => 16,
        3 => 1 + usize::from(reply[4]),
        kind => return Err(io::Error::other(format!("the proxy sent an address of the type {kind}"))),
    };
    // The rest of the address, and a port. Neither is of use to FTP.
    stream.read_exact(&mut vec![0; address - 1 + 2])?;
    Ok(stream)
}
