//! Clients that know patterns, each fetching `*.txt` and the like as their users type it.

use super::*;

/// Runs a client that reads its commands from its input, in the local directory of the site.
fn types(site: &Site, program: &str, arguments: &[&str], commands: &str) -> peers::process::Outcome {
    site.local.write("commands", commands.as_bytes());
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" \"$@\" < commands", program]).args(arguments);
    command.current_dir(&site.local.0).env("HOME", &site.local.0);
    run(&mut command, Duration::from_secs(30))
}

fn site() -> Site {
    let site = Site::ours(&[]);
    site.seed_directory("dir");
    for name in ["a.txt", "b.txt", "c.md", "[x].dat", "x.dat", "dir/e.txt", "dir/f.md"] {
        site.seed(name, name.as_bytes());
    }
    fs::create_dir(site.local.path("dir")).unwrap();
    site
}

#[track_caller]
fn has_fetched(site: &Site, outcome: &peers::process::Outcome, names: &[&str]) {
    let mut found = Vec::new();
    for name in ["a.txt", "b.txt", "c.md", "[x].dat", "x.dat", "dir/e.txt", "dir/f.md"] {
        if let Ok(content) = fs::read(site.local.path(name)) {
            assert_eq!(content, name.as_bytes());
            found.push(name);
        }
    }
    assert_eq!(found, names, "{outcome}");
}

/// tnftp and inetutils' ftp take the same commands.
fn fetches(program: &str, arguments: &[&str]) {
    let site = site();
    let (host, port) = (site.address().ip().to_string(), site.address().port().to_string());
    let arguments = [arguments, &[&host, &port]].concat();
    let login = "user ftptest ftppass\nbinary\n";
    let commands = format!("{login}mget *.txt dir/*.txt\nquit\n");
    let outcome = types(&site, program, &arguments, &commands);
    has_fetched(&site, &outcome, &["a.txt", "b.txt", "dir/e.txt"]);
}

#[test]
fn tnftp_fetches_by_pattern() {
    fetches("tnftp", &["-n", "-v", "-p", "-i"]);
}

#[test]
fn inetutils_ftp_fetches_by_pattern() {
    fetches("inetutils-ftp", &["-n", "-v", "-p", "-i"]);
}

#[test]
fn ncftp_fetches_by_pattern() {
    let site = site();
    let (host, port) = (site.address().ip().to_string(), site.address().port().to_string());
    let local = site.local.0.to_str().unwrap();
    let arguments = ["-u", "ftptest", "-p", "ftppass", "-P", &port, &host, local, "/*.txt", "/dir/*.md"];
    let outcome = types(&site, "ncftpget", &arguments, "");
    assert_eq!(fs::read(site.local.path("f.md")).expect("fetched"), b"dir/f.md", "{outcome}");
    has_fetched(&site, &outcome, &["a.txt", "b.txt"]);
    let arguments = ["-u", "ftptest", "-p", "ftppass", "-P", &port, &format!("ftp://{host}/dir/")];
    let outcome = types(&site, "ncftpls", &arguments, "");
    assert!(outcome.text().contains("e.txt"), "{outcome}");
}

#[test]
fn lftp_fetches_by_pattern_and_reads_a_recursive_listing() {
    let site = site();
    let local = site.local.0.display().to_string();
    let outcome =
        lftp_does(&site, "", &format!("lcd {local}\nmget *.txt\nglob -a echo dir/*.md\nquote LIST -R\n"));
    has_fetched(&site, &outcome, &["a.txt", "b.txt"]);
    let outcome = lftp_does(&site, "", "ls -R\nls -la dir\nnlist *.md\n");
    for wanted in ["./dir:", "e.txt", "c.md"] {
        assert!(outcome.text().contains(wanted), "{wanted}: {outcome}");
    }
}
