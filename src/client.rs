//! The user-PI (RFC 959 2.2): the machine that sends commands and matches replies to them, and the
//! operations built on it.
//!
//! [`Client`] holds the state of one dialogue: the replies that the server owes, what is known
//! about the server, and the data connection. An [`Operation`] carries out one task as a sequence
//! of commands. Poll the operation, not the client. An operation may be dropped at any point: the
//! next one first reads the replies that the server still owes.
//!
//! | to | call |
//! |---|---|
//! | begin | [`greeting`], [`secure`], [`login`], [`setup`] |
//! | protect | [`secure`], [`protect_data`], [`unprotect_data`], [`clear_command_channel`] |
//! | move files | [`retrieve`], [`retrieve_range`], [`store`], [`append`], [`store_unique`], each finished by [`complete`], or given up by [`abort`]; [`fxp`] from one server to another |
//! | check | [`verify`], after a transfer |
//! | list | [`list`], [`names`], [`machine_list`], [`entries`], finished likewise; [`facts`] for one entry; [`Walk`] for everything below a directory |
//! | ask | [`size`], [`modification_time`], [`working_directory`], [`features`], [`system`], [`status`], [`help`], [`available`], [`hash`], [`checksum`] |
//! | change | [`change_directory`], [`change_to_home`], [`make_directory`], [`remove_directory`], [`delete`], [`rename`], [`set_modification_time`], [`set_creation_time`], [`set_facts`], [`chmod`], [`symlink`], [`combine`], [`structure_mount`], [`allocate`] |
//! | negotiate | [`utf8`], [`language`], [`host`], [`client_name`], [`deflate_level`], [`options`], [`account`], [`reinitialize`] |
//! | do anything else | [`noop`], [`site`], [`raw`], [`receive_raw`], [`send_raw`], [`quit`] |
//!
//! Internally, `dialogue` holds the state of the connection and a table of its parts and their
//! decisions; `operation` holds the trait, and `operations` a file for each kind of task.

mod config;
mod dialogue;
mod event;
mod facts;
mod failure;
mod file_size;
mod listing_replies;
mod location;
mod offers;
mod operation;
mod operations;
mod reply_to;
mod walk;
mod zone;

pub use config::{
    AbortPolicy, Active, Config, DataConnection, Limits, PassiveAddress, Profile, Security, Timeouts,
};
pub use dialogue::{Client, Inherits, MachineEvent, Protected};
pub use event::{Event, ReceivedLine, Refusal};
pub use facts::FactsReader;
pub use failure::TransferFailure;
pub use file_size::ExpectedSize;
pub use listing_replies::ListingRefusal;
pub use location::Location;
pub use offers::Offers;
pub use operation::{Advance, Context, Operation, Polled, Sequence, Step, Verdict};
pub use operations::{
    Abort, Answer, AvailableAnswer, ChangeToHome, ChecksumAnswer, ClearCommandChannel, Complete, Completed,
    Exchange, Expected, FactsAnswer, FeaturesAnswer, Fxp, FxpAction, FxpError, Greeting, Hash, Login,
    Mismatch, ModificationTimeAnswer, Open, Opened, Party, PathAnswer, PlainAnswer, RawAnswer, RawError,
    Rename, Secure, SetModificationTime, Setup, Side, SizeAnswer, TimeSetAnswer, TransferId, Verified,
    Verify, abort, account, allocate, append, available, change_directory, change_to_home, change_to_parent,
    checksum, chmod, clear_command_channel, client_name, combine, complete, deflate_level, delete, entries,
    facts, features, fxp, greeting, hash, help, host, language, list, login, machine_list, make_directory,
    mode, modification_time, names, noop, options, protect_data, quit, raw, receive_raw, reinitialize,
    remove_directory, rename, renew_session, retrieve, retrieve_range, secure, send_raw, set_creation_time,
    set_facts, set_modification_time, setup, site, size, status, store, store_unique, structure,
    structure_mount, symlink, system, unprotect_data, utf8, verify, whereabouts, working_directory,
};
pub use reply_to::ReplyTo;
pub use walk::{Found, Walk, WalkLimits, member_name};
pub use zone::zone_offset;
