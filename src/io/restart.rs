//! Parts of files: transfers that go on at a restart marker (RFC 959 3.5), and ranges
//! (draft-bryan-ftp-range); and how hard the server compresses them. Written once for all adapters.

/// Makes more methods of the `Client` beside it; `$expand` as for
/// [`operations`](super::operations::operations), which comes first.
macro_rules! restarts {
    ($expand:ident) => {
        impl Client {
            $expand! {
            /// As [`retrieve`](Self::retrieve), of these bytes only.
            ///
            /// # Errors
            /// As [`retrieve`](Self::retrieve), and when the server has no RANG.
            pub async fn retrieve_range(
                &mut self,
                path: impl AsRef<[u8]>,
                range: ByteRange,
            ) -> Result<Retrieve<'_>, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.download(client::retrieve_range(text(&path)?, range), &path).await
            }

            /// Goes on with a download that broke behind `marker`, in the same representation, structure and
            /// mode: the bytes from [`Marker::position`] on come, whatever was read of them before. Look at
            /// [`Retrieve::offset`]: a server that cannot restart begins at 0.
            ///
            /// # Errors
            /// As [`retrieve`](Self::retrieve).
            pub async fn retrieve_at(
                &mut self,
                path: impl AsRef<[u8]>,
                representation: RepresentationType,
                marker: &Marker,
            ) -> Result<Retrieve<'_>, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                let operation = client::retrieve(text(&path)?, representation, 0).restart_at(marker);
                self.download(operation, &path).await
            }

            /// Goes on with an upload that broke behind `marker`, in the same representation, structure and
            /// mode: write the bytes of the file from [`Marker::position`] on.
            ///
            /// # Errors
            /// As [`store`](Self::store), and when the server cannot restart.
            pub async fn store_at(
                &mut self,
                path: impl AsRef<[u8]>,
                representation: RepresentationType,
                marker: &Marker,
            ) -> Result<Store<'_>, Error> {
                let path = self.connection.wire_new(path.as_ref()).await?;
                self.upload(client::store(text(&path)?, representation, 0).restart_at(marker)).await
            }

            /// Sets how hard the server compresses in
            /// [`TransferMode::Deflate`](crate::codec::TransferMode::Deflate), 0 through 9; by none, as it
            /// does by itself. For uploads: [`Config::deflate_level`](client::Config::deflate_level).
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn set_deflate_level(&mut self, level: Option<u8>) -> Result<(), Error> {
                self.run(client::deflate_level(level)).await.map(drop)
            }
            }
        }
    };
}
pub(super) use restarts;
