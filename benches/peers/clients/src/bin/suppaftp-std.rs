//! Transfers files by suppaftp's client whose calls block.

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::{Result, ensure};
use clients::{Kind, PASSWORD, Task, UPLOAD, USER, small};
use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpStream};

fn main() -> Result<()> {
    let task = Task::from_arguments()?;
    ensure!(!task.by_file, "suppaftp takes no files");
    let mut client = FtpStream::connect(&task.server)?;
    client.login(USER, PASSWORD)?;
    client.transfer_type(FileType::Binary)?;
    match task.kind {
        Kind::Down(path) => fetch(&mut client, "big", &path)?,
        Kind::Up(path) => _ = client.put_file(UPLOAD, &mut File::open(path)?)?,
        Kind::Small(count, directory) => {
            for number in 0..count {
                fetch(&mut client, &small(number), &directory.join(number.to_string()))?;
            }
        }
    }
    client.quit()?;
    Ok(())
}

fn fetch(client: &mut FtpStream, path: &str, to: &Path) -> Result<()> {
    let mut file = File::create(to)?;
    client.retr(path, |data| io::copy(data, &mut file).map_err(FtpError::ConnectionError))?;
    Ok(())
}
