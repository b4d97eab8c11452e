//! TYPE, STRU and MODE (RFC 959 3.1, 3.4): every combination moves a megabyte each way between client and
//! session, cut at random.

use super::choices::Choices;
use super::network::{Harm, Plan};
use super::support::{secret, t};
use super::world::World;
use ftp_proto::client::{self, Open, Operation};
use ftp_proto::codec::{Command, FileStructure, FormatControl, RepresentationType, TransferMode};
use ftp_proto::server;
use ftp_proto::testing::Random;
use ftp_proto::transfer::Coding;

const LENGTH: usize = 1_000_000;

/// Noise, with what means something somewhere.
fn noise(random: &mut Random) -> Vec<u8> {
    (0..LENGTH.div_ceil(8)).flat_map(|_| random.next().to_be_bytes()).take(LENGTH).collect()
}

/// Lines of words, tabs and runs of blanks, the last one without its end.
fn text(random: &mut Random) -> Vec<u8> {
    let words: [&[u8]; 8] = [b"etaoin ", b"shrdlu", b"\n", b"\r\n", b"          ", b"\t", b"a\r", b". "];
    let mut text = Vec::new();
    while text.len() < LENGTH {
        text.extend_from_slice(words[random.below(words.len())]);
    }
    text.truncate(LENGTH);
    text
}

fn codings() -> Vec<Coding> {
    let forms = FormatControl::ALL.iter();
    let texts = forms.flat_map(|form| [RepresentationType::Ascii(*form), RepresentationType::Ebcdic(*form)]);
    let types = texts.chain([RepresentationType::Image, RepresentationType::LOCAL_8]);
    let layouts = FileStructure::ALL
        .iter()
        .flat_map(|structure| TransferMode::ALL.iter().map(|mode| (*structure, *mode)));
    types
        .flat_map(|representation| {
            layouts.clone().map(move |(structure, mode)| Coding { representation, structure, mode })
        })
        .filter(Coding::is_supported)
        .collect()
}

fn move_by(world: &mut World, mut open: Operation<Open<'_>>) {
    let id = world.run(&mut open, |opened| opened.transfer).done();
    world.run(&mut client::complete(id), |_| ()).done();
}

/// Up and down again, over one connection, whose parameters change on the way.
fn both_ways(seed: u64, codings: &[Coding], files: &[Vec<u8>]) {
    let plan = Plan { delay: 1000, piece: 32_000, window: 200_000, ..Plan::calm() };
    let choices = Choices::unrecorded(seed);
    let mut world = World::pair(&choices, plan, false, client::Config::default(), server::Config::default());
    world.run(&mut client::greeting(), |_| ()).done();
    world.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
    for coding in codings {
        world.net.note(|| format!("-- {coding:?}"));
        let Coding { representation, structure, mode } = *coding;
        for command in [Command::Stru(structure), Command::Mode(mode)] {
            world.run(&mut client::Exchange::<client::RawAnswer>::new(command), |_| ()).done();
        }
        world.layout = (structure, mode);
        for file in files {
            world.net.plan.piece = choices.one(&[500, 8_000, 32_000]);
            world.remove(b"/f");
            world.files().upload.clone_from(file);
            move_by(&mut world, client::store(t("/f"), representation, 0));
            assert!(
                world.served().host.tree.file("/f") == Some(file),
                "{coding:?}: something else was stored"
            );
            move_by(&mut world, client::retrieve(t("/f"), representation, 0));
            assert!(world.files().download == *file, "{coding:?}: something else was received");
        }
    }
    world.run(&mut client::quit(), |_| ()).done();
    assert_eq!(world.net.harm, Harm::default());
}

#[test]
fn every_combination_of_type_structure_and_mode_moves_a_megabyte_of_noise_and_of_text() {
    let mut random = Random::new(959);
    let files = [noise(&mut random), text(&mut random)];
    let mut codings = codings();
    random.shuffle(&mut codings);
    assert_eq!(codings.len(), 8 * 3 * if cfg!(feature = "deflate") { 4 } else { 3 });
    let half = codings.len().div_ceil(2);
    std::thread::scope(|scope| {
        for (seed, codings) in codings.chunks(half).enumerate() {
            let files = &files;
            scope.spawn(move || both_ways(seed as u64, codings, files));
        }
    });
}
