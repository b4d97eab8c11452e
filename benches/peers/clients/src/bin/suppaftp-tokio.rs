//! Transfers files by suppaftp's client on tokio.

use std::path::Path;

use anyhow::{Result, ensure};
use clients::{Kind, PASSWORD, Task, UPLOAD, USER, small};
use suppaftp::tokio::AsyncFtpStream;
use suppaftp::types::FileType;
use tokio::fs::File;
use tokio::io;

#[tokio::main]
async fn main() -> Result<()> {
    let task = Task::from_arguments()?;
    ensure!(!task.by_file, "suppaftp takes no files");
    let mut client = AsyncFtpStream::connect(&task.server).await?;
    client.login(USER, PASSWORD).await?;
    client.transfer_type(FileType::Binary).await?;
    match task.kind {
        Kind::Down(path) => fetch(&mut client, "big", &path).await?,
        Kind::Up(path) => _ = client.put_file(UPLOAD, &mut File::open(path).await?).await?,
        Kind::Small(count, directory) => {
            for number in 0..count {
                fetch(&mut client, &small(number), &directory.join(number.to_string())).await?;
            }
        }
    }
    client.quit().await?;
    Ok(())
}

async fn fetch(client: &mut AsyncFtpStream, path: &str, to: &Path) -> Result<()> {
    let mut download = client.retr_as_stream(path).await?;
    let mut file = File::create(to).await?;
    io::copy(&mut download, &mut file).await?;
    // A file of tokio's writes on in the background.
    io::AsyncWriteExt::flush(&mut file).await?;
    download.finish().await?;
    Ok(())
}
