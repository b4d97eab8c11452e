//! The server-PI (RFC 959 2.2): the machine that takes commands and sends replies in order, and the
//! session that reduces them to what a host can do.
//!
//! [`Server`] frames commands and gives each a [`Ticket`], which its reply uses up. [`Session`] stands
//! on it and knows FTP: who is logged in, where, with which parameters; it answers what it can by
//! itself and asks the host the rest, as [`Request`]s of a file system and an account book. An answer
//! may come at any later time.

mod answer;
mod commands;
mod config;
mod data;
mod deadline;
mod extensions;
mod information;
mod machine;
mod note;
mod paths;
mod pending;
mod request;
mod security;
mod session;

pub use config::{Config, Limits, Security, Timeouts};
pub use machine::{BadLine, Event as CommandEvent, Server, ServerStep, Ticket};
pub use note::{Change, Note, Outcome, TransferEnd};
pub use pending::Asked;
pub use request::{Access, Answer, Changes, Listing, Refusal, Request, VirtualPath};
pub use session::{Endpoints, Event, Session, SessionStep};
