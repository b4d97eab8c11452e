//! The client and its driver, with every operation, against a server that answers from a table.
#![no_std]
#![no_main]

#[path = "../measured.rs"]
mod measured;

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use arrayvec::ArrayVec;
use cortex_m as _;
use cortex_m_rt::entry;
use ftp_proto::action::{Action, DataEvent, DataId, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{self, Client, Config, DataConnection, Event, Open, Operation, Sequence};
use ftp_proto::codec::{
    ByteRange, FileStructure, HashAlgorithm, MffArgument, OptsArgument, RepresentationType, Secret,
    SiteCommand, Text, Timestamp, TransferMode,
};
use ftp_proto::time::Instant;
use panic_semihosting as _;

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 21);
const PATH: Text<'static> = Text::literal("samples.bin");
const IMAGE: RepresentationType = RepresentationType::Image;

/// The first reply to a command, and what follows once its data has moved.
fn answer(command: &[u8]) -> (&'static [u8], Option<&'static [u8]>) {
    let verb = command.split(|byte| *byte == b' ').next().unwrap_or_default();
    let reply: &[u8] = match verb {
        b"RETR" | b"STOR" | b"APPE" | b"LIST" | b"NLST" | b"MLSD" => return (b"150 Here (9 bytes)", Some(b"226 Done")),
        b"STOU" => return (b"150 FILE: unique", Some(b"226 Done")),
        b"USER" => b"331 And?",
        b"PASS" => b"332 Account?",
        b"ACCT" => b"230 In",
        b"EPSV" => b"229 Go (|||5000|)",
        b"PASV" => b"227 Go (192,0,2,1,19,136)",
        b"FEAT" => b"211-All\r\n SIZE\r\n MDTM\r\n MFMT\r\n REST STREAM\r\n MLST type*;size*;modify*;\r\n HASH SHA-256*\r\n UTF8\r\n RANG STREAM\r\n211 End",
        b"STAT" => b"211-Status\r\n fine\r\n211 End",
        b"MLST" => b"250-One\r\n type=file;size=9;modify=20240229123456; samples.bin\r\n250 End",
        b"PWD" | b"MKD" => b"257 \"/a \"\"b\"\"\" is it",
        b"SIZE" => b"213 9",
        b"MDTM" => b"213 20240229123456",
        b"MFMT" | b"MFCT" | b"MFF" => b"213 Modify=20240229123456; samples.bin",
        b"HASH" => b"213 SHA-256 0-9 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef samples.bin",
        b"XCRC" => b"250 0123abcd",
        b"AVBL" => b"213 77",
        b"SYST" => b"215 UNIX Type: L8",
        b"HELP" => b"214 None",
        b"REST" | b"RNFR" | b"RANG" => b"350 Go on",
        b"RNTO" | b"CWD" | b"CDUP" | b"DELE" | b"RMD" | b"SMNT" | b"COMB" => b"250 Done",
        b"REIN" | b"HOST" => b"220 Again",
        b"ABOR" => b"226 Nothing left",
        b"QUIT" => b"221 Bye",
        b"XNO" => b"500 Unknown",
        _ => b"200 Fine",
    };
    (reply, None)
}

struct Rig {
    client: Client,
    rx: RecvBuf<[u8; 512]>,
    tx: SendBuf<[u8; 256]>,
    now: Instant,
    listener: Option<DataId>,
    /// The events that a data connection has to come to, the last first, and the reply to its end.
    moving: Option<(DataId, ArrayVec<DataEvent, 2>)>,
    last: Option<&'static [u8]>,
}

impl Rig {
    fn new(config: Config) -> Self {
        let mut rig = Self {
            client: Client::new(config, SERVER),
            rx: RecvBuf::new([0; 512]),
            tx: SendBuf::new([0; 256]),
            now: Instant::default(),
            listener: None,
            moving: None,
            last: None,
        };
        rig.says(b"220-Hello\r\n there\r\n220 Go");
        rig
    }

    fn says(&mut self, reply: &[u8]) {
        for part in [reply, b"\r\n"] {
            assert_eq!(self.rx.extend(part), part.len(), "the receive buffer is full");
        }
    }

    fn transfer(&mut self, name: &str, open: Operation<Open<'_>>) {
        let Some(transfer) = self.run(name, open, |opened| opened.transfer) else {
            panic!("{name} was refused")
        };
        let moved = self.run(name, client::complete(transfer), |completed| completed.transferred);
        assert_eq!(moved, Some(9), "{name}");
    }

