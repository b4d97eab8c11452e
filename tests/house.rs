//! Rules for the source that no compiler checks: imports run downwards and in no circle, and the
//! sentences of the documentation have a subject.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules in which no circle of imports is allowed.
const ROOMS: [&str; 4] = ["client", "listing", "server", "transfer"];

/// Top-level modules, lowest first: each imports only from its own line and the lines above it.
const LAYERS: [&[&str]; 6] = [
    &["time"],
    &["buffer", "codec"],
    &["error", "security", "transfer", "listing", "action", "digest"],
    &["client", "server"],
    &["io", "embedded"],
    &["testing", "guide"],
];

/// Words that begin a sentence without a subject, as in "Whether it is open".
const WITHOUT_SUBJECT: [&str; 7] = ["What", "How", "Whether", "As", "It", "Which", "Who"];

/// A module, as the names that lead to it from the root.
type Module = Vec<String>;

struct Source {
    module: Module,
    path: PathBuf,
    text: String,
}

/// Returns every file of src, without the part behind `#[cfg(test)]` at its end.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut directories) = (Vec::new(), vec![root.clone()]);
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let inside = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Module = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
                module.pop();
            }
            if module.last().is_some_and(|name| name == "tests") || module.iter().any(|name| name == "tests")
            {
                continue;
            }
            let whole = fs::read_to_string(&path).unwrap();
            let text = whole.split("\n#[cfg(test)]\n").next().unwrap().to_owned();
            found.push(Source { module, path, text });
        }
    }
    found.sort_by(|one, other| one.module.cmp(&other.module));
    found
}

/// One thing that a `use` names: its path as written, and whether it is re-exported.
struct Import {
    path: Vec<String>,
    alias: String,
}

/// Returns what the `use` declarations of a text name, with braces expanded.
fn imports(text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(|line| line.split("//").next().unwrap_or_default().trim());
    while let Some(line) = lines.next() {
        let public = line.strip_prefix("pub").map_or(line, |rest| match rest.strip_prefix('(') {
            Some(scope) => scope.split_once(')').map_or("", |(_, rest)| rest),
            None => rest,
        });
        let Some(first) = public.trim_start().strip_prefix("use ") else { continue };
        let mut tree = first.to_owned();
        while !tree.contains(';') {
            let Some(more) = lines.next() else { break };
            tree.push_str(more);
        }
        expand(&[], tree.split(';').next().unwrap_or_default(), &mut found);
    }
    found
}

/// Expands the braces of a `use` tree.
fn expand(prefix: &[String], tree: &str, found: &mut Vec<Import>) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let mut path = prefix.to_vec();
        path.extend(
            tree[..open].split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned),
        );
        let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
        let (mut depth, mut start) = (0, 0);
        for (at, c) in inner.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&path, &inner[start..at], found);
                    start = at + 1;
                }
                _ => {}
            }
        }
        expand(&path, &inner[start..], found);
        return;
    }
    let (name, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
    let mut path = prefix.to_vec();
    path.extend(
        name.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty() && part != "self"),
    );
    if let Some(last) = path.last().cloned() {
        let alias = if alias.is_empty() { last } else { alias.trim().to_owned() };
        found.push(Import { path, alias });
    }
}

/// Returns the absolute path of an import in `module`; `None` if it is of another crate.
fn absolute(module: &Module, path: &[String], modules: &BTreeSet<Module>) -> Option<Vec<String>> {
    let mut base = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "self" | "super" => module.clone(),
        name => {
            // A child, as in `pub use machine::Client`.
            let mut child = module.clone();
            child.push(name.to_owned());
            return modules.contains(&child).then(|| module.iter().chain(path).cloned().collect());
        }
    };
    for part in path {
        match part.as_str() {
            "crate" | "self" => {}
            "super" => {
                base.pop();
            }
            name => base.push(name.to_owned()),
        }
    }
    Some(base)
}

/// Finds the module that an item is defined in, through re-exports.
struct Resolver {
    modules: BTreeSet<Module>,
    /// Paths of the re-exported items, by module and name.
    exports: BTreeMap<(Module, String), Vec<String>>,
}

impl Resolver {
    fn new(sources: &[Source]) -> Self {
        let modules: BTreeSet<Module> = sources.iter().map(|source| source.module.clone()).collect();
        let mut exports = BTreeMap::new();
        for source in sources {
            for import in imports(&source.text) {
                if let Some(path) = absolute(&source.module, &import.path, &modules) {
                    exports.insert((source.module.clone(), import.alias), path);
                }
            }
        }
        Self { modules, exports }
    }

    fn resolve(&self, path: &[String]) -> Option<Module> {
        let mut path = path.to_vec();
        // A re-export may name another re-export, but never many in a row.
        for _ in 0..8 {
            let depth = (0..=path.len()).rev().find(|depth| self.modules.contains(&path[..*depth]))?;
            let module = path[..depth].to_vec();
            let Some(name) = path.get(depth) else { return Some(module) };
            match self.exports.get(&(module.clone(), name.clone())) {
                Some(target) => path = target.iter().chain(&path[depth + 1..]).cloned().collect(),
                None => return Some(module),
            }
        }
        None
    }
}

