//! What a client moves, and what it lists: the methods that open data connections, or say how data is put on
//! them. Written once for all adapters.

/// Makes more methods of the `Client` beside it; `$expand` as for
/// [`operations`](super::operations::operations), which comes first.
macro_rules! moves {
    ($expand:ident) => {
        use $crate::codec::{FileStructure, RepresentationType, TransferMode};
        use $crate::io::collect::{self, ListingLimits};
        use $crate::io::fxp::{self, FxpError};
        use $crate::io::remove::{self, Removal, Removed};
        use $crate::io::transfer::{Download, Listing, Upload};
        use $crate::io::walk::{self, Listed, Walker};
        use $crate::listing::Entry;
        use $crate::transfer::Coding;

        impl Client {
            $expand! {
            /// Downloads `path`: read it to its end, which is told only when the server has confirmed it.
            ///
            /// # Errors
            /// When the server refuses, or the data connection cannot be opened.
            pub async fn retrieve(&mut self, path: impl AsRef<[u8]>) -> Result<Retrieve<'_>, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.download(client::retrieve(text(&path)?, RepresentationType::Image, 0), &path).await
            }

            /// As [`retrieve`](Self::retrieve), from byte `offset` on. Look at [`Retrieve::offset`]: a server
            /// that cannot restart begins at 0.
            ///
            /// # Errors
            /// As [`retrieve`](Self::retrieve).
            pub async fn retrieve_from(
                &mut self,
                path: impl AsRef<[u8]>,
                offset: u64,
            ) -> Result<Retrieve<'_>, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.download(client::retrieve(text(&path)?, RepresentationType::Image, offset), &path).await
            }

            /// As [`retrieve_from`](Self::retrieve_from), in another representation: text by TYPE A has its
            /// line ends converted to LF.
            ///
            /// # Errors
            /// As [`retrieve`](Self::retrieve).
            pub async fn retrieve_as(
                &mut self,
                path: impl AsRef<[u8]>,
                offset: u64,
                representation: RepresentationType,
            ) -> Result<Retrieve<'_>, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.download(client::retrieve(text(&path)?, representation, offset), &path).await
            }

            /// As [`retrieve_from`](Self::retrieve_from), of a file whose size is known: a download that ends
            /// before that is an error ([`TransferFailure::Short`](crate::client::TransferFailure::Short)), unless SIZE, which
            /// is asked then, says that the file is no larger.
            ///
            /// # Errors
            /// As [`retrieve`](Self::retrieve).
            pub async fn retrieve_expecting(
                &mut self,
                path: impl AsRef<[u8]>,
                offset: u64,
                size: client::ExpectedSize,
            ) -> Result<Retrieve<'_>, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                let operation = client::retrieve(text(&path)?, RepresentationType::Image, offset);
                self.download(operation.expect_size(size), &path).await
            }

            /// Uploads to `path`, in the place of what is there: write it, then [`Store::finish`].
            ///
            /// # Errors
            /// When the server refuses, or the data connection cannot be opened.
            pub async fn store(&mut self, path: impl AsRef<[u8]>) -> Result<Store<'_>, Error> {
                let path = self.connection.wire_new(path.as_ref()).await?;
                self.upload(client::store(text(&path)?, RepresentationType::Image, 0)).await
            }

            /// As [`store`](Self::store), from byte `offset` of the file there on.
            ///
            /// # Errors
            /// As [`store`](Self::store), and when the server cannot restart.
            pub async fn store_from(
                &mut self,
                path: impl AsRef<[u8]>,
                offset: u64,
            ) -> Result<Store<'_>, Error> {
                let path = self.connection.wire_new(path.as_ref()).await?;
                self.upload(client::store(text(&path)?, RepresentationType::Image, offset)).await
            }

            /// As [`store`](Self::store), in another representation: text by TYPE A has its line ends
            /// converted to CRLF on the wire.
            ///
            /// # Errors
            /// As [`store`](Self::store).
            pub async fn store_as(
                &mut self,
                path: impl AsRef<[u8]>,
                representation: RepresentationType,
            ) -> Result<Store<'_>, Error> {
                let path = self.connection.wire_new(path.as_ref()).await?;
                self.upload(client::store(text(&path)?, representation, 0)).await
            }

            /// Uploads to the end of `path`.
            ///
            /// # Errors
            /// As [`store`](Self::store).
            pub async fn append(&mut self, path: impl AsRef<[u8]>) -> Result<Store<'_>, Error> {
                let path = self.connection.wire_new(path.as_ref()).await?;
                self.upload(client::append(text(&path)?, RepresentationType::Image)).await
            }

            /// Uploads under a name that the server chooses: [`Store::unique_name`], or the final reply.
            ///
            /// # Errors
            /// As [`store`](Self::store).
            pub async fn store_unique(&mut self) -> Result<Store<'_>, Error> {
                self.upload(client::store_unique(None, RepresentationType::Image)).await
            }

            /// The entries of the directory `path` (`""` is the working directory): by MLSD, or by LIST where
            /// the server has no better.
            ///
            /// # Errors
            /// When the server refuses, or the data connection cannot be opened.
            pub async fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Entries<'_>, Error> {
                self.listing(path.as_ref(), client::entries).await
            }

            /// The names in the directory `path`, perhaps with a directory in front.
            ///
            /// # Errors
            /// When the server refuses, which some do for an empty directory.
            pub async fn names(&mut self, path: impl AsRef<[u8]>) -> Result<Entries<'_>, Error> {
                self.listing(path.as_ref(), client::names).await
            }

            /// All entries of the directory `path`, as [`list`](Self::list) gives them one by one.
            ///
            /// # Errors
            /// As [`list`](Self::list), and when it has more than `limits` allow.
            pub async fn list_all(
                &mut self,
                path: impl AsRef<[u8]>,
                limits: &ListingLimits,
            ) -> Result<Listed, Error> {
                walk::list(&mut self.connection, path.as_ref(), client::entries, limits).await
            }

            /// All names in the directory `path`, as [`names`](Self::names) gives them one by one.
            ///
            /// # Errors
            /// As [`names`](Self::names), and when it has more than `limits` allow.
            pub async fn names_all(
                &mut self,
                path: impl AsRef<[u8]>,
                limits: &ListingLimits,
            ) -> Result<Listed, Error> {
                walk::list(&mut self.connection, path.as_ref(), client::names, limits).await
            }

            /// Takes the next step of a removal: looks at a directory, or removes one thing; nothing after the
            /// last.
            ///
            /// # Errors
            /// When the server refuses it ([`Removal::path`]): the next call goes on with what is left.
            pub async fn remove_all(&mut self, removal: &mut Removal) -> Result<Option<Removed>, Error> {
                remove::step(&mut self.connection, removal).await
            }

            /// What LIST sends, as it is: for people.
            ///
            /// # Errors
            /// As [`list`](Self::list).
            pub async fn list_raw(&mut self, path: impl AsRef<[u8]>) -> Result<Retrieve<'_>, Error> {
                let path = self.connection.wire_name(path.as_ref())?;
                let transfer = self.connection.open_listing(&path, client::list).await?;
                Ok(Retrieve(Download::new(&mut self.connection, transfer)))
            }

            /// Downloads what a command of your own brings, such as `XDAT report` or `LIST -la`: the line is sent as
            /// it is, in the representation type that is in force.
            ///
            /// # Errors
            /// When the line cannot be sent or its command brings no data, and as [`retrieve`](Self::retrieve).
            pub async fn receive_raw(&mut self, line: impl AsRef<[u8]>) -> Result<Retrieve<'_>, Error> {
                let line = line.as_ref();
                self.download(client::receive_raw(text(line)?, None).map_err(Error::Raw)?, b"").await
            }

            /// Uploads what a command of your own takes, as [`receive_raw`](Self::receive_raw) downloads.
            ///
            /// # Errors
            /// When the line cannot be sent or its command takes no data, and as [`store`](Self::store).
            pub async fn send_raw(&mut self, line: impl AsRef<[u8]>) -> Result<Store<'_>, Error> {
                let line = line.as_ref();
                self.upload(client::send_raw(text(line)?, None).map_err(Error::Raw)?).await
            }

            /// Sets how data is put on the wire from now on. [`TransferMode::Deflate`] saves bytes where the
            /// network is slow; it needs the feature `deflate`, and a server that has it.
            ///
            /// # Errors
            /// When the server refuses, or the mode is not one that this build has.
            pub async fn set_mode(&mut self, mode: TransferMode) -> Result<(), Error> {
                if !(Coding { mode, ..Coding::IDENTITY }).is_supported() {
                    return Err(Error::Argument(Invalid::new("a transfer mode that this build has")));
                }
                self.run(client::mode(mode)).await.map(drop)
            }

            /// Sets the structure of the files that are moved from now on.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn set_structure(&mut self, structure: FileStructure) -> Result<(), Error> {
                self.run(client::structure(structure)).await.map(drop)
            }

            /// Has this client's server send the file `from` to another server, which stores it as `to`; no
            /// byte of it comes by here. Both clients are logged in, and each is good for other operations
            /// afterwards. Most servers refuse this, and to protect the data both ways takes one that has SSCN; see
            /// [`fxp`](client::fxp()).
            ///
            /// # Errors
            /// When either server refuses, or its connection breaks.
            pub async fn transfer_to(
                &mut self,
                from: impl AsRef<[u8]>,
                target: &mut Client,
                to: impl AsRef<[u8]>,
            ) -> Result<(), FxpError> {
                let source = |error| FxpError { side: client::Side::Source, error };
                let target_side = |error| FxpError { side: client::Side::Target, error };
                let from = self.connection.wire_path(from.as_ref()).map_err(source)?;
                let to = target.connection.wire_path(to.as_ref()).map_err(target_side)?;
                let (from, to) = (text(&from).map_err(source)?, text(&to).map_err(target_side)?);
                self.connection.go_home().await.map_err(source)?;
                target.connection.go_home().await.map_err(target_side)?;
                let fxp = client::fxp(from, to, RepresentationType::Image, 0);
                fxp::run(&mut self.connection, &mut target.connection, fxp).await
            }

            /// Lists the next directory of a walk; nothing after the last. Directories for which `enter` says
            /// no are not walked.
            ///
            /// # Errors
            /// When the server refuses to list it ([`Walker::path`]), or the listing breaks: the next call goes
            /// on with the next directory.
            pub async fn walk(
                &mut self,
                walker: &mut Walker,
                enter: impl FnMut(&Entry<'_>) -> bool,
            ) -> Result<Option<Listed>, Error> {
                walk::walk(&mut self.connection, walker, enter).await
            }
            }

            async fn download(
                &mut self,
                operation: Operation<client::Open<'_>>,
                path: &[u8],
            ) -> Result<Retrieve<'_>, Error> {
                let transfer = self.connection.open(operation).await?.of_file(path);
                Ok(Retrieve(Download::new(&mut self.connection, transfer)))
            }

            async fn upload(&mut self, operation: Operation<client::Open<'_>>) -> Result<Store<'_>, Error> {
                let transfer = self.connection.open(operation).await?;
                Ok(Store(Upload::new(&mut self.connection, transfer)))
            }

            async fn listing(&mut self, path: &[u8], lists: collect::Lists) -> Result<Entries<'_>, Error> {
                let path = self.connection.wire_name(path)?;
                let transfer = self.connection.open_listing(&path, lists).await?;
                Ok(Entries(Listing::new(&mut self.connection, transfer)))
            }
        }
    };
}
pub(super) use moves;
