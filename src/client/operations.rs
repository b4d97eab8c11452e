//! The operations. Each operation that takes several commands has a file of its own. Operations of
//! one command and its reply are functions in `exchange` and, for extensions, in `extensions`.
//! Operations that open a data connection are functions in `transfer`, and run the steps in `open`.

mod abort;
mod complete;
mod exchange;
mod extensions;
mod fxp;
mod hash;
mod home;
mod login;
mod narrowing;
mod open;
mod opened;
mod raw;
mod rename;
mod secure;
mod series;
mod set_time;
mod setup;
mod transfer;
mod verify;

pub use abort::{Abort, abort};
pub use complete::{Complete, Completed, complete};
pub use exchange::{
    Answer, Exchange, FactsAnswer, FeaturesAnswer, ModificationTimeAnswer, PathAnswer, PlainAnswer,
    RawAnswer, SizeAnswer, change_directory, change_to_parent, delete, facts, features, make_directory, mode,
    modification_time, noop, quit, remove_directory, size, structure, system, whereabouts, working_directory,
};
pub use extensions::{
    AvailableAnswer, ChecksumAnswer, TimeSetAnswer, account, allocate, available, checksum, chmod,
    client_name, combine, deflate_level, help, host, language, options, reinitialize, set_creation_time,
    set_facts, site, status, structure_mount, symlink, utf8,
};
pub use fxp::{Fxp, FxpAction, FxpError, Party, Side, fxp};
pub use hash::{Hash, hash};
pub use home::{ChangeToHome, change_to_home};
pub use login::{Greeting, Login, greeting, login};
pub use open::Open;
pub use opened::{Opened, TransferId};
pub use raw::{RawError, raw, receive_raw, send_raw};
pub use rename::{Rename, rename};
pub use secure::{ClearCommandChannel, Secure, clear_command_channel, protect_data, secure, unprotect_data};
pub use set_time::{SetModificationTime, set_modification_time};
pub use setup::{Setup, setup};
pub use transfer::{
    append, entries, list, machine_list, names, renew_session, retrieve, retrieve_range, store, store_unique,
};
pub use verify::{Expected, Mismatch, Verified, Verify, verify};
