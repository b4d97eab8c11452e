//! Wakes a thread that waits for its sockets.

use ::std::io;

use rustix::event::{PollFd, PollFlags};

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use eventfd::Bell;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use sockets::Bell;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod eventfd {
    use ::std::os::fd::OwnedFd;

    use rustix::event::EventfdFlags;

    use super::{PollFd, PollFlags, io};

    /// A counter of the kernel, which takes one descriptor.
    #[derive(Debug)]
    pub(in super::super) struct Bell(OwnedFd);

    impl Bell {
        pub(in super::super) fn new() -> io::Result<Self> {
            Ok(Self(rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
        }

        pub(in super::super) fn poll_fd(&self) -> PollFd<'_> {
            PollFd::new(&self.0, PollFlags::IN)
        }

        pub(in super::super) fn ring(&self) {
            // This fails only if the counter is full, and then the bell has been rung.
            let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
        }

        /// Forgets that the bell was rung.
        pub(in super::super) fn hush(&self) {
            let _ = rustix::io::read(&self.0, &mut [0; 8]);
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod sockets {
    use ::std::io::{Read, Write};

    use socket2::Socket;

    use super::super::pair;
    use super::{PollFd, PollFlags, io};

    #[derive(Debug)]
    pub(in super::super) struct Bell {
        inside: Socket,
        outside: Socket,
    }

    impl Bell {
        pub(in super::super) fn new() -> io::Result<Self> {
            let (inside, outside) = pair()?;
            inside.set_nonblocking(true)?;
            outside.set_nonblocking(true)?;
            Ok(Self { inside, outside })
        }

        pub(in super::super) fn poll_fd(&self) -> PollFd<'_> {
            PollFd::new(&self.inside, PollFlags::IN)
        }

        pub(in super::super) fn ring(&self) {
            // A full socket means that the bell has been rung.
            let _ = (&self.outside).write(&[0]);
        }

        /// Forgets that the bell was rung.
        pub(in super::super) fn hush(&self) {
            while let Ok(1..) = (&self.inside).read(&mut [0; 64]) {}
        }
    }
}
