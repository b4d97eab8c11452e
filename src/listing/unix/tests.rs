use super::*;
use proptest::prelude::*;
use std::format;
use std::string::{String, ToString};

/// Returns a clock that shows 2024-11-10 12:00 UTC.
fn clock() -> Clock {
    Clock::at(1_731_240_000)
}

fn read(line: &[u8]) -> Result<Option<Entry<'_>>, Invalid> {
    Format::Unix.parse_line(line, &clock())
}

/// Summarizes an entry in one line for the tables: kind mode links owner group size date name.
fn summary(line: &str) -> String {
    let entry = match read(line.as_bytes()) {
        Ok(Some(entry)) => entry,
        Ok(None) => return "noise".into(),
        Err(_) => return "error".into(),
    };
    assert_eq!(entry.raw(), line.as_bytes());
    assert_eq!(entry.format(), Some(Format::Unix));
    let or = |text: Option<String>| text.unwrap_or("~".into());
    let kind = match entry.kind {
        Kind::File => "file".into(),
        Kind::Directory => "dir".into(),
        Kind::Link { target } => format!("link({})", or(target.map(|t| t.to_string()))),
        Kind::CharacterDevice(Some(Device { major, minor })) => format!("char({major},{minor})"),
        Kind::BlockDevice(Some(Device { major, minor })) => format!("block({major},{minor})"),
        other => format!("{other:?}"),
    };
    let (links, size) = (entry.links.map(|n| n.to_string()), entry.size.map(|n| n.to_string()));
    format!(
        "{kind} {} {} {} {} {} {} |{}|",
        or(entry.mode.map(|mode| format!("{mode:04o}"))),
        or(links),
        or(entry.owner.map(|it| it.to_string())),
        or(entry.group.map(|it| it.to_string())),
        or(size),
        or(entry.modified.map(|it| it.to_string())),
        entry.name
    )
}

