//! Servers on every runtime: how many they serve and how fast, whom, and how they end.
#![cfg(all(feature = "disk", feature = "tokio", feature = "smol"))]

mod atomic;
#[cfg(feature = "ring")]
#[path = "../support/certificates.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod certificates;
#[cfg(feature = "ring")]
mod protected;
#[cfg(feature = "ring")]
#[path = "../tls/raw.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod raw;

mod beginning;
#[cfg(target_os = "linux")]
mod child;
#[cfg(all(target_os = "linux", feature = "ring"))]
mod daemon;
#[cfg(target_os = "linux")]
mod descriptors;
mod hosts;
mod hung;
#[cfg(target_os = "linux")]
mod keepalive;
mod limits;
mod many;
mod orphans;
mod peer;
#[cfg(feature = "proxy-protocol")]
mod proxy;
mod shutdown;
mod site;
mod traced;
mod whole;
mod work;
