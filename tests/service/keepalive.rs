//! TCP keepalive on control connections, of either side, as the system tells of it: in /proc, where a socket's timer is 02 while
//! it waits to probe.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ftp_proto::io::{smol, std as threads, tokio as on_tokio};

use crate::site::{Runtime, Setup, Site};

/// The timers of the open connection to `server`, at its client and at the server: the kind, and how long it has to run.
fn timers(server: SocketAddr) -> [Option<(String, Duration)>; 2] {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    // The addresses are hexadecimal: `0100007F:08AE`. 01 is an open connection.
    let end = format!(":{:04X}", server.port());
    let timer = |column: usize| {
        let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let row = rows.filter(|row| row[3] == "01").find(|row| row[column].ends_with(&end))?;
        let (kind, rest) = row[5].split_once(':').unwrap();
        // In hundredths of a second, everywhere that Linux runs.
        Some((kind.to_owned(), Duration::from_millis(u64::from_str_radix(rest, 16).unwrap() * 10)))
    };
    [timer(2), timer(1)]
}

/// Both ends come to probe after `interval`, or never. What was sent last may still be on its way, with a timer of its own.
#[track_caller]
fn probes(server: SocketAddr, wanted: [Option<Duration>; 2], context: &str) {
    let start = Instant::now();
    loop {
        let found = timers(server);
        let fits = |(found, wanted): (&Option<(String, Duration)>, Option<Duration>)| match (found, wanted) {
            (Some((kind, rest)), Some(interval)) => {
                // It has begun to run.
                kind == "02" && *rest <= interval && *rest + Duration::from_secs(30) > interval
            }
            (Some((kind, _)), None) => kind == "00",
            (None, _) => false,
        };
        if found.iter().zip(wanted).all(fits) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{context}: {found:?}, wanted {wanted:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Connects a client of `runtime` and hands it to nobody: `check` is called while it stands.
fn connected(runtime: Runtime, server: SocketAddr, interval: Option<Option<Duration>>, check: impl FnOnce()) {
    macro_rules! set_up {
        ($client:ty) => {{
            let builder = <$client>::builder();
            match interval {
                Some(interval) => builder.tcp_keepalive(interval),
                None => builder,
            }
        }};
    }
    match runtime {
        Runtime::Threads => {
            let _client = set_up!(threads::Client).connect(server).unwrap();
            check();
        }
        Runtime::Tokio => {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let _client = set_up!(on_tokio::Client).connect(server).await.unwrap();
                check();
            });
        }
        Runtime::Smol => futures_lite::future::block_on(async {
            let _client = set_up!(smol::Client).connect(server).await.unwrap();
            check();
        }),
    }
}

#[test]
fn control_connections_are_kept_alive_unless_that_is_turned_off() {
    const MINUTE: Duration = Duration::from_secs(60);
    for runtime in Runtime::ALL {
        for (interval, wanted) in
            [(None, Some(MINUTE)), (Some(None), None), (Some(Some(MINUTE * 20)), Some(MINUTE * 20))]
        {
            let context = format!("{runtime:?}, {interval:?}");
            let site = Site::with(runtime, Setup { keepalive: interval, ..Setup::default() });
            connected(runtime, site.address, None, || {
                probes(site.address, [Some(MINUTE), wanted], &context);
            });
            let site = Site::new(runtime);
            connected(runtime, site.address, interval, || {
                probes(site.address, [wanted, Some(MINUTE)], &context);
            });
        }
    }
}
