//! Servers on every runtime: how many they serve and how fast, whom, and how they end.
#![cfg(all(feature = "disk", feature = "tokio", feature = "smol"))]

mod atomic;
mod beginning;
#[cfg(feature = "ring")]
#[path = "../support/certificates.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod certificates;
#[cfg(feature = "ring")]
mod certified;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod descriptors;
#[cfg(feature = "password-hash")]
mod hashed;
mod hosts;
mod hung;
#[cfg(target_os = "linux")]
mod keepalive;
mod limits;
#[cfg(unix)]
mod listings;
mod many;
mod moved;
mod orphans;
mod peer;
#[cfg(target_os = "linux")]
mod pooled;
#[cfg(feature = "ring")]
mod protected;
#[cfg(feature = "proxy-protocol")]
mod proxy;
mod public;
#[cfg(feature = "ring")]
#[path = "../tls/raw.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod raw;
mod refused;
mod shutdown;
mod site;
mod traced;
mod whole;
mod work;
