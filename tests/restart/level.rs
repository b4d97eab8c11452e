//! How hard MODE Z compresses.

use ftp_proto::action::DataOp;
use ftp_proto::client;
use ftp_proto::codec::{FileStructure, TransferMode};
use ftp_proto::server;

use crate::support::pair::pair_with;
use crate::support::server::Rig;
use crate::support::{secret, t};
use crate::{IMAGE, agree};

#[test]
fn the_level_of_mode_z_is_the_clients_choice_until_rein() {
    let mut rig = Rig::logged_in();
    for (line, reply) in [
        ("OPTS MODE Z LEVEL 9", "200 MODE Z LEVEL set to 9."),
        ("opts mode z level 0", "200 MODE Z LEVEL set to 0."),
        ("OPTS MODE Z", "200 MODE Z LEVEL reset."),
        ("OPTS MODE Z LEVEL 1", "200 MODE Z LEVEL set to 1."),
    ] {
        assert_eq!(rig.ask(line), [reply]);
    }
    for line in ["OPTS MODE Z LEVEL 10", "OPTS MODE Z LEVEL", "OPTS MODE Z LEVEL x", "OPTS MODE B"] {
        assert_eq!(rig.say(line), [501], "{line}");
    }
    let level = |rig: &mut Rig| {
        rig.passive();
        assert_eq!(rig.say("MODE Z\r\nRETR /file"), [200, 150]);
        let Some(DataOp::Send(parameters)) = rig.data_operations().last() else {
            panic!("{:?}", rig.data_operations())
        };
        let level = parameters.level;
        rig.download();
        assert_eq!(rig.codes(), [226]);
        level
    };
    assert_eq!(level(&mut rig), Some(1));
    assert_eq!(rig.say("REIN"), [220]);
    assert_eq!(level(&mut rig.login()), None);
}

#[test]
fn a_higher_level_makes_less_of_a_file_each_way() {
    let file: Vec<u8> = (0..20_000u32).flat_map(|n| (n % 1000 * n / 7).to_be_bytes()).collect();
    let mut sizes = Vec::new();
    for level in [0, 1, 9] {
        let mut config = client::Config::default();
        config.deflate_level = Some(level);
        let mut pair = pair_with(3, config, server::Config::default());
        pair.run(&mut client::greeting(), |_| ()).done();
        pair.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
        agree(&mut pair, FileStructure::File, TransferMode::Deflate);
        pair.run(&mut client::deflate_level(Some(level)), |_| ()).done();
        pair.upload(file.clone());
        let mut moved = Vec::new();
        for mut open in [client::store(t("/f"), IMAGE, 0), client::retrieve(t("/f"), IMAGE, 0)] {
            let transfer = pair.run(&mut open, |opened| opened.transfer).done();
            moved.push(pair.run(&mut client::complete(transfer), |done| done.transferred).done());
        }
        assert_eq!(pair.host().file("/f"), Some(&file[..]));
        assert!(pair.take_received() == file);
        sizes.push(moved);
    }
    let [stored, fast, best] = &sizes[..] else { unreachable!() };
    for way in 0..2 {
        assert!(stored[way] > file.len() as u64 && fast[way] < stored[way] && best[way] < fast[way]);
    }
}