#[test]
fn lines_of_ls_have_known_entries() {
    for (line, expected) in [
        // the common shape
        (
            "-rw-r--r--   1 owner group  1234 Nov  9 20:06 name",
            "file 0644 1 owner group 1234 2024-11-09T20:06 |name|",
        ),
        (
            "drwxr-xr-x    2 ftp      ftp          4096 Nov 09  2001 pub",
            "dir 0755 2 ftp ftp 4096 2001-11-09 |pub|",
        ),
        ("-rw-r--r-- 1 o g 0 2001-11-09 20:06 n", "file 0644 1 o g 0 2001-11-09T20:06 |n|"),
        (
            "-rw-r--r-- 1 o g 18446744073709551615 9 Nov 20:06 n",
            "file 0644 1 o g 18446744073709551615 2024-11-09T20:06 |n|",
        ),
        // names
        (
            "-rw-r--r-- 1 o g 5 Nov  9 20:06   two  spaces ",
            "file 0644 1 o g 5 2024-11-09T20:06 |  two  spaces |",
        ),
        (
            "-rw-r--r-- 1 o g 5 Nov  9 20:06 -rw 1 o g 7 Nov  9 2001 x",
            "file 0644 1 o g 5 2024-11-09T20:06 |-rw 1 o g 7 Nov  9 2001 x|",
        ),
        ("-rw-r--r-- 1 o g 5 Nov  9 20:06 a -> b", "file 0644 1 o g 5 2024-11-09T20:06 |a -> b|"),
        ("drwxr-xr-x 1 o g 5 Nov  9 20:06 .", "CurrentDirectory 0755 1 o g 5 2024-11-09T20:06 |.|"),
        ("drwxr-xr-x 1 o g 5 Nov  9 20:06 ..", "ParentDirectory 0755 1 o g 5 2024-11-09T20:06 |..|"),
        // links
        ("lrwxrwxrwx 1 o g 5 Nov  9 20:06 a -> b -> c", "link(b -> c) 0777 1 o g 5 2024-11-09T20:06 |a|"),
        ("lrwxrwxrwx 1 o g 5 Nov  9 20:06 a", "link(~) 0777 1 o g 5 2024-11-09T20:06 |a|"),
        ("lrwxrwxrwx 1 o g 5 Nov  9 20:06 a -> ", "link(~) 0777 1 o g 5 2024-11-09T20:06 |a|"),
        ("lrwxrwxrwx 1 o g 5 Nov  9 20:06 a->b -> /t t", "link(/t t) 0777 1 o g 5 2024-11-09T20:06 |a->b|"),
        // other types
        (
            "crw-rw-rw- 1 root sys 1, 3 Nov  9 20:06 null",
            "char(1,3) 0666 1 root sys ~ 2024-11-09T20:06 |null|",
        ),
        (
            "brw-rw----   1 root disk      8,   1 Nov  9 20:06 sda1",
            "block(8,1) 0660 1 root disk ~ 2024-11-09T20:06 |sda1|",
        ),
        (
            "brw-rw---- 1 root disk 8,1 Nov  9 20:06 sda1",
            "block(8,1) 0660 1 root disk ~ 2024-11-09T20:06 |sda1|",
        ),
        ("prw-r--r-- 1 o g 0 Nov  9 20:06 p", "Pipe 0644 1 o g 0 2024-11-09T20:06 |p|"),
        ("srwxr-xr-x 1 o g 0 Nov  9 20:06 s", "Socket 0755 1 o g 0 2024-11-09T20:06 |s|"),
        ("Drwxr-xr-x 1 o g 0 Nov  9 20:06 s", "Other(\"D\") 0755 1 o g 0 2024-11-09T20:06 |s|"),
        ("frw-r--r-- 1 o g 0 Nov  9 20:06 f", "file 0644 1 o g 0 2024-11-09T20:06 |f|"),
        // permissions
        ("-rwsr-Sr-T+ 1 o g 0 Nov  9 20:06 n", "file 7744 1 o g 0 2024-11-09T20:06 |n|"),
        ("drwxrwsrwt. 1 o g 0 Nov  9 20:06 n", "dir 3777 1 o g 0 2024-11-09T20:06 |n|"),
        ("----------@ 1 o g 0 Nov  9 20:06 n", "file 0000 1 o g 0 2024-11-09T20:06 |n|"),
        ("-rw-r-lr-- 1 o g 0 Nov  9 20:06 n", "file 2644 1 o g 0 2024-11-09T20:06 |n|"),
        // columns missing, joined, many
        (
            "-r--------  0 user group 65222236 Feb 24 00:39 name",
            "file 0400 0 user group 65222236 2024-02-24T00:39 |name|",
        ),
        ("-rw-r--r-- owner group 12 Nov  9 20:06 n", "file 0644 ~ owner group 12 2024-11-09T20:06 |n|"),
        ("-rw-r--r-- 1 owner 12 Nov  9 20:06 n", "file 0644 1 owner ~ 12 2024-11-09T20:06 |n|"),
        ("-rw-r--r-- owner 12 Nov  9 20:06 n", "file 0644 ~ owner ~ 12 2024-11-09T20:06 |n|"),
        ("-rw-r--r-- 1 12 Nov  9 20:06 n", "file 0644 1 ~ ~ 12 2024-11-09T20:06 |n|"),
        ("-rw-r--r-- 12 Nov  9 20:06 n", "file 0644 ~ ~ ~ 12 2024-11-09T20:06 |n|"),
        ("drwxr-xr-x1234 o g 12 Nov  9 20:06 n", "dir 0755 1234 o g 12 2024-11-09T20:06 |n|"),
        ("-rw-r--r-- 1 0 1000 12 Nov  9 20:06 n", "file 0644 1 0 1000 12 2024-11-09T20:06 |n|"),
        (
            "-rw-r--r-- 1 john Domain Users 12 Nov  9 20:06 n",
            "file 0644 1 john Domain Users 12 2024-11-09T20:06 |n|",
        ),
        (
            "-rw-r--r-- 1 John Doe  Domain Users  12 Nov  9 20:06 n",
            "file 0644 1 John Doe Domain Users 12 2024-11-09T20:06 |n|",
        ),
        ("-rw-r--r-- 1 ? ? 12 Nov  9 20:06 n", "file 0644 1 ~ ~ 12 2024-11-09T20:06 |n|"),
        (" 131 8 -rw-r--r-- 1 o g 12 Nov  9 20:06 n", "file 0644 1 o g 12 2024-11-09T20:06 |n|"),
        ("131 drwxr-xr-x 1 o g 12 Nov  9 20:06 n", "dir 0755 1 o g 12 2024-11-09T20:06 |n|"),
        // owners that look like dates
        ("-rw-r--r-- 1 May 12 2001 Nov  9 20:06 n", "file 0644 1 May 12 2001 2024-11-09T20:06 |n|"),
        ("-rw-r--r-- 1 may jun 12 Nov  9 20:06 n", "file 0644 1 may jun 12 2024-11-09T20:06 |n|"),
        // sizes
        ("-rw-r--r-- 1 o g 1,234,567 Nov  9 20:06 n", "file 0644 1 o g 1234567 2024-11-09T20:06 |n|"),
        ("-rw-r--r-- 1 o g 1.234 Nov  9 20:06 n", "file 0644 1 o g 1234 2024-11-09T20:06 |n|"),
        ("-rw-r--r-- 1 o g 1.2K Nov  9 20:06 n", "file 0644 1 o g ~ 2024-11-09T20:06 |n|"),
        (
            "-rw-r--r-- 1 longowner longgroup123456 Feb 12 17:20 n",
            "file 0644 1 longowner longgroup 123456 2024-02-12T17:20 |n|",
        ),
        // A group that ends in digits, unless the word is as wide as both columns.
        ("-rw-r--r-- 1 owner group123456 Feb 12 17:20 n", "error"),
        ("-rw-r--r-- 1 owner group-12345678 Feb 12 17:20 n", "error"),
        ("-rw------- 1 500 500 2048 Apr   4 24:00 n", "file 0600 1 500 500 2048 2024-04-05T00:00 |n|"),
        // no type letter, no words, no date
        ("rw-r--r-- 1 o g 12 Nov  9 20:06 n", "file 0644 1 o g 12 2024-11-09T20:06 |n|"),
        (
            "0100644   500  101   12345    123456789       n",
            "file 0644 ~ 500 101 12345 1973-11-29T21:33:09Z |n|",
        ),
        ("040755 0 0 0 0 n", "dir 0755 ~ 0 0 0 1970-01-01T00:00:00Z |n|"),
        ("drwxr-xr-x 3 u g 512 n", "dir 0755 3 u g 512 ~ |n|"),
        ("lrwxrwxrwx 1 0 0 20 n -> /b c", "link(/b c) 0777 1 0 0 20 ~ |n|"),
        ("drwxr-xr-x 1 0 0 0 --- -- --:-- n m", "dir 0755 1 0 0 0 ~ |n m|"),
        // files that ls could not examine
        ("d????????? ? ? ? ?            ? n m", "dir ~ ~ ~ ~ ~ ~ |n m|"),
        ("l????????? ? ? ? ? ? n", "link(~) ~ ~ ~ ~ ~ ~ |n|"),
        // noise
        ("total 12", "noise"),
        ("Total 1.2M", "noise"),
        ("insgesamt 12", "noise"),
        ("", "noise"),
        ("  ", "noise"),
    ] {
        assert_eq!(summary(line), expected, "{line}");
    }
}

