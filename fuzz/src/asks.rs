//! The operations that a client may be asked for.

use arbitrary::Arbitrary;
use ftp_proto::client;
use ftp_proto::codec::{
    ByteRange, Digest, FileStructure, FormatControl, HashAlgorithm, MffArgument, OptsArgument,
    RepresentationType, Secret, SiteCommand, Text, Timestamp, TransferMode,
};
use ftp_proto::transfer::Marker;

use crate::client_end::{ClientEnd, Peer};

/// An operation to run.
#[derive(Arbitrary, Clone, Debug)]
pub enum Ask<'a> {
    Greeting,
    Login(&'a [u8], &'a [u8], bool),
    Retrieve(&'a [u8], bool, u16),
    RetrieveRange(&'a [u8], u16, u16),
    RestartAt(&'a [u8], &'a [u8], u16),
    Store(&'a [u8], bool, u16),
    Append(&'a [u8]),
    StoreUnique(&'a [u8]),
    List(&'a [u8]),
    Names(&'a [u8]),
    MachineList(&'a [u8]),
    Facts(&'a [u8]),
    Size(&'a [u8]),
    ModificationTime(&'a [u8]),
    WorkingDirectory,
    Features,
    System,
    ChangeDirectory(&'a [u8]),
    MakeDirectory(&'a [u8]),
    RemoveDirectory(&'a [u8]),
    Delete(&'a [u8]),
    Rename(&'a [u8], &'a [u8]),
    Noop,
    Raw(&'a [u8]),
    Quit,
    Secure,
    ProtectData(bool),
    ClearCommandChannel,
    /// One of the other operations, by its row in the function below that runs them.
    Other(u8, &'a [u8], &'a [u8]),
}

/// Number of the other operations.
pub const OTHERS: u8 = 46;

impl<P: Peer> ClientEnd<'_, P> {
    pub fn ask(&mut self, ask: &Ask<'_>) {
        let image = RepresentationType::Image;
        let coding = |ascii: bool| if ascii { RepresentationType::ASCII } else { image };
        let text = |bytes| Text::new(bytes).ok();
        let path = |bytes| text(bytes).filter(|path| !path.is_empty()).unwrap_or(Text::literal("x"));
        let maybe = |bytes| text(bytes).filter(|path| !path.is_empty());
        match *ask {
            Ask::Greeting => self.run(client::greeting()),
            Ask::Login(user, password, account) => {
                let account = account.then(|| Secret::new(path(password)));
                self.run(client::login(path(user), Secret::new(path(password)), account));
            }
            Ask::Retrieve(name, ascii, offset) => {
                self.transfer(client::retrieve(path(name), coding(ascii), offset.into()));
            }
            Ask::RetrieveRange(name, first, last) => {
                let range = ByteRange::new(first.into(), last.into()).unwrap_or(ByteRange::WHOLE);
                self.transfer(client::retrieve_range(path(name), range));
            }
            Ask::RestartAt(name, marker, position) => {
                if let Some(marker) = Marker::new(marker, position.into()) {
                    self.transfer(client::retrieve(path(name), image, 0).restart_at(&marker));
                }
            }
            Ask::Store(name, ascii, offset) => {
                self.transfer(client::store(path(name), coding(ascii), offset.into()))
            }
            Ask::Append(name) => self.transfer(client::append(path(name), image)),
            Ask::StoreUnique(name) => self.transfer(client::store_unique(maybe(name), image)),
            Ask::List(name) => self.transfer(client::list(maybe(name))),
            Ask::Names(name) => self.transfer(client::names(maybe(name))),
            Ask::MachineList(name) => self.transfer(client::machine_list(maybe(name))),
            Ask::Facts(name) => self.run(client::facts(maybe(name))),
            Ask::Size(name) => self.run(client::size(path(name))),
            Ask::ModificationTime(name) => self.run(client::modification_time(path(name))),
            Ask::WorkingDirectory => self.run(client::working_directory()),
            Ask::Features => self.run(client::features()),
            Ask::System => self.run(client::system()),
            Ask::ChangeDirectory(name) => self.run(client::change_directory(path(name))),
            Ask::MakeDirectory(name) => self.run(client::make_directory(path(name))),
            Ask::RemoveDirectory(name) => self.run(client::remove_directory(path(name))),
            Ask::Delete(name) => self.run(client::delete(path(name))),
            Ask::Rename(from, to) => self.run(client::rename(path(from), path(to))),
            Ask::Noop => self.run(client::noop()),
            Ask::Secure => self.run(client::secure()),
            Ask::ProtectData(true) => self.run(client::protect_data()),
            Ask::ProtectData(false) => self.run(client::unprotect_data()),
            Ask::ClearCommandChannel => self.run(client::clear_command_channel()),
            Ask::Raw(line) => {
                if let Ok(Ok(operation)) = Text::new(line).map(client::raw) {
                    self.run(operation);
                }
            }
            Ask::Quit => self.run(client::quit()),
            Ask::Other(row, one, two) => self.other(row % OTHERS, one, two),
        }
    }

    /// Runs one of the operations that take a path or a value of another kind.
    fn other(&mut self, row: u8, one: &[u8], two: &[u8]) {
        let text = |bytes| Text::new(bytes).unwrap_or(Text::literal("x"));
        let path =
            |bytes| Text::new(bytes).ok().filter(|path| !path.is_empty()).unwrap_or(Text::literal("x"));
        let maybe = |bytes| Text::new(bytes).ok().filter(|path| !path.is_empty());
        let number = two.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let algorithm = HashAlgorithm::ALL[number as usize % HashAlgorithm::ALL.len()];
        let time = Timestamp::from_unix(i64::from(number as u32), 0).unwrap();
        let representation = (number & 1 == 0).then_some(RepresentationType::ASCII);
        match row {
            0 => self.run(client::setup()),
            1 => self.run(client::structure(
                [FileStructure::File, FileStructure::Record, FileStructure::Page][number as usize % 3],
            )),
            2 => {
                let modes = [
                    TransferMode::Stream,
                    TransferMode::Block,
                    TransferMode::Compressed,
                    TransferMode::Deflate,
                ];
                self.run(client::mode(modes[number as usize % 4]));
            }
            3 => self.run(client::change_to_parent()),
            4 => self.run(client::whereabouts()),
            5 => self.run(client::set_creation_time(path(one), time)),
            6 | 7 => self.run(client::set_modification_time(path(one), time)),
            8 => {
                if let Ok(facts) = MffArgument::parse(one) {
                    self.run(client::set_facts(facts));
                }
            }
            9 => self.run(client::checksum(path(one), algorithm)),
            10 => self.run(client::available(maybe(one))),
            11 => self.run(client::status(maybe(one))),
            12 => self.run(client::help(maybe(one))),
            13 => {
                if let Ok(command) = SiteCommand::parse(path(one)) {
                    self.run(client::site(command));
                }
            }
            14 => self.run(client::chmod(path(one), number as u16 & 0o7777)),
            15 => self.run(client::symlink(path(one), path(two))),
            16 => self.run(client::client_name(path(one))),
            17 => self.run(client::language(maybe(one))),
            18 => self.run(client::host(path(one))),
            19 => self.run(client::utf8(number & 1 == 0)),
            20 => self.run(client::deflate_level((number & 1 == 0).then_some(number as u8 % 10))),
            21 => {
                if let Ok(argument) = OptsArgument::parse(one) {
                    self.run(client::options(argument));
                }
            }
            22 => self.run(client::structure_mount(path(one))),
            23 => self.run(client::combine(path(one))),
            24 => self.run(client::reinitialize()),
            25 => self.run(client::allocate(number)),
            26 => self.run(client::account(Secret::new(text(one)))),
            27 => {
                let range = ByteRange::new(number & 0xFF, number & 0xFFFF).ok();
                self.run(client::hash(path(one), (number & 1 == 0).then_some(algorithm), range));
            }
            28 => self.run(client::change_to_home(text(one))),
            29..=31 => {
                let digest =
                    HashAlgorithm::ALL.iter().find_map(|algorithm| Digest::parse(two, *algorithm).ok());
                let size = (number & 1 == 0).then_some(number >> 1);
                self.drive(client::verify(path(one), client::Expected { size, digest }), |done| match done {
                    Ok(verified) => format!("{verified:?}"),
                    Err(mismatch) => mismatch.to_string(),
                });
            }
            32 => {
                if let Ok(operation) = client::receive_raw(path(one), representation) {
                    self.transfer(operation);
                }
            }
            33 => {
                if let Ok(operation) = client::send_raw(path(one), representation) {
                    self.transfer(operation);
                }
            }
            34 => self.transfer(client::renew_session()),
            35 => self.transfer(client::entries(maybe(one))),
            36 => self.transfer(
                client::retrieve(path(one), RepresentationType::Image, 0)
                    .expect_size(client::ExpectedSize::Size(number)),
            ),
            37 => self.aborted(client::retrieve(path(one), RepresentationType::Image, 0)),
            38 => self.transfer(
                client::retrieve(path(one), RepresentationType::Image, number & 0xFF)
                    .expect_size(client::ExpectedSize::Fact(number)),
            ),
            // The next address may be requested ahead, and used or not.
            39 => self.transfer(client::retrieve(path(one), RepresentationType::Image, 0).in_series(true)),
            40 => self.transfer(client::retrieve(path(one), RepresentationType::Image, 0).in_series(false)),
            41 => {
                for more in [true, true, true, false] {
                    self.transfer(client::retrieve(path(one), RepresentationType::Image, 0).in_series(more));
                }
            }
            42 => {
                let ebcdic = RepresentationType::Ebcdic(FormatControl::ALL[number as usize % 3]);
                self.transfer(client::retrieve(path(one), ebcdic, 0));
                self.transfer(client::names(maybe(one)));
            }
            43 => self.aborted(client::store(path(one), RepresentationType::Image, 0)),
            44 => self.aborted(client::list(maybe(one))),
            _ => self.dropped(client::retrieve(path(one), RepresentationType::Image, 0)),
        }
    }
}
