//! Input from the server that is cut anywhere, and noise.

use super::*;

/// Returns everything that a long dialogue shows, which must not depend on how the input is cut.
fn dialogue(chunks: Chunks) -> (Vec<Outcome<()>>, Vec<String>, Vec<String>) {
    let mut rig = Rig::new().says("PWD", "257-one\r\n\r\n 257 two\r\n257 \"/x\"");
    rig.set_pieces(chunks);
    let mut outcomes = vec![unit(rig.run(&mut client::greeting(), |_| ()))];
    for (_, operation) in OPERATIONS {
        outcomes.push(operation(&mut rig));
    }
    let commands = rig.commands().into_iter().map(str::to_owned).collect();
    (outcomes, rig.lines().to_vec(), commands)
}

#[test]
fn a_dialogue_byte_by_byte_is_the_same_dialogue() {
    let whole = dialogue(Chunks::whole());
    assert!(whole.0.iter().all(|outcome| *outcome == Outcome::Done(())), "{whole:#?}");
    assert_eq!(dialogue(Chunks::of(&[1])), whole);
}

proptest! {
    #[test]
    fn a_dialogue_cut_anywhere_is_the_same_dialogue(sizes in prop::collection::vec(1usize..40, 1..8)) {
        prop_assert_eq!(dialogue(Chunks::of(&sizes)), dialogue(Chunks::whole()));
    }

    #[test]
    fn noise_is_answered_by_an_error_or_ignored(
        noise in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'2'), Just(b' ')], 0..3000),
        sizes in prop::collection::vec(1usize..300, 1..5),
        operation in 0..OPERATIONS.len(),
        command in 0usize..4,
        greeting in any::<bool>(),
    ) {
        let (commands, run) = OPERATIONS[operation];
        let commands: Vec<&str> = commands.split(' ').collect();
        let acts = vec![Act::Raw(noise), Hangup];
        let mut rig = match greeting {
            true => Rig::new().opening(acts),
            false => Rig::greeted().on(commands[command % commands.len()], acts),
        };
        rig.set_pieces(Chunks::of(&sizes));
        run(&mut rig);
        run(&mut rig);
    }
}
