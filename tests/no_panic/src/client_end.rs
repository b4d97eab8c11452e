//! A client with every operation, and a peer that says anything.

use core::hint::black_box;

use ftp_proto::action::{Action, DataEvent, DataFailure, DataId, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{
    self, Client, Config, Event, Fxp, FxpAction, Operation, Party, Sequence, Walk, WalkLimits, member_name,
};
use ftp_proto::codec::{
    ByteRange, Command, FileStructure, HashAlgorithm, MffArgument, OptsArgument, RepresentationType, Secret,
    Text, Timestamp, TransferMode,
};
use ftp_proto::listing::{Entry, Kind};
use ftp_proto::time::Instant;

use crate::Input;

struct End {
    client: Client,
    rx: RecvBuf<[u8; 600]>,
    tx: SendBuf<[u8; 600]>,
    now: Instant,
}

impl End {
    fn new() -> Self {
        Self {
            client: Client::new(Config::default(), ([192, 0, 2, 1], 21).into()),
            rx: RecvBuf::new([0; 600]),
            tx: SendBuf::new([0; 600]),
            now: Instant::default(),
        }
    }

    /// Runs an operation with whatever the peer and the driver say.
    fn run<S: Sequence>(&mut self, input: &mut Input, mut operation: Operation<S>) {
        let mut last = None;
        while !input.is_over() {
            match operation.poll(&mut self.client, self.now, &mut self.rx, &mut self.tx) {
                Ok(Action::Event(Event::Done(_) | Event::Refused(_))) | Err(_) => return,
                Ok(Action::Event(Event::Line(line))) => _ = black_box(line.text.len()),
                Ok(Action::Data(id, op)) => last = Some((id, op)),
                Ok(Action::UpgradeControl(token)) => match input.byte() % 2 {
                    0 => self.client.upgraded(token),
                    _ => self.client.upgrade_failed(token),
                },
                Ok(Action::DowngradeControl(token)) => self.client.downgraded(token),
                Ok(Action::Close) => return,
                Ok(_) => {}
            }
            self.happens(input, &last);
        }
    }

    /// Lets time pass, bytes arrive and leave, and the data connection change.
    fn happens(&mut self, input: &mut Input, last: &Option<(DataId, DataOp)>) {
        match input.byte() % 5 {
            0 => self.now = self.now.after(core::time::Duration::from_micros(input.number() >> 24)),
            1 => {
                self.rx.extend(input.some(200));
            }
            2 => self.tx.sent(usize::from(input.byte())),
            3 => self.rx.eof(),
            _ => {
                if let Some((id, op)) = last {
                    black_box(op);
                    let _ = self.client.data_event(*id, event(input));
                }
            }
        }
    }
}

pub(crate) fn event(input: &mut Input) -> DataEvent {
    let address = ([192, 0, 2, input.byte()], 5000).into();
    match input.byte() % 10 {
        0 => DataEvent::Connected,
        1 => DataEvent::Listening(address),
        2 => DataEvent::Arrived(address),
        3 => DataEvent::Securing,
        4 => DataEvent::Secured { resumed: input.byte() % 2 == 0 },
        5 => DataEvent::Moved(input.number()),
        6 => DataEvent::Decoded(input.number()),
        7 => DataEvent::Flushed,
        8 => DataEvent::Eof { clean: input.byte() % 2 == 0 },
        _ => DataEvent::Failed(match input.byte() % 4 {
            0 => DataFailure::Unreachable,
            1 => DataFailure::Handshake,
            2 => DataFailure::Broken,
            _ => DataFailure::StorageFull,
        }),
    }
}

pub(crate) fn run(input: &mut Input) {
    let mut end = End::new();
    let mut names = [0; 300];
    while !input.is_over() {
        let length = input.some(255).len();
        names.iter_mut().for_each(|byte| *byte = input.byte());
        let (Ok(path), Ok(other)) = (
            Text::new(names.get(..length).unwrap_or_default()),
            Text::new(names.get(length..).unwrap_or_default()),
        ) else {
            continue;
        };
        operation(&mut end, input, path, other);
    }
    both(input);
}

fn operation(end: &mut End, input: &mut Input, path: Text<'_>, other: Text<'_>) {
    const IMAGE: RepresentationType = RepresentationType::Image;
    let (offset, level) = (input.number(), input.byte());
    let Ok(time) = Timestamp::from_unix(offset as i64 >> 20, 0) else { return };
    match input.byte() % 62 {
        0 => end.run(input, client::greeting()),
        1 => end.run(input, client::login(path, Secret::new(other), Some(Secret::new(other)))),
        2 => end.run(input, client::setup()),
        3 => end.run(input, client::secure()),
        4 => end.run(input, client::protect_data()),
        5 => end.run(input, client::clear_command_channel()),
        6 => transfer(end, input, client::retrieve(path, IMAGE, offset)),
        7 => transfer(end, input, client::store(path, IMAGE, offset)),
        8 => transfer(end, input, client::append(path, IMAGE)),
        9 => transfer(end, input, client::store_unique(Some(path), IMAGE)),
        10 => transfer(end, input, client::list(Some(path))),
        11 => transfer(end, input, client::names(Some(path))),
        12 => transfer(end, input, client::machine_list(Some(path))),
        13 => transfer(end, input, client::entries(None)),
        14 => transfer(end, input, client::renew_session()),
        15 => match ByteRange::new(offset, input.number()) {
            Ok(range) => transfer(end, input, client::retrieve_range(path, range)),
            Err(_) => {}
        },
        16 => end.run(input, client::change_directory(path)),
        17 => end.run(input, client::change_to_parent()),
        18 => end.run(input, client::working_directory()),
        19 => end.run(input, client::whereabouts()),
        20 => end.run(input, client::make_directory(path)),
        21 => end.run(input, client::remove_directory(path)),
        22 => end.run(input, client::delete(path)),
        23 => end.run(input, client::size(path)),
        24 => end.run(input, client::modification_time(path)),
        25 => end.run(input, client::facts(Some(path))),
        26 => end.run(input, client::features()),
        27 => end.run(input, client::system()),
        28 => end.run(input, client::noop()),
        29 => end.run(input, client::quit()),
        30 => end.run(input, client::set_creation_time(path, time)),
        31 => {
            if let Ok(facts) = MffArgument::parse(path.as_bytes()) {
                end.run(input, client::set_facts(facts));
            }
        }
        32 => end.run(input, client::checksum(path, HashAlgorithm::Md5)),
        33 => end.run(input, client::available(Some(path))),
        34 => end.run(input, client::status(Some(path))),
        35 => end.run(input, client::help(Some(path))),
        36 => end.run(input, client::chmod(path, level.into())),
        37 => end.run(input, client::symlink(path, other)),
        38 => end.run(input, client::client_name(path)),
        39 => end.run(input, client::language(Some(path))),
        40 => end.run(input, client::host(path)),
        41 => end.run(input, client::utf8(true)),
        42 => end.run(input, client::deflate_level(Some(level))),
        43 => {
            if let Ok(argument) = OptsArgument::parse(path.as_bytes()) {
                end.run(input, client::options(argument));
            }
        }
        44 => end.run(input, client::structure_mount(path)),
        45 => end.run(input, client::combine(path)),
        46 => end.run(input, client::reinitialize()),
        47 => end.run(input, client::allocate(offset)),
        48 => end.run(input, client::account(Secret::new(path))),
        49 => end.run(input, client::change_to_home(path)),
        50 => end.run(input, client::rename(path, other)),
        51 => end.run(input, client::set_modification_time(path, time)),
        52 => end.run(input, client::structure(FileStructure::Record)),
        53 => end.run(input, client::mode(TransferMode::Block)),
        55 => end.run(input, client::hash(path, Some(HashAlgorithm::Md5), None)),
        56 => end.run(input, client::verify(path, client::Expected { size: Some(offset), digest: None })),
        57 => match client::receive_raw(path, Some(IMAGE)) {
            Ok(open) => transfer(end, input, open),
            Err(_) => {}
        },
        58 => match client::send_raw(path, Some(IMAGE)) {
            Ok(open) => transfer(end, input, open),
            Err(_) => {}
        },
        59 => end.run(input, client::unprotect_data()),
        60 => walk(path, other),
        54 => {
            if let Ok(operation) = client::raw(path) {
                end.run(input, operation);
            }
        }
        _ => {
            if let Ok(command) = Command::parse(path.as_bytes()) {
                end.run(input, client::Exchange::<client::PlainAnswer>::new(command));
            }
        }
    }
}

fn transfer(end: &mut End, input: &mut Input, mut open: Operation<client::Open<'_>>) {
    let mut last = None;
    let opened = loop {
        if input.is_over() {
            return;
        }
        match open.poll(&mut end.client, end.now, &mut end.rx, &mut end.tx) {
            Ok(Action::Event(Event::Done(opened))) => break opened.transfer,
            Ok(Action::Event(Event::Refused(_)) | Action::Close) | Err(_) => return,
            Ok(Action::Data(id, op)) => last = Some((id, op)),
            Ok(_) => {}
        }
        end.happens(input, &last);
    };
    match input.byte() % 2 {
        0 => end.run(input, client::complete(opened)),
        _ => end.run(input, client::abort(opened)),
    }
}

/// A tree whose entries have names that a server chose.
fn walk(root: Text<'_>, name: Text<'_>) {
    let Ok(mut walk) = Walk::new([0; 300], root, WalkLimits::default()) else { return };
    for _ in 0..3 {
        if walk.next().is_none() {
            return;
        }
        let entry = Entry::new(name, Kind::Directory);
        let _ = black_box(walk.found(&entry));
        black_box((walk.path().len(), walk.path_below_root().len()));
        black_box(member_name(&entry, &[root.as_bytes()]));
    }
}

/// A transfer between two servers.
fn both(input: &mut Input) {
    let (mut from, mut to) = (End::new(), End::new());
    let mut fxp: Fxp<'_> =
        client::fxp(Text::literal("a"), Text::literal("b"), RepresentationType::Image, input.number());
    while !input.is_over() {
        let [source, target] = [&mut from, &mut to].map(|end| Party {
            client: &mut end.client,
            rx: &mut end.rx,
            tx: &mut end.tx,
        });
        match fxp.poll(Instant::default(), source, target) {
            Ok(FxpAction::Done | FxpAction::Aborted | FxpAction::Refused(..)) | Err(_) => return,
            Ok(_) => {}
        }
        let end = if input.byte() % 2 == 0 { &mut from } else { &mut to };
        end.happens(input, &None);
    }
}