#[test]
fn a_column_that_cannot_be_read_is_named_and_costs_nothing_else() {
    for (columns, unreadable) in [
        ("-rw-r--r-- 1 o g 12 Nov 31 20:06", "MODIFIED"),
        ("-rw-r--r-- 1 o g 12 Feb 29  2001", "MODIFIED"),
        ("-rw-r--r-- 1 o g 12 Nov  9 24:06", "MODIFIED"),
        ("-rw-r--r-- 1 o g 12 2001-13-09 20:06", "MODIFIED"),
        ("-rw-r--r-- 1 o g -12 Nov  9 20:06", "SIZE"),
        ("-rw-r--r-- 1 o g 18446744073709551616 Nov  9 20:06", "SIZE"),
        ("-rw-r--r-- 1 o g five Nov  9 20:06", "SIZE"),
        ("-rw-r--r-- 1 o g - Nov  9 20:06", "SIZE"),
        ("-rw-r--r-- 1 o g 1,2,3 Nov  9 20:06", "SIZE"),
        ("-rw-r--r-- 1 o g 12x Nov  9 20:06", "SIZE"),
        ("-rw-r--r-- 1 o g five Nov 31 20:06", "SIZE MODIFIED"),
        ("-rw-r--q-- 1 o g 12 Nov  9 20:06", "MODE"),
        ("-rwx---A-- 1 o g 12 Nov  9 20:06", "MODE"),
        ("-rwx----S- 1 o g 12 Nov  9 20:06", "MODE"),
        ("-rw-r--rw 1 o g 12 Nov  9 20:06", "MODE"),
        ("crw-r--r-- 1 o g 8, x Nov  9 20:06", "SIZE"),
        ("crw-r--r-- 1 o g 8,-1 Nov  9 20:06", "SIZE"),
        ("crw-r--r-- 1 o g 4294967296, 1 Nov  9 20:06", "SIZE"),
    ] {
        for name in ["n", " a b", "report 5 Nov  9  2001 x", "7 Nov  8 12:00 y"] {
            let line = format!("{columns} {name}");
            let entry = read(line.as_bytes()).unwrap().unwrap();
            let names: std::vec::Vec<_> = entry.unreadable.iter_names().map(|(name, _)| name).collect();
            assert_eq!(
                (names.join(" ").as_str(), entry.name),
                (unreadable, Text::new(name.as_bytes()).unwrap())
            );
            assert_eq!(entry.size, Some(12).filter(|_| !unreadable.contains("SIZE")), "{line}");
            assert_eq!(entry.modified.is_none(), unreadable.contains("MODIFIED"), "{line}");
            assert_eq!(entry.mode.is_none(), unreadable.contains("MODE"), "{line}");
            assert_eq!(
                (entry.links, entry.owner, entry.group),
                (Some(1), Some(Text::literal("o")), Some(Text::literal("g")))
            );
        }
    }
    let line = b"-rw-r--r-- 1 o\0 g\r 5 Nov  9 20:06 n";
    assert_eq!(read(line).unwrap().unwrap().unreadable, Fields::OWNER | Fields::GROUP);
}

