//! An upper bound to compare with: a server with a thread for each session that checks nothing. It
//! knows only what the tests need, takes any password and does not confine paths.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{io, thread};

use rustix::fs::sendfile;
use rustix::pipe::{SpliceFlags, pipe, splice};

const CHUNK: usize = 1 << 20;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Serves `root` at `address` until the process ends.
pub fn serve(address: SocketAddr, root: &Path) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    let root: Arc<Path> = root.into();
    for socket in listener.incoming() {
        let (socket, root) = (socket?, Arc::clone(&root));
        let session = move || _ = Session { root: &root, directory: PathBuf::new(), data: None }.run(&socket);
        // Without a thread for it, the connection closes.
        let _ = thread::Builder::new().stack_size(64 * 1024).spawn(session);
    }
    Ok(())
}

struct Session<'a> {
    root: &'a Path,
    /// The working directory, relative to `root`.
    directory: PathBuf,
    /// The listener that the last EPSV opened.
    data: Option<TcpListener>,
}

impl Session<'_> {
    fn run(&mut self, mut socket: &TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        socket.write_all(b"220 mini\r\n")?;
        let mut reader = BufReader::with_capacity(4096, socket);
        let (mut line, mut replies) = (String::new(), String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let (verb, argument) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
            let reply = match verb {
                "USER" => "331 password\r\n",
                "PASS" => "230 welcome\r\n",
                "TYPE" | "NOOP" => "200 ok\r\n",
                "QUIT" => return socket.write_all(b"221 bye\r\n"),
                "CWD" => {
                    self.directory = self.path(argument);
                    "250 ok\r\n"
                }
                "DELE" if fs::remove_file(self.path(argument)).is_ok() => "250 ok\r\n",
                "EPSV" => {
                    let listener = TcpListener::bind("127.0.0.1:0")?;
                    let port = listener.local_addr()?.port();
                    self.data = Some(listener);
                    _ = write!(replies, "229 ok (|||{port}|)\r\n");
                    ""
                }
                "RETR" | "STOR" | "LIST" | "NLST" | "MLSD" => {
                    replies.push_str("150 ok\r\n");
                    socket.write_all(replies.as_bytes())?;
                    replies.clear();
                    match self.transfer(verb, argument) {
                        Ok(()) => "226 ok\r\n",
                        Err(_) => "550 failed\r\n",
                    }
                }
                "DELE" => "550 failed\r\n",
                _ => "502 unknown\r\n",
            };
            replies.push_str(reply);
            // One write for all commands that came together.
            if reader.buffer().is_empty() || replies.len() > 8192 {
                socket.write_all(replies.as_bytes())?;
                replies.clear();
            }
        }
    }

    fn path(&self, argument: &str) -> PathBuf {
        match argument.strip_prefix('/') {
            Some(rest) => self.root.join(rest),
            None => self.root.join(&self.directory).join(argument),
        }
    }

    fn transfer(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let listener = self.data.take().ok_or(io::ErrorKind::NotConnected)?;
        let path = self.path(argument);
        match verb {
            "RETR" => {
                let file = File::open(path)?;
                let (data, _) = listener.accept()?;
                while sendfile(&data, &file, None, 1 << 30)? > 0 {}
            }
            "STOR" => {
                let file = File::create(path)?;
                let (data, _) = listener.accept()?;
                let (from, to) = pipe()?;
                // The larger it is, the fewer calls; the default size would do as well.
                let _ = rustix::pipe::fcntl_setpipe_size(&to, CHUNK);
                loop {
                    let mut left = splice(&data, None, &to, None, CHUNK, SpliceFlags::MOVE)?;
                    if left == 0 {
                        break;
                    }
                    while left > 0 {
                        left -= splice(&from, None, &file, None, left, SpliceFlags::MOVE)?;
                    }
                }
            }
            _ => {
                let (mut data, _) = listener.accept()?;
                let mut listing = String::new();
                for entry in fs::read_dir(path)? {
                    line(verb, &entry?, &mut listing)?;
                    if listing.len() >= 256 * 1024 {
                        data.write_all(listing.as_bytes())?;
                        listing.clear();
                    }
                }
                data.write_all(listing.as_bytes())?;
            }
        }
        Ok(())
    }
}

/// Appends the line of `entry` to a listing by `verb`.
fn line(verb: &str, entry: &fs::DirEntry, listing: &mut String) -> io::Result<()> {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    if verb == "NLST" {
        _ = write!(listing, "{name}\r\n");
        return Ok(());
    }
    let metadata = entry.metadata()?;
    let (days, seconds) = (metadata.mtime().div_euclid(86_400), metadata.mtime().rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hour, minute, size) = (seconds / 3600, seconds / 60 % 60, metadata.len());
    let (user, group) = (metadata.uid(), metadata.gid());
    _ = if verb == "MLSD" {
        let kind = if metadata.is_dir() { "dir" } else { "file" };
        let (mode, second) = (metadata.mode() & 0o7777, seconds % 60);
        write!(
            listing,
            "type={kind};size={size};modify={year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02};\
             UNIX.mode=0{mode:o};UNIX.uid={user};UNIX.gid={group}; {name}\r\n"
        )
    } else {
        let kind = if metadata.is_dir() { 'd' } else { '-' };
        let month = MONTHS[month as usize - 1];
        write!(
            listing,
            "{kind}rw-r--r--   1 {user:<8} {group:<8} {size:>12} {month} {day:>2} {hour:02}:{minute:02} {name}\r\n"
        )
    };
    Ok(())
}

/// Returns the year, month and day of a number of days since 1970-01-01. Years begin in March here
/// until the end, so that the leap day is the last of its year.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_become_dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(19_782), (2024, 2, 29));
        assert_eq!(date(-1), (1969, 12, 31));
    }
}
