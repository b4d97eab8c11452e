//! The example `ftpd`: its flags, its configuration file, and what it makes of them.
#![cfg(target_os = "linux")]

#[path = "../support/certificates.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod certificates;
mod daemon;
#[path = "../support/example.rs"]
mod example;
mod file;
mod flags;
mod hosts;
#[path = "../service/peer.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod peer;
mod privileges;
mod quota;
#[path = "../tls/raw.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod raw;
mod reload;
mod rights;
mod settings;