#[test]
fn a_line_that_is_no_entry_is_an_error() {
    for line in [
        "hello",
        "total eclipse",
        "./dir:",
        "ls: cannot access 'x': No such file or directory",
        "-rw-r--r--",
        "-rw-r--r-- 1 o g 5 Nov  9 20:06",
        "-rw-r--r-- 1 o g 5 Nov  9 20:06 ",
        "-rw-r--r-- 1 o g 5 Nov  9 20:06   ",
        "-rw-r--r-- 1 o g 5 Nov 31 20:06",
        "-rw-r--r-- 1 o g 5 Nov  9 25:06 n",
        "-rw-r--r-- 1 o g 9000 Mar  1 12:60 n",
        "drwxr-xr-x 2 root 99 4096 Feb 23 30:01 n",
        "-rw-r--r-- 1 o g 5 Nox  9 20:06 n",
        "-rw-r--r-- 1 o g five",
        "-rw-r--r-- 1 o g 5 Nov",
        "-rw-r--r-- 1 o g 5 2001-11-09",
        "-rw-r--r-- 1 o g 5 two words",
        "-rw-r--r-- 1 o 5 no-group",
        "-rw-qq--- 1 o g 5 Nov  9 20:06 n",
        "-rw-r--rw- 1 o g Nov  9 20:06 n",
        "xrw-r--r-- 1 o g 5 Nov  9 20:06 n",
        "-rw-r--r--x 1 o g 5 Nov  9 20:06 n",
        "-rw-r--r-- 1 o g 5 Nov  9 20:06 n\0m",
        "-rw-r--r-- 1 o g 5 Nov  9 20:06 n\rm",
        "lrwxrwxrwx 1 o g 5 Nov  9 20:06  -> x",
        "d????????? ? ? ? ? ?",
        "12-05-96  05:03PM       <DIR>          name",
        "type=file;size=1; name",
    ] {
        assert_eq!(summary(line), "error", "{line}");
    }
}

proptest! {
    #[test]
    fn what_is_read_where_it_stands_is_what_a_walk_to_the_date_finds(
        mode in "[-dl]([r-][w-][x-]){3}[+@.]?|[-r]rw-r-sr-T|d\\?{9}",
        words in proptest::collection::vec(
            ("[ ]{1,3}", "(1|12|1000|8,|ftp|May|Nov|9|9\\.|9\\.11\\.|11-09|2001|2001-11-09|20:06|31 Feb|-5|x|\\?|a\tb|\u{11}|11\u{6708})"),
            1..4,
        ),
        size in "[ ]{1,3}(0|123|1,234|1K)",
        date in "[ ]{1,2}(Nov  9 20:06|Nov 31 20:06|Feb 30  2001|Nov  9 24:00|Nov 19  2001|Nov  9 2001|11-09 20:06)",
        rest in "( |  |\t)( x|Nov  9 20:06 x|y.txt {0,30})?",
    ) {
        let words: String = words.into_iter().map(|(blanks, word)| blanks + &word).collect();
        let line = mode + "   1" + &words + &size + &date + &rest;
        let clock = Clock::at(1_731_240_000);
        if let Some((mode, usual)) = usual(line.as_bytes(), &clock) {
            let (walked_mode, walked) = head(line.as_bytes(), &clock).unwrap();
            prop_assert_eq!((mode.letter, mode.mode), (walked_mode.letter, walked_mode.mode));
            prop_assert_eq!((mode.unreadable, mode.hidden), (walked_mode.unreadable, walked_mode.hidden));
            let (links, owner, group) = usual.words.unwrap();
            let words = (Some(links), Some(owner.as_bytes()), Some(group.as_bytes()));
            prop_assert_eq!(owners(walked.owners), words, "{}", line);
            prop_assert_eq!(owners(usual.owners), owners(walked.owners));
            prop_assert_eq!((usual.size, usual.device), (walked.size, walked.device));
            prop_assert_eq!(usual.unreadable, walked.unreadable);
            prop_assert_eq!((usual.modified, usual.name), (walked.modified, walked.name), "{}", line);
        }
    }
}
