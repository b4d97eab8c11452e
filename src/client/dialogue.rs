//! The dialogue on one control connection: the machine, and the parts of its state.
//!
//! Each part owns its fields, and knows neither the machine nor any part that it does not contain:
//! it is given events and returns what is to be done. [`Client`] calls the parts in order.

mod abort;
mod addresses;
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

pub(super) use connection::{Content, Phase, Purpose, ServerToServer, Standing, TransferUpdate};
pub(super) use data::Approach;
pub(super) use login_state::LoginState;
pub use machine::Client;
pub use machine_event::{Inherits, MachineEvent};
pub(super) use outgoing::Outgoing;
pub use protection::Protected;
pub(super) use session::Finding;
pub(super) use settings::TlsRole;
