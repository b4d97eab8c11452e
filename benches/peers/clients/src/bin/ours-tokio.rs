//! Transfers files by this crate's client on tokio.

use std::path::Path;

use anyhow::Result;
use clients::{Kind, PASSWORD, Task, UPLOAD, USER, small};
use ftp_proto::io::tokio::Client;
use tokio::fs::File;
use tokio::io;

#[tokio::main]
async fn main() -> Result<()> {
    let task = Task::from_arguments()?;
    let mut client = Client::connect(&task.server).await?;
    client.login(USER, PASSWORD).await?;
    match task.kind {
        Kind::Down(path) => fetch(&mut client, "big", &path, task.by_file).await?,
        Kind::Up(path) => {
            let mut upload = client.store(UPLOAD).await?;
            if task.by_file {
                upload.send_file(&std::fs::File::open(path)?).await?;
            } else {
                io::copy(&mut File::open(path).await?, &mut upload).await?;
            }
            upload.finish().await?;
        }
        Kind::Small(count, directory) => {
            for number in 0..count {
                let path = directory.join(number.to_string());
                fetch(&mut client, &small(number), &path, task.by_file).await?;
            }
        }
    }
    client.quit().await?;
    Ok(())
}

async fn fetch(client: &mut Client, path: &str, to: &Path, by_file: bool) -> Result<()> {
    let mut download = client.retrieve(path).await?;
    if by_file {
        download.receive_into(&std::fs::File::create(to)?).await?;
    } else {
        let mut file = File::create(to).await?;
        io::copy(&mut download, &mut file).await?;
        // A file of tokio's writes on in the background.
        io::AsyncWriteExt::flush(&mut file).await?;
    }
    Ok(())
}