/// Returns the modules that each module imports from.
fn graph(sources: &[Source]) -> BTreeMap<Module, BTreeSet<Module>> {
    let resolver = Resolver::new(sources);
    let mut graph: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for source in sources {
        let from = graph.entry(source.module.clone()).or_default();
        for import in imports(&source.text) {
            let Some(path) = absolute(&source.module, &import.path, &resolver.modules) else { continue };
            let Some(target) = resolver.resolve(&path) else { continue };
            // A module that lists its children does not depend on them, nor does one that names a
            // module.
            let lists = target.starts_with(&source.module) && reexports_only(&source.text);
            if target != source.module && !target.is_empty() && !lists {
                from.insert(target);
            }
        }
    }
    graph
}

/// Returns whether a file only declares modules and re-exports their items.
fn reexports_only(text: &str) -> bool {
    !text.lines().any(|line| {
        let line = line.trim_start();
        ["fn ", "pub fn ", "impl", "pub struct ", "pub enum ", "struct ", "enum "]
            .iter()
            .any(|word| line.starts_with(word))
    })
}

/// Returns the modules that lie on a circle, grouped by circle. Tarjan's algorithm would do; these
/// graphs are small.
fn circles(graph: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<String>> {
    let reach = |from: &Module| {
        let (mut seen, mut stack) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = stack.pop() {
            for next in graph.get(&module).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    stack.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        graph.keys().map(|module| (module, reach(module))).collect();
    let mut found = BTreeSet::new();
    for (module, seen) in &reached {
        let together: Vec<String> = seen
            .iter()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(*module)))
            .map(|module| module.join("::"))
            .collect();
        if together.len() > 1 {
            found.insert(together);
        }
    }
    found.into_iter().collect()
}

#[test]
fn no_imports_run_in_a_circle_within_a_room() {
    let graph = graph(&sources());
    let found: Vec<_> = ROOMS
        .into_iter()
        .flat_map(|room| {
            let inside: BTreeMap<Module, BTreeSet<Module>> = graph
                .iter()
                .filter(|(module, _)| module.first().is_some_and(|first| first == room))
                .map(|(module, to)| (module.clone(), to.iter().filter(|to| to[0] == room).cloned().collect()))
                .collect();
            assert!(inside.len() > 4, "few files in {room}: {}", inside.len());
            circles(&inside)
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_import_runs_upward() {
    let layer = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    for (module, to) in graph(&sources()) {
        let Some(own) = module.first() else { continue };
        let own_layer = layer(own).unwrap_or_else(|| panic!("{own} is in no layer"));
        for target in to {
            let its = layer(&target[0]).unwrap_or_else(|| panic!("{} is in no layer", target[0]));
            assert!(its <= own_layer, "{} imports from {}", module.join("::"), target.join("::"));
        }
    }
}

/// The parts of the server's state. Each may import what the others share, and none of the others.
const SERVER_STATE: [&str; 11] = [
    "argument",
    "data_connection",
    "deadlines",
    "ending",
    "host_call",
    "login",
    "parameters",
    "paths",
    "protection",
    "tickets",
    "transfer",
];

#[test]
fn the_parts_of_the_servers_state_know_neither_the_session_nor_each_other() {
    let graph = graph(&sources());
    for part in SERVER_STATE {
        let module: Module = vec!["server".to_owned(), part.to_owned()];
        let to = graph.get(&module).unwrap_or_else(|| panic!("there is no {part}"));
        for target in to.iter().filter(|target| target[0] == "server") {
            let name = target.get(1).map_or("", String::as_str);
            assert!(name != "session" && !SERVER_STATE.contains(&name), "{part} imports from {name}");
        }
    }
}

#[test]
fn fields_of_the_server_are_private_or_public_and_nothing_between() {
    for Source { module, path, text } in sources() {
        if module.first().is_none_or(|first| first != "server") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let Some(field) = line.trim_start().strip_prefix("pub(") else { continue };
            let (_, field) = field.split_once(") ").unwrap_or_default();
            let name = field.split(':').next().unwrap_or_default();
            let is_field = field.contains(": ") && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            assert!(!is_field, "{}:{}: {line}", path.display(), number + 1);
        }
    }
}

#[test]
fn documentation_has_sentences_with_subjects() {
    let (mut items, mut without) = (0, Vec::new());
    for Source { path, text, .. } in sources() {
        let mut within = false;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
            if let (Some(doc), false) = (doc, within) {
                items += 1;
                let first = doc.trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                if WITHOUT_SUBJECT.contains(&first) {
                    without.push(format!("{}:{}:{doc}", path.display(), number + 1));
                }
            }
            within = doc.is_some();
        }
    }
    assert!(items > 1_000, "few doc items: {items}");
    assert!(without.is_empty(), "{} of {items} doc items:\n{}", without.len(), without.join("\n"));
}
