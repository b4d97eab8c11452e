//! An object that is read or written.

use ftp_proto::io::{AsyncFile, Refusal};
use futures_util::AsyncReadExt;
use opendal::{FuturesAsyncReader, Writer};
use std::io;

use crate::store::refusal;

/// An open object. A new one takes its place in the store only when it is complete.
pub enum Object {
    Reading(Box<FuturesAsyncReader>),
    Writing(Box<Writer>),
}

impl AsyncFile for Object {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Reading(bytes) => bytes.read(buffer).await,
            Self::Writing(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Reading(_) => Err(io::ErrorKind::Unsupported.into()),
            Self::Writing(writer) => {
                writer.write(bytes.to_vec()).await.map_err(io::Error::other)?;
                Ok(bytes.len())
            }
        }
    }

    async fn finish(self) -> Result<(), Refusal> {
        match self {
            Self::Reading(_) => Ok(()),
            Self::Writing(mut writer) => writer.close().await.map(drop).map_err(|error| refusal(&error)),
        }
    }

    async fn abort(self) {
        let Self::Writing(mut writer) = self else { return };
        if let Err(error) = writer.abort().await {
            eprintln!("objects: the parts of an upload that was cut off could not be deleted: {error}");
        }
    }
}