    /// Runs an operation: what `keep` makes of its result, unless the server refuses it.
    #[inline(never)]
    fn run<S: Sequence, O>(
        &mut self,
        name: &str,
        mut operation: Operation<S>,
        keep: impl FnOnce(S::Output<'_>) -> O,
    ) -> Option<O> {
        for _ in 0..1000 {
            self.now = self.now.after(Duration::from_millis(1));
            let asked = match operation.poll(&mut self.client, self.now, &mut self.rx, &mut self.tx) {
                Ok(Action::Event(Event::Done(output))) => return Some(keep(output)),
                Ok(Action::Event(Event::Refused(_))) => return None,
                Ok(Action::Event(Event::Line(_))) => continue,
                Ok(Action::Data(id, op)) => Some((id, op)),
                Ok(Action::Wait(_)) => None,
                Ok(_) => panic!("{name}: this is not asked of it"),
                Err(error) => panic!("{name}: {error}"),
            };
            match asked {
                Some((id, op)) => self.data(id, op),
                None => self.server(),
            }
        }
        panic!("{name} has no end");
    }

    fn data(&mut self, id: DataId, op: DataOp) {
        let event = match op {
            DataOp::Connect(_) => DataEvent::Connected,
            DataOp::Listen { .. } => {
                self.listener = Some(id);
                DataEvent::Listening(SocketAddr::new(Ipv4Addr::new(192, 0, 2, 2).into(), 5000))
            }
            DataOp::Send(_) => {
                self.moving = Some((id, [DataEvent::Flushed, DataEvent::Moved(9)].into()));
                return;
            }
            DataOp::Receive(_) => {
                self.moving = Some((id, [DataEvent::Eof { clean: true }, DataEvent::Moved(9)].into()));
                return;
            }
            DataOp::AwaitClose => DataEvent::Eof { clean: true },
            _ => {
                (self.listener, self.moving) = (None, None);
                return;
            }
        };
        self.client.data_event(id, event).expect("it asked for this");
    }

    /// Does what the server does next.
    fn server(&mut self) {
        let mut commands = ArrayVec::<u8, 256>::new();
        commands.extend(self.tx.pending().iter().copied());
        self.tx.sent(commands.len());
        for command in commands.split(|byte| *byte == b'\n').filter(|command| !command.is_empty()) {
            let (reply, last) = answer(command.strip_suffix(b"\r").unwrap_or(command));
            self.says(reply);
            self.last = last.or(self.last);
            if let Some(id) = self.listener.take_if(|_| last.is_some()) {
                self.client.data_event(id, DataEvent::Arrived(SERVER)).expect("it listens");
            }
        }
        let Some((id, events)) = &mut self.moving else { return };
        if let Some(event) = events.pop() {
            self.client.data_event(*id, event).expect("it waits for this");
        }
        if events.is_empty()
            && let Some(last) = self.last.take()
        {
            self.says(last);
        }
    }
}

#[entry]
fn main() -> ! {
    let mut stack = 0;
    for data_connection in [DataConnection::Passive, DataConnection::Active] {
        let mut config = Config::default();
        config.limits.line = 510;
        config.data_connection = data_connection;
        let mut rig = Rig::new(config);
        stack = measured::stack();
        every_operation(&mut rig);
    }
    sizes!("client" Client);
    measured::end(stack);
}

#[inline(never)]
fn every_operation(rig: &mut Rig) {
    let time = Timestamp::new(2024, 2, 29, 12, 34, 56).expect("a time");
    let secret = Secret::new(Text::literal("correct horse"));
    let facts = MffArgument::parse(b"modify=20240229123456; x").expect("facts");
    macro_rules! run {
        ($($name:ident($($argument:expr),*);)+) => {
            $(let _ = rig.run(stringify!($name), client::$name($($argument),*), |_| ());)+
        };
    }
    macro_rules! transfer {
        ($($name:ident($($argument:expr),*);)+) => {
            $(rig.transfer(stringify!($name), client::$name($($argument),*));)+
        };
    }
    run! {
        greeting();
        login(Text::literal("sensor"), secret, Some(secret));
        setup();
        features();
        system();
        noop();
        host(Text::literal("ftp.example.org"));
        account(secret);
        help(None);
        status(None);
        utf8(true);
        options(OptsArgument::parse(b"HASH SHA-256").expect("options"));
        deflate_level(Some(6));
        language(None);
        client_name(PATH);
        structure_mount(PATH);
        structure(FileStructure::File);
        mode(TransferMode::Stream);
        change_directory(PATH);
        change_to_parent();
        change_to_home(Text::literal("sensor"));
        working_directory();
        make_directory(PATH);
        remove_directory(PATH);
        delete(PATH);
        rename(PATH, PATH);
        size(PATH);
        modification_time(PATH);
        facts(Some(PATH));
        set_modification_time(PATH, time);
        set_creation_time(PATH, time);
        set_facts(facts);
        hash(PATH, Some(HashAlgorithm::Sha256), None);
        checksum(PATH, HashAlgorithm::Crc32);
        verify(PATH, client::Expected { size: Some(9), digest: None });
        available(None);
        combine(Text::literal("\"x\" \"y\""));
        allocate(9);
        site(SiteCommand::Help(None));
        chmod(PATH, 0o644);
        symlink(PATH, PATH);
    }
    let _ = rig.run("raw", client::raw(Text::literal("XNO thing")).expect("a command"), |_| ());
    transfer! {
        retrieve(PATH, IMAGE, 0);
        store(PATH, IMAGE, 0);
        append(PATH, RepresentationType::ASCII);
        store_unique(None, IMAGE);
        list(None);
        names(Some(PATH));
        machine_list(None);
        entries(None);
    }
    let _ = rig
        .run("range", client::retrieve_range(PATH, ByteRange::new(2, 5).expect("a range")), |_| ())
        .is_some();
}
