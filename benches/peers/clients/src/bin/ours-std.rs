//! Transfers files by this crate's client whose calls block.

use std::fs::File;
use std::io;

use anyhow::Result;
use clients::{Kind, PASSWORD, Task, UPLOAD, USER, small};
use ftp_proto::io::std::Client;

fn main() -> Result<()> {
    let task = Task::from_arguments()?;
    let mut client = Client::connect(&task.server)?;
    client.login(USER, PASSWORD)?;
    match task.kind {
        Kind::Down(path) => fetch(&mut client, "big", &File::create(path)?, task.by_file)?,
        Kind::Up(path) => {
            let mut file = File::open(path)?;
            let mut upload = client.store(UPLOAD)?;
            if task.by_file {
                upload.send_file(&file)?;
            } else {
                io::copy(&mut file, &mut upload)?;
            }
            upload.finish()?;
        }
        Kind::Small(count, directory) => {
            for number in 0..count {
                let file = File::create(directory.join(number.to_string()))?;
                fetch(&mut client, &small(number), &file, task.by_file)?;
            }
        }
    }
    client.quit()?;
    Ok(())
}

fn fetch(client: &mut Client, path: &str, mut file: &File, by_file: bool) -> Result<()> {
    let mut download = client.retrieve(path)?;
    if by_file {
        download.receive_into(file)?;
    } else {
        io::copy(&mut download, &mut file)?;
    }
    Ok(())
}
