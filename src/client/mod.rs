//! The user-PI (RFC 959 2.2): the machine that sends commands and matches replies, and the
//! operations that stand on it.
//!
//! [`Client`] is the dialogue: what is owed by the server, what is known of it, the data connection.
//! An [`Operation`] is one thing that a person asks for, as the sequence of commands that does it.
//! Poll the operation, not the client; drop it at any point, and the next one first drains what the
//! server still owes.
//!
//! | to | make |
//! |---|---|
//! | begin | [`greeting`], [`secure`], [`login`], [`setup`] |
//! | protect | [`secure`], [`protect_data`], [`clear_command_channel`] |
//! | move files | [`retrieve`], [`retrieve_range`], [`store`], [`append`], [`store_unique`], each finished by [`complete`], or given up by [`abort`]; [`fxp`] from one server to another |
//! | be sure | [`verify`], after a transfer |
//! | list | [`list`], [`names`], [`machine_list`], [`entries`], finished likewise; [`facts`] for one entry; [`Walk`] for all below a directory |
//! | ask | [`size`], [`modification_time`], [`working_directory`], [`features`], [`system`], [`status`], [`help`], [`available`], [`hash`], [`checksum`] |
//! | change | [`change_directory`], [`change_to_home`], [`make_directory`], [`remove_directory`], [`delete`], [`rename`], [`set_modification_time`], [`set_creation_time`], [`set_facts`], [`chmod`], [`symlink`], [`combine`], [`structure_mount`], [`allocate`] |
//! | agree | [`utf8`], [`language`], [`host`], [`client_name`], [`deflate_level`], [`options`], [`account`], [`reinitialize`] |
//! | else | [`noop`], [`site`], [`raw`], [`receive_raw`], [`send_raw`], [`quit`] |

mod abort;
mod channel;
mod complete;
mod config;
mod doubt;
mod event;
mod exchange;
mod expected;
mod extensions;
mod facts;
mod failure;
mod file_size;
mod fxp;
mod hash;
mod home;
mod listing_replies;
mod location;
mod login;
mod machine;
mod offers;
mod operation;
mod path_quirks;
mod raw;
mod rename;
mod replies;
mod secure;
mod sending;
mod set_time;
mod settings;
mod setup;
mod transfer;
mod verify;
mod waiting;
mod walk;
mod zone;

pub use abort::{Abort, abort};
pub use complete::{Complete, Completed, complete};
pub use config::{
    AbortPolicy, Active, Config, DataConnection, Limits, PassiveAddress, Profile, Security, Timeouts,
};
pub use event::{Event, ReceivedLine, Refusal};
pub use exchange::{
    Answer, Exchange, FactsAnswer, FeaturesAnswer, ModificationTimeAnswer, PathAnswer, PlainAnswer,
    RawAnswer, SizeAnswer, change_directory, change_to_parent, delete, facts, features, make_directory, mode,
    modification_time, noop, quit, remove_directory, size, structure, system, working_directory,
};
pub use extensions::{
    AvailableAnswer, ChecksumAnswer, TimeSetAnswer, account, allocate, available, checksum, chmod,
    client_name, combine, deflate_level, help, host, language, options, reinitialize, set_creation_time,
    set_facts, site, status, structure_mount, symlink, utf8,
};
pub use facts::FactsReader;
pub use failure::TransferFailure;
pub use file_size::ExpectedSize;
pub use fxp::{Fxp, FxpAction, FxpError, Party, Side, fxp};
pub use hash::{Hash, hash};
pub use home::{ChangeToHome, change_to_home};
pub use listing_replies::ListingRefusal;
pub use location::{Location, whereabouts};
pub use login::{Greeting, Login, greeting, login};
pub use machine::{Client, Heard};
pub use offers::Offers;
pub use operation::{Context, Inherits, Next, Operation, Polled, Sequence, Step};
pub use raw::{RawError, raw, receive_raw, send_raw};
pub use rename::{Rename, rename};
pub use replies::ReplyTo;
pub use secure::{ClearCommandChannel, Protected, Secure, clear_command_channel, protect_data, secure};
pub use set_time::{SetModificationTime, set_modification_time};
pub use setup::{Setup, setup};
pub use transfer::{
    Open, Opened, TransferId, append, entries, list, machine_list, names, renew_session, retrieve,
    retrieve_range, store, store_unique,
};
pub use verify::{Expected, Mismatch, Verified, Verify, verify};
pub use walk::{Found, Walk, WalkLimits, member_name};
pub use zone::zone_offset;
