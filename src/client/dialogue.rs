//! The dialogue on one control connection: the machine, and the parts of its state.
//!
//! Each part owns its fields, and most know neither the machine nor another part that they do not
//! contain: a part takes events and returns what is to be done. [`Client`] calls the parts in
//! order.
//!
//! | part | decides |
//! |---|---|
//! | `machine` | the loop, and the handling of a reply that answers nothing; its part `series` sends commands ahead; `questions`, `policy` and `addresses` answer queries about its state |
//! | `outgoing`, `path_quirks` | the bytes of a command, and the reply that the server owes to it |
//! | `incoming` | which line of a reply has arrived, and whether it was the last |
//! | `expected`, `expected_reply` | the command that a reply answers; a second reply to one command (226 twice) is recognized here, and skipped by `machine` |
//! | `doubt`, `listening` | what is confirmed after such a stray reply, and what is read before the next command |
//! | `session`: `known_server`, `login_state`, `protection`, `settings` | what is known and agreed; TYPE, REST, PROT and the like are in `settings`. The offset of REST outlasts ABOR: `operations::narrowing` revokes it |
//! | `data`, `connection` | the data connection, and when its transfer is complete |
//! | `abort` | which replies belong to ABOR |
//! | `ahead` | the address of the next data connection, if it was requested ahead of its transfer |
//! | `deadlines`, `ending` | when to give up, and how the connection ended |

mod abort;
mod addresses;
mod ahead;
mod connection;
mod data;
mod deadlines;
mod doubt;
mod ending;
mod expected;
mod expected_reply;
mod incoming;
mod known_server;
mod listening;
mod login_state;
mod machine;
mod machine_event;
mod outgoing;
mod path_quirks;
mod policy;
mod protection;
mod questions;
mod session;
mod settings;

pub(super) use ahead::Ahead;
pub(super) use connection::{Content, Phase, Purpose, ServerToServer, Standing, TransferUpdate};
pub(super) use data::Approach;
pub(super) use login_state::LoginState;
pub use machine::Client;
pub use machine_event::{Inherits, MachineEvent};
pub(super) use outgoing::Outgoing;
pub use protection::Protected;
pub(super) use session::Finding;
pub(super) use settings::TlsRole;
