//! curl, lftp, wget and Python's ftplib: how each is told to do a thing.

use super::process::{self, Outcome};
use super::site::{PASSWORD, Site, Tls, USER, peers};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// One thing to do. Remote paths are relative to the login directory.
#[derive(Clone, Copy)]
pub enum Request<'a> {
    /// Names, by NLST or LIST; an empty path is the login directory.
    Names(&'a str),
    /// Names, by MLSD.
    Facts(&'a str),
    Get(&'a str, &'a Path),
    Put(&'a Path, &'a str),
    ResumeGet(&'a str, &'a Path),
    ResumePut(&'a Path, &'a str),
    MakeDirectory(&'a str),
    RemoveDirectory(&'a str),
    Rename(&'a str, &'a str),
    Delete(&'a str),
    /// A directory with all in it, into a local directory.
    Mirror(&'a str, &'a Path),
    /// A local directory with all in it.
    ReverseMirror(&'a Path, &'a str),
}

/// How data connections are agreed on (RFC 959 4.1.2, RFC 2428).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As the client does if nobody says anything.
    Usual,
    Epsv,
    Pasv,
    Eprt,
    Port,
}

impl Way {
    /// The verb that a trace shows.
    pub fn verb(self) -> &'static str {
        match self {
            Way::Usual => "",
            Way::Epsv => "EPSV",
            Way::Pasv => "PASV",
            Way::Eprt => "EPRT",
            Way::Port => "PORT",
        }
    }

    fn is_active(self) -> bool {
        matches!(self, Way::Eprt | Way::Port)
    }
}

/// A program that speaks FTP.
pub struct Client {
    command: fn(&Site, Way, Request<'_>) -> Command,
    names: fn(&str) -> Vec<String>,
    /// The ways that it can be made to go over IPv4.
    pub ipv4_ways: &'static [Way],
    pub uploads: bool,
    pub knows_implicit_tls: bool,
    /// The ways that it can be made to go over IPv4 under TLS.
    pub ways_under_tls: &'static [Way],
}

/// Over IPv6 there are these, at every client.
pub const IPV6_WAYS: &[Way] = &[Way::Epsv, Way::Eprt];

pub const CURL: Client = Client {
    command: curl,
    names: lines,
    ipv4_ways: &[Way::Epsv, Way::Pasv, Way::Eprt, Way::Port],
    uploads: true,
    knows_implicit_tls: true,
    // In active mode curl 7.88, of Debian 12, does no TLS handshake on the data connection.
    ways_under_tls: &[Way::Epsv, Way::Pasv],
};
pub const LFTP: Client = Client {
    command: lftp,
    names: lines,
    ipv4_ways: &[Way::Epsv, Way::Pasv, Way::Port],
    uploads: true,
    knows_implicit_tls: true,
    ways_under_tls: &[Way::Epsv, Way::Pasv, Way::Port],
};
pub const WGET: Client = Client {
    command: wget,
    names: index,
    ipv4_ways: &[Way::Pasv, Way::Port],
    uploads: false,
    knows_implicit_tls: true,
    ways_under_tls: &[Way::Pasv, Way::Port],
};
pub const FTPLIB: Client = Client {
    command: ftplib,
    names: lines,
    ipv4_ways: &[Way::Pasv, Way::Port],
    uploads: true,
    knows_implicit_tls: false,
    ways_under_tls: &[Way::Pasv, Way::Port],
};

impl Client {
    /// Does it, in bounded time; the outcome may be a failure.
    #[track_caller]
    pub fn tries(&self, site: &Site, request: Request<'_>) -> Outcome {
        self.tries_by(Way::Usual, site, request)
    }

    /// Does it over data connections of that way, with a trace where that is not the usual one.
    #[track_caller]
    pub fn tries_by(&self, way: Way, site: &Site, request: Request<'_>) -> Outcome {
        run_client((self.command)(site, way, request), site)
    }

    /// Does it, in bounded time.
    #[track_caller]
    pub fn does(&self, site: &Site, request: Request<'_>) {
        self.tries(site, request).succeeds();
    }

    /// The names that a listing request finds, sorted.
    #[track_caller]
    pub fn finds(&self, site: &Site, request: Request<'_>) -> Vec<String> {
        self.names(&self.tries(site, request).succeeds())
    }

    /// The names that the outcome of a listing request shows, sorted.
    #[track_caller]
    pub fn names(&self, outcome: &Outcome) -> Vec<String> {
        let mut names = (self.names)(outcome.text());
        names.sort();
        names
    }
}

#[track_caller]
fn run_client(mut command: Command, site: &Site) -> Outcome {
    command.env("LC_ALL", "C.UTF-8").current_dir(&site.local.0);
    // Nobody's settings but ours.
    command.env("HOME", &site.local.0).env_remove("XDG_CONFIG_HOME").env("no_proxy", "*");
    process::run(&mut command, Duration::from_secs(60))
}

fn lines(output: &str) -> Vec<String> {
    output.lines().map(|line| line.trim_end_matches('/').to_owned()).collect()
}

fn curl(site: &Site, way: Way, request: Request<'_>) -> Command {
    let mut curl = Command::new("curl");
    // -q: no ~/.curlrc. What -Q sends goes before a listing of the login directory, which is of no interest.
    curl.args(["-q", "--silent", "--show-error", "--connect-timeout", "10"]);
    curl.args(match way {
        Way::Usual => &[][..],
        Way::Epsv => &["--verbose"],
        Way::Pasv => &["--verbose", "--disable-epsv"],
        Way::Eprt => &["--verbose", "--ftp-port", "-"],
        Way::Port => &["--verbose", "--ftp-port", "-", "--disable-eprt"],
    });
    if site.tls().is_some() {
        curl.args(["--ssl-reqd", "--cacert"]).arg(site.authority());
    }
    let directory = |path: &str| site.url(&if path.is_empty() { String::new() } else { format!("{path}/") });
    let quote = |curl: &mut Command, lines: &[String]| {
        for line in lines {
            curl.args(["--quote", line]);
        }
        curl.args(["--list-only", "--output", "/dev/null"]).arg(site.url(""));
    };
    match request {
        Request::Names(path) => _ = curl.arg("--list-only").arg(directory(path)),
        Request::Get(remote, local) => _ = curl.arg(site.url(remote)).arg("--output").arg(local),
        Request::Put(local, remote) => _ = curl.arg("--upload-file").arg(local).arg(site.url(remote)),
        Request::ResumeGet(remote, local) => {
            curl.args(["--continue-at", "-"]).arg(site.url(remote)).arg("--output").arg(local);
        }
        Request::ResumePut(local, remote) => {
            curl.args(["--continue-at", "-"]).arg("--upload-file").arg(local).arg(site.url(remote));
        }
        Request::MakeDirectory(path) => quote(&mut curl, &[format!("MKD {path}")]),
        Request::RemoveDirectory(path) => quote(&mut curl, &[format!("RMD {path}")]),
        Request::Rename(from, to) => quote(&mut curl, &[format!("RNFR {from}"), format!("RNTO {to}")]),
        Request::Delete(path) => quote(&mut curl, &[format!("DELE {path}")]),
        Request::Facts(_) | Request::Mirror(..) | Request::ReverseMirror(..) => unreachable!("not curl's"),
    }
    curl
}

fn lftp(site: &Site, way: Way, request: Request<'_>) -> Command {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    // lftp takes a leading dash for an option.
    let remote = |path: &str| quoted(&format!("./{path}"));
    let local = |path: &Path| quoted(path.to_str().expect("UTF-8"));
    let action = match request {
        Request::Names(path) => format!("cd {}\ncls -1", remote(path)),
        Request::Facts(path) => format!("set ftp:use-mlsd yes\ncd {}\ncls -1", remote(path)),
        Request::Get(from, to) => format!("get {} -o {}", remote(from), local(to)),
        Request::Put(from, to) => format!("put {} -o {}", local(from), remote(to)),
        Request::ResumeGet(from, to) => format!("get -c {} -o {}", remote(from), local(to)),
        Request::ResumePut(from, to) => format!("put -c {} -o {}", local(from), remote(to)),
        Request::MakeDirectory(path) => format!("mkdir {}", remote(path)),
        Request::RemoveDirectory(path) => format!("rmdir {}", remote(path)),
        Request::Rename(from, to) => format!("mv {} {}", remote(from), remote(to)),
        Request::Delete(path) => format!("rm {}", remote(path)),
        Request::Mirror(from, to) => format!("mirror {} {}", remote(from), local(to)),
        Request::ReverseMirror(from, to) => format!("mirror --reverse {} {}", local(from), remote(to)),
    };
    let way = match way {
        Way::Usual => "",
        Way::Epsv => "debug 5\nset ftp:prefer-epsv yes",
        Way::Pasv => "debug 5\nset ftp:prefer-epsv no",
        Way::Eprt | Way::Port => "debug 5\nset ftp:passive-mode no\nset ftp:auto-passive-mode no",
    };
    lftp_session(site, &format!("{way}\nset cmd:fail-exit yes"), &action)
}

fn lftp_session(site: &Site, settings: &str, actions: &str) -> Command {
    let (tls, scheme) = match site.tls() {
        None => (String::new(), "ftp"),
        Some(tls) => {
            let authority = site.authority();
            let settings = format!(
                "set ssl:ca-file \"{}\"\nset ftp:ssl-force yes\nset ftp:ssl-protect-data yes\n",
                authority.display()
            );
            (settings, if tls == Tls::Implicit { "ftps" } else { "ftp" })
        }
    };
    let script = format!(
        "{tls}{settings}\nset xfer:clobber yes\nset net:max-retries 1\nset net:timeout 10\n\
         open -u {USER},{PASSWORD} -p {} {scheme}://{}\n{actions}\n",
        site.port, site.host
    );
    let mut lftp = Command::new("lftp");
    lftp.args(["--norc", "-c", &script]);
    lftp
}

/// Has lftp log in and do all `actions`, commands of its own, even if some fail. With a trace.
#[track_caller]
pub fn lftp_does(site: &Site, settings: &str, actions: &str) -> Outcome {
    run_client(lftp_session(site, &format!("debug 5\n{settings}"), actions), site)
}

fn wget(site: &Site, way: Way, request: Request<'_>) -> Command {
    let mut wget = Command::new("wget");
    wget.args(["--no-config", "--no-verbose", "--tries=1", "--timeout=10"]);
    if way != Way::Usual {
        wget.arg("--debug");
    }
    if way.is_active() {
        wget.arg("--no-passive-ftp");
    }
    let url = |path: &str| match site.tls() {
        None => site.url(path),
        // Its ftps:// is explicit unless it is told otherwise.
        Some(_) => format!("ftps://{}", site.url(path).split_once("://").expect("a URL").1),
    };
    if let Some(tls) = site.tls() {
        wget.arg("--ca-certificate").arg(site.authority());
        if tls == Tls::Implicit {
            wget.arg("--ftps-implicit");
        }
    }
    match request {
        // wget reads LIST and writes an index of it.
        Request::Names(path) => {
            let directory = if path.is_empty() { String::new() } else { format!("{path}/") };
            wget.args(["--output-document", "-"]).arg(url(&directory));
        }
        Request::Get(remote, local) => _ = wget.arg("--output-document").arg(local).arg(url(remote)),
        Request::ResumeGet(remote, local) => {
            wget.arg("--continue").arg("--output-document").arg(local).arg(url(remote));
        }
        Request::Mirror(remote, local) => {
            wget.args(["--recursive", "--no-host-directories", "--cut-dirs=1", "--directory-prefix"])
                .arg(local);
            wget.arg(url(&format!("{remote}/")));
        }
        _ => unreachable!("wget only downloads"),
    }
    wget
}

/// The names in the page that wget makes of a listing: `<a href="...">name/</a>`, in HTML.
fn index(page: &str) -> Vec<String> {
    let link = |line: &str| {
        let (_, rest) = line.split_once("<a href=")?;
        let (name, _) = rest.split_once("\">")?.1.split_once("</a>")?;
        let name = name.trim_end_matches('/');
        let mut name = name.to_owned();
        for (escape, character) in
            [("&#32;", " "), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
        {
            name = name.replace(escape, character);
        }
        Some(name)
    };
    page.lines().filter_map(link).filter(|name| name != "." && name != "..").collect()
}

fn ftplib(site: &Site, way: Way, request: Request<'_>) -> Command {
    // Debian's own Python, whatever else is on the PATH.
    let mut python = Command::new("/usr/bin/python3");
    python.arg(peers().join("ftplib_client.py")).arg(site.host.to_string()).arg(site.port.to_string());
    if way.is_active() {
        python.arg("--active");
    }
    if site.tls().is_some() {
        python.arg("--tls").arg(site.authority());
    }
    match request {
        Request::Names(path) => python.arg("names").arg(path),
        Request::Facts(path) => python.arg("facts").arg(path),
        Request::Get(remote, local) => python.arg("get").arg(remote).arg(local),
        Request::Put(local, remote) => python.arg("put").arg(local).arg(remote),
        Request::ResumeGet(remote, local) => python.arg("resume-get").arg(remote).arg(local),
        Request::ResumePut(local, remote) => python.arg("resume-put").arg(local).arg(remote),
        Request::MakeDirectory(path) => python.arg("mkdir").arg(path),
        Request::RemoveDirectory(path) => python.arg("rmdir").arg(path),
        Request::Rename(from, to) => python.arg("rename").arg(from).arg(to),
        Request::Delete(path) => python.arg("delete").arg(path),
        Request::Mirror(..) | Request::ReverseMirror(..) => unreachable!("not ftplib's"),
    };
    python
}
