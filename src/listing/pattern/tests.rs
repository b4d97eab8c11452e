use super::*;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

#[test]
fn a_pattern_matches_what_a_shell_would_match_in_one_directory() {
    for (pattern, matching, others) in [
        ("*", &["a", "a.txt", "-x", " ", "[", "ä"][..], &[".a", ".", "..", "a/b", "/"][..]),
        ("**", &["a", "ab"], &[".a"]),
        ("*.txt", &["a.txt", "a.b.txt", "-.txt"], &[".txt", ".a.txt", "a.txt.", "a.TXT", "atxt", "d/a.txt"]),
        (".*", &[".", "..", ".a", ".txt"], &["a", "a.b"]),
        (".?*", &["..", ".a", ".ab"], &[".", "a"]),
        ("?", &["a", "*", "\\"], &["", "ab", ".", "/", "ä"]),
        ("??", &["ab", "ä", "a."], &["a", ".a", "abc"]),
        ("a?c", &["abc", "a.c", "a?c"], &["ac", "a/c", "abbc"]),
        ("[abc]", &["a", "b", "c"], &["d", "[", "ab", ""]),
        ("[a-c]x", &["ax", "bx", "cx"], &["dx", "-x", "x"]),
        ("[!a-c]", &["d", "-", "!"], &["a", "b", "c", ".", "/"]),
        ("[^a-c]", &["d", "^"], &["a", "b", "c"]),
        ("[]a]", &["]", "a"], &["[", "b"]),
        ("[!]a]", &["b", "["], &["]", "a"]),
        ("[a-]", &["a", "-"], &["b"]),
        ("[-a]", &["a", "-"], &["b"]),
        ("[z-a]", &[], &["z", "a", "m", "-"]),
        ("[.]a", &[], &[".a"]),
        ("[/]", &[], &["/"]),
        ("[*?]", &["*", "?"], &["a"]),
        // No bracket closes these, so they are bytes like any other.
        ("[", &["["], &["a", ""]),
        ("[a", &["[a"], &["a"]),
        ("[]", &["[]"], &["]", "["]),
        ("[!]", &["[!]"], &["a", "!"]),
        ("[*", &["[", "[x"], &["x"]),
        ("a\\*", &["a\\", "a\\b"], &["a*"]),
        ("a*b*c", &["abc", "axbxc", "abcbc", "aabbcc"], &["ab", "acb", "abcd"]),
        ("plain", &["plain"], &["Plain", "plain ", "plai"]),
        ("", &[""], &["a"]),
    ] {
        for name in matching {
            assert!(Pattern::new(pattern.as_bytes()).matches(name.as_bytes()), "{pattern:?} {name:?}");
        }
        for name in others {
            assert!(!Pattern::new(pattern.as_bytes()).matches(name.as_bytes()), "{pattern:?} {name:?}");
        }
    }
    assert!(Pattern::new(b"?\xff*").matches(b"\xfe\xff\x80"));
    assert!(Pattern::new(b"[\x80-\xff]").matches(b"\xe4"));
}

#[test]
fn a_pattern_knows_whether_it_holds_a_wildcard() {
    for (pattern, wild) in [
        ("", false),
        ("a.txt", false),
        ("a*", true),
        ("?", true),
        ("[a]", true),
        ("[x].txt", true),
        ("[", false),
        ("a]", false),
        ("[]", false),
        ("[[]", true),
    ] {
        assert_eq!(Pattern::new(pattern.as_bytes()).has_wildcards(), wild, "{pattern:?}");
    }
}

#[test]
fn many_stars_do_not_blow_up() {
    let name = vec![b'a'; 255];
    let pattern = [&b"a*".repeat(64)[..], b"b"].concat();
    let begin = std::time::Instant::now();
    for _ in 0..100 {
        assert!(!Pattern::new(&pattern).matches(&name));
    }
    let class = [&b"*[b-y]".repeat(300)[..], b"z"].concat();
    let long = vec![b'c'; 100_000];
    for _ in 0..100 {
        assert!(!Pattern::new(&class).matches(&long));
        assert!(!Pattern::new(&pattern).matches(&long));
    }
    // A backtracking matcher would not finish within the life of this machine.
    assert!(begin.elapsed() < std::time::Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[test]
fn the_budget_ends_a_comparison_that_would_take_long() {
    let name = vec![b'a'; 100_000];
    let pattern = [&b"*"[..], &[b'a'; 1000], b"b"].concat();
    assert!(!Pattern::new(&pattern).matches(&name));
    // The comparison was given up, not decided.
    assert!(!Pattern::new(b"*a").matches(&[b'b'].repeat(200_000)));
    let within = [&[b'a'; 254][..], b"b"].concat();
    assert!(Pattern::new(b"*a*a*a*b").matches(&within));
    let longest = [&b"*"[..], &[b'a'; 62], b"b"].concat();
    assert!(Pattern::new(&longest).matches(&within));
}

/// Matches by the definition, without regard for time.
fn naive(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            naive(rest, name)
                || name.split_first().is_some_and(|(byte, name)| *byte != b'/' && naive(pattern, name))
        }
        (Some((b'?', rest)), Some((byte, name))) => *byte != b'/' && naive(rest, name),
        (Some((b'[', rest)), Some((byte, tail))) => {
            let (negated, body) = match rest.split_first() {
                Some((b'!' | b'^', body)) => (true, body),
                _ => (false, rest),
            };
            let close = (1..body.len()).find(|at| body[*at] == b']');
            let Some(close) = close else { return *byte == b'[' && naive(rest, tail) };
            let mut members = Vec::new();
            let mut at = 0;
            while at < close {
                if at + 2 < close && body[at + 1] == b'-' {
                    members.extend(body[at]..=body[at + 2]);
                    at += 3;
                } else {
                    members.push(body[at]);
                    at += 1;
                }
            }
            *byte != b'/' && members.contains(byte) != negated && naive(&body[close + 1..], tail)
        }
        (Some((literal, rest)), Some((byte, name))) => literal == byte && naive(rest, name),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

proptest! {
    #[test]
    fn the_matcher_agrees_with_the_naive_definition(
        pattern in "[ab.*?!^/\\[\\]-]{0,12}",
        name in "[ab.!^/\\[\\]-]{0,10}",
    ) {
        let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
        let hidden = name.first() == Some(&b'.') && pattern.first() != Some(&b'.');
        prop_assert_eq!(Pattern::new(pattern).matches(name), !hidden && naive(pattern, name));
    }

    #[test]
    fn a_pattern_without_wildcards_matches_itself_alone(
        pattern in proptest::collection::vec(any::<u8>(), 0..20),
        name in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        if !Pattern::new(&pattern).has_wildcards() {
            prop_assert!(Pattern::new(&pattern).matches(&pattern));
            prop_assert_eq!(Pattern::new(&pattern).matches(&name), pattern == name);
        }
    }
}
