//! Patterns of names: those that a mirror includes and excludes, and those in URLs.

use std::str::FromStr;

use glob::MatchOptions;

/// A star does not match a slash, as in a shell. Names are compared as they are.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A pattern for paths below the root of a mirror. Without a slash it is compared with the last
/// name of a path, otherwise with the whole path.
#[derive(Clone, Debug)]
pub struct Pattern {
    glob: glob::Pattern,
    is_of_paths: bool,
    is_of_directories: bool,
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.trim_end_matches('/');
        let is_of_directories = bare.len() < text.len();
        let is_of_paths = bare.contains('/');
        let glob = glob::Pattern::new(bare.trim_start_matches('/')).map_err(|error| error.msg.to_owned())?;
        match bare.is_empty() {
            true => Err("the pattern matches nothing".into()),
            false => Ok(Self { glob, is_of_paths, is_of_directories }),
        }
    }
}

impl Pattern {
    fn matches(&self, path: &[u8], is_directory: bool) -> bool {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let compared = String::from_utf8_lossy(if self.is_of_paths { path } else { name });
        (is_directory || !self.is_of_directories) && self.glob.matches_with(&compared, OPTIONS)
    }
}

/// The paths that a mirror leaves alone on both sides.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub include: Vec<Pattern>,
    pub exclude: Vec<Pattern>,
}

impl Filter {
    /// Returns whether the mirror includes this path. A directory that is not included is not
    /// entered.
    pub fn admits(&self, path: &[u8], is_directory: bool) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(path, is_directory));
        !any(&self.exclude) && (is_directory || self.include.is_empty() || any(&self.include))
    }
}

/// Compares a name with the pattern at the end of a URL. A star does not match a leading dot.
pub fn matches_name(pattern: &glob::Pattern, name: &[u8]) -> bool {
    let options = MatchOptions { require_literal_leading_dot: true, ..OPTIONS };
    pattern.matches_with(&String::from_utf8_lossy(name), options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_of_names_unless_it_has_a_slash() {
        for (pattern, path, is_directory, expected) in [
            ("*.txt", "a.txt", false, true),
            ("*.txt", "d/e/a.txt", false, true),
            ("*.txt", "d/.txt", false, true),
            ("*.txt", "a.txt2", false, false),
            ("d/*.txt", "d/a.txt", false, true),
            ("d/*.txt", "d/e/a.txt", false, false),
            ("d/*.txt", "c/d/a.txt", false, false),
            ("d/**/*.txt", "d/e/f/a.txt", false, true),
            ("/a.txt", "a.txt", false, true),
            ("/a.txt", "d/a.txt", false, false),
            ("tmp/", "d/tmp", true, true),
            ("tmp/", "d/tmp", false, false),
            ("[ab]?", "a1", false, true),
            ("[ab]?", "A1", false, false),
            ("ü*", "ünder", false, true),
        ] {
            let found = Pattern::from_str(pattern).unwrap().matches(path.as_bytes(), is_directory);
            assert_eq!(found, expected, "{pattern} {path}");
        }
        for pattern in ["", "/", "[", "a**b"] {
            assert!(Pattern::from_str(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn what_is_excluded_is_not_included() {
        let patterns = |list: &[&str]| list.iter().map(|one| one.parse().unwrap()).collect();
        let filter = Filter { include: patterns(&["*.c", "doc/*"]), exclude: patterns(&["test*", "old/"]) };
        for (path, is_directory, expected) in [
            ("a.c", false, true),
            ("a.h", false, false),
            ("doc/a", false, true),
            ("test.c", false, false),
            ("src", true, true),
            ("old", true, false),
            ("test", true, false),
        ] {
            assert_eq!(filter.admits(path.as_bytes(), is_directory), expected, "{path}");
        }
        assert!(Filter::default().admits(b"anything", false));
    }
}
