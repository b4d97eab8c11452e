//! Has the kernel move what a socket receives into a file, without copying the bytes to this
//! process.

use ::std::fs::File;
use ::std::io;
use ::std::vec::Vec;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(in crate::io) use pipe::Intake;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(in crate::io) use unavailable::Intake;

/// The result of [`Intake::receive`].
#[derive(Debug, Default)]
pub(in crate::io) struct Taken {
    /// Number of bytes received, including the `rest`.
    pub(in crate::io) bytes: usize,
    /// Bytes received that are not in the file, because the kernel cannot move them there.
    pub(in crate::io) rest: Vec<u8>,
    pub(in crate::io) failure: Option<Failure>,
}

/// The side that failed.
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    allow(dead_code, reason = "elsewhere the kernel moves nothing")
)]
#[derive(Debug)]
pub(in crate::io) enum Failure {
    Socket(io::Error),
    File(io::Error),
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod pipe {
    use ::std::io::Read;
    use ::std::os::fd::OwnedFd;

    use rustix::io::retry_on_intr;
    use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
    use socket2::Socket;

    use super::{Failure, File, Taken, io};

    /// A duplicate of a non-blocking socket, and the pipe between it and a file.
    #[derive(Debug)]
    pub(in crate::io) struct Intake {
        socket: Socket,
        exit: File,
        entry: OwnedFd,
    }

    impl Intake {
        /// Number of bytes that the pipe should hold. The Linux default costs more CPU time.
        const SIZE: usize = 256 * 1024;

        pub(in crate::io) fn new(socket: &Socket) -> io::Result<Self> {
            let socket = socket.try_clone()?;
            let (exit, entry) = pipe_with(PipeFlags::CLOEXEC)?;
            // Users who have many pipes are not allowed large ones.
            let _ = fcntl_setpipe_size(&entry, Self::SIZE);
            Ok(Self { socket, exit: exit.into(), entry })
        }

        /// Moves at most `most` bytes that have arrived to the file, at its current position. May
        /// wait for the file, but does not wait for the socket.
        pub(in crate::io) fn receive(&mut self, file: &File, most: usize) -> Taken {
            let mut taken = Taken::default();
            let mut left = most;
            let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
            while left > 0 && taken.failure.is_none() {
                let arrived = retry_on_intr(|| {
                    splice(&self.socket, None, &self.entry, None, left.min(Self::SIZE), flags)
                });
                match arrived {
                    Ok(0) | Err(rustix::io::Errno::AGAIN) => break,
                    Ok(count) => {
                        left -= count;
                        taken.bytes += count;
                        self.store(file, count, &mut taken);
                    }
                    Err(error) => taken.failure = Some(Failure::Socket(error.into())),
                }
            }
            taken
        }

        /// Moves `count` bytes from the pipe to the file.
        fn store(&self, file: &File, count: usize, taken: &mut Taken) {
            let mut left = count;
            while left > 0 {
                let error =
                    match retry_on_intr(|| splice(&self.exit, None, file, None, left, SpliceFlags::MOVE)) {
                        Ok(moved @ 1..) => {
                            left -= moved;
                            continue;
                        }
                        Ok(0) => io::ErrorKind::WriteZero.into(),
                        Err(error) => error.into(),
                    };
                taken.rest.resize(left, 0);
                let read = (&self.exit).read_exact(&mut taken.rest);
                taken.failure = Some(read.map_or_else(Failure::Socket, |()| Failure::File(error)));
                return;
            }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod unavailable {
    use socket2::Socket;

    use super::{File, Taken, io};

    /// This system cannot do this, so there is no value of this type.
    #[derive(Debug)]
    pub(in crate::io) enum Intake {}

    impl Intake {
        pub(in crate::io) fn new(_: &Socket) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in crate::io) fn receive(&mut self, _: &File, _: usize) -> Taken {
            match *self {}
        }
    }
}
