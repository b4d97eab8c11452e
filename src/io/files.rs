//! What a client asks and does of files and directories without moving them. Written once for all adapters.

/// Makes more methods of the `Client` beside it; `$expand` as for
/// [`operations`](super::operations::operations), which comes first.
macro_rules! files {
    ($expand:ident) => {
        use $crate::client::{Expected, FactsReader, Verified};
        use $crate::codec::{Digest, HashAlgorithm, HashReply, MffArgument, NameList, Timestamp};
        use $crate::io::names;
        use $crate::listing::Modified;

        impl Client {
            $expand! {
            /// The facts of `path` itself (`""` is the working directory), by MLST.
            ///
            /// # Errors
            /// When the server refuses, or has no MLST.
            pub async fn facts(&mut self, path: impl AsRef<[u8]>) -> Result<OwnedEntry, Error> {
                let path = self.connection.wire_name(path.as_ref())?;
                let mut entry = None;
                let mut reader = FactsReader::new(vec![0; 8192]);
                let names = self.connection.shared_names();
                let mut undecoded = None;
                let keep = |line: &ReplyLine<'_>| {
                    let text = names::from_wire(names.as_deref(), line.text.to_vec());
                    let line = match &text {
                        Ok(text) => ReplyLine { text, ..*line },
                        Err(_) => {
                            undecoded = Some(line.text.to_vec());
                            return;
                        }
                    };
                    if let Some(read) = reader.line(&line) {
                        entry = Some(read.map(|entry| entry.to_owned()));
                    }
                };
                self.run_with(client::facts(optional(&path)?), keep).await?;
                if let (None, Some(line)) = (&entry, undecoded) {
                    return Err(Error::Name(line));
                }
                entry.unwrap_or(Err(Invalid::new("a line of facts"))).map_err(Error::Unreadable)
            }

            /// How many bytes `path` has.
            ///
            /// # Errors
            /// When the server refuses: directories have none, old servers no SIZE.
            pub async fn size(&mut self, path: impl AsRef<[u8]>) -> Result<u64, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::size(text(&path)?)).await
            }

            /// When `path` was modified, in UTC.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn modification_time(&mut self, path: impl AsRef<[u8]>) -> Result<Timestamp, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::modification_time(text(&path)?)).await
            }

            /// The time zone by which the server writes its listings, in seconds east of UTC: from what
            /// [`list`](Self::list) said of a file, and MDTM, which is asked for `path`, the same file. None when
            /// it cannot be told: see [`client::zone_offset`].
            ///
            /// # Errors
            /// When the server refuses, or its answer cannot be read.
            pub async fn zone_offset(
                &mut self,
                path: impl AsRef<[u8]>,
                listed: &Modified,
            ) -> Result<Option<i32>, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                let utc = self.run(client::modification_time(text(&path)?)).await?;
                Ok(client::zone_offset(listed, utc))
            }

            /// Makes `path` the working directory.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn change_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::change_directory(text(&path)?)).await.map(drop)
            }

            /// Returns the home directory of `user`, or with `""` that of whoever is logged in, as the server
            /// resolves `~user`. No other method takes a tilde for anything but the byte of a name.
            ///
            /// # Errors
            /// When the server refuses, or does not say where it is.
            pub async fn home_directory(&mut self, user: impl AsRef<[u8]>) -> Result<Vec<u8>, Error> {
                let user = self.connection.wire_name(user.as_ref())?;
                let user = text(&user)?;
                self.connection.go_home().await?;
                let here = self.connection.run_here(client::working_directory(), |_| {}).await?;
                self.connection.leave(here);
                match self.connection.run_here(client::change_to_home(user), |_| {}).await {
                    Ok(()) => {}
                    Err(refused @ Error::Refused(_)) => {
                        self.connection.stay();
                        return Err(refused);
                    }
                    Err(error) => return Err(error),
                }
                let home = self.connection.run_here(client::working_directory(), |_| {}).await?;
                self.connection.go_home().await?;
                self.connection.local_name(home)
            }

            /// Makes the parent the working directory.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn change_to_parent(&mut self) -> Result<(), Error> {
                self.run(client::change_to_parent()).await.map(drop)
            }

            /// The working directory.
            ///
            /// # Errors
            /// When the server refuses, or its answer cannot be read.
            pub async fn working_directory(&mut self) -> Result<Vec<u8>, Error> {
                let path = self.run(client::working_directory()).await?;
                self.connection.local_name(path)
            }

            /// Makes a directory.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn make_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
                let path = self.connection.wire_new(path.as_ref()).await?;
                match self.run(client::make_directory(text(&path)?)).await {
                    // It is made, whatever the server calls it.
                    Ok(_) | Err(Error::Unreadable(_)) => Ok(()),
                    Err(error) => Err(error),
                }
            }

            /// Removes an empty directory.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn remove_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::remove_directory(text(&path)?)).await.map(drop)
            }

            /// Removes a file.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn delete(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::delete(text(&path)?)).await.map(drop)
            }

            /// Renames `from` to `to`.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn rename(
                &mut self,
                from: impl AsRef<[u8]>,
                to: impl AsRef<[u8]>,
            ) -> Result<(), Error> {
                let from = self.connection.wire_path(from.as_ref())?;
                let to = self.connection.wire_new(to.as_ref()).await?;
                self.run(client::rename(text(&from)?, text(&to)?)).await
            }

            /// Sets when `path` was modified, in UTC: what the server says that it is then. By MFMT, by MDTM's set
            /// form or by SITE UTIME, whichever the server has; see [`client::set_modification_time`].
            ///
            /// # Errors
            /// When the server refuses, or has none of them.
            pub async fn set_modification_time(
                &mut self,
                path: impl AsRef<[u8]>,
                time: Timestamp,
            ) -> Result<Option<Timestamp>, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::set_modification_time(text(&path)?, time)).await
            }

            /// Sets when `path` was created, in UTC: what the server says that it is then.
            ///
            /// # Errors
            /// When the server refuses, or has no MFCT.
            pub async fn set_creation_time(
                &mut self,
                path: impl AsRef<[u8]>,
                time: Timestamp,
            ) -> Result<Option<Timestamp>, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::set_creation_time(text(&path)?, time)).await
            }

            /// Sets facts of `path`, written as in `UNIX.mode=0644;`.
            ///
            /// # Errors
            /// When they are not of that form, or the server refuses, or has no MFF.
            pub async fn set_facts(
                &mut self,
                facts: impl AsRef<[u8]>,
                path: impl AsRef<[u8]>,
            ) -> Result<(), Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                let argument = [facts.as_ref(), b" ", &path].concat();
                let argument = MffArgument::parse(&argument).map_err(Error::Argument)?;
                self.run(client::set_facts(argument)).await.map(drop)
            }

            /// Sets the permission bits of `path`, as `chmod` does.
            ///
            /// # Errors
            /// When the server refuses, or has no SITE CHMOD.
            pub async fn chmod(&mut self, path: impl AsRef<[u8]>, mode: u16) -> Result<(), Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::chmod(text(&path)?, mode)).await.map(drop)
            }

            /// Makes the symbolic link `link` to `target`, which cannot hold spaces.
            ///
            /// # Errors
            /// When the server refuses, or has no SITE SYMLINK.
            pub async fn symlink(
                &mut self,
                target: impl AsRef<[u8]>,
                link: impl AsRef<[u8]>,
            ) -> Result<(), Error> {
                let target = self.connection.wire_path(target.as_ref())?;
                let link = self.connection.wire_path(link.as_ref())?;
                let (target, link) = (text(&target)?, text(&link)?);
                if target.as_bytes().contains(&b' ') {
                    return Err(Error::Argument(Invalid::new("a target without spaces")));
                }
                self.run(client::symlink(target, link)).await.map(drop)
            }

            /// The hash of `path`, computed by the server: by `algorithm`, or by the one that it prefers; of
            /// `range`, or of the whole. It may take long: see [`Timeouts::digest`](client::Timeouts::digest).
            ///
            /// # Errors
            /// When the server refuses, or has no HASH: try [`checksum`](Self::checksum).
            pub async fn hash(
                &mut self,
                path: impl AsRef<[u8]>,
                algorithm: Option<HashAlgorithm>,
                range: Option<ByteRange>,
            ) -> Result<HashReply, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::hash(text(&path)?, algorithm, range)).await
            }

            /// As [`hash`](Self::hash), by XCRC, XMD5 and their like.
            ///
            /// # Errors
            /// When the server refuses, or does not have the command.
            pub async fn checksum(
                &mut self,
                path: impl AsRef<[u8]>,
                algorithm: HashAlgorithm,
            ) -> Result<Digest, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::checksum(text(&path)?, algorithm)).await
            }

            /// How many bytes may still be stored in the directory `path` (`""` is the working directory).
            ///
            /// # Errors
            /// When the server refuses, or has no AVBL.
            pub async fn available(&mut self, path: impl AsRef<[u8]>) -> Result<u64, Error> {
                let path = self.connection.wire_name(path.as_ref())?;
                self.run(client::available(optional(&path)?)).await
            }

            /// Compares `path` with what is expected of it, after its transfer: by a hash where the server
            /// computes one, by its size otherwise. [`Offers::digest`] tells which hash to compute on the way;
            /// what the server offers is known after [`setup`](Self::setup).
            ///
            /// # Errors
            /// [`Error::Mismatch`] when it is another; and when it is not there.
            pub async fn verify(
                &mut self,
                path: impl AsRef<[u8]>,
                expected: Expected,
            ) -> Result<Verified, Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::verify(text(&path)?, expected)).await
            }

            /// Appends parts to a file, in their order (COMB). `names` is the file and then its parts, each in quotes
            /// if it holds a space.
            ///
            /// # Errors
            /// When that is no list of names, or the server refuses, or has no COMB.
            pub async fn combine(&mut self, names: impl AsRef<[u8]>) -> Result<(), Error> {
                let names = self.connection.wire_path(names.as_ref())?;
                let names = text(&names)?;
                NameList::parse(names).map_err(Error::Argument)?;
                self.run(client::combine(names)).await.map(drop)
            }

            /// Mounts another file system (SMNT).
            ///
            /// # Errors
            /// When the server refuses, which nearly all do.
            pub async fn structure_mount(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
                let path = self.connection.wire_path(path.as_ref())?;
                self.run(client::structure_mount(text(&path)?)).await.map(drop)
            }
            }
        }
    };
}
pub(super) use files;
