//! The user that the server runs as once it listens.
//!
//! A server that listens on port 21 and reads a key that only root may read has to start as root.
//! A fault gives a client less if the process is no longer root when the client comes.

#[cfg(unix)]
pub use unix::Identity;

#[cfg(not(unix))]
pub use elsewhere::Identity;

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;

    use nix::unistd::{self, Gid, Group, Uid, User};
    use toml::Spanned;

    use crate::report::Problem;

    /// A user and its groups.
    #[derive(Clone, Debug)]
    pub struct Identity {
        name: String,
        user: Uid,
        group: Gid,
    }

    impl Identity {
        /// Looks up the configured names or numbers. Returns `None` if none are configured, or with a
        /// problem.
        pub fn find(
            user: Option<&Spanned<String>>,
            group: Option<&Spanned<String>>,
            problems: &mut Vec<Problem>,
        ) -> Option<Self> {
            let Some(user) = user else {
                if let Some(group) = group {
                    problems.push(Problem::new("a group needs a user").at(group));
                }
                return None;
            };
            let Some(known) = user_of(user.get_ref()) else {
                problems.push(Problem::new(format!("there is no user {:?}", user.get_ref())).at(user));
                return None;
            };
            let group = match group {
                None => known.gid,
                Some(group) => match group_of(group.get_ref()) {
                    Some(found) => found,
                    None => {
                        problems
                            .push(Problem::new(format!("there is no group {:?}", group.get_ref())).at(group));
                        return None;
                    }
                },
            };
            if known.uid.is_root() {
                problems.push(Problem::new("the server is to run as another user than root").at(user));
                return None;
            }
            Some(Self { name: known.name, user: known.uid, group })
        }

        /// Returns whether this process runs as that user already, with no other group.
        fn is_current(&self) -> bool {
            let Ok(groups) = unistd::getgroups() else { return false };
            unistd::getuid() == self.user
                && unistd::geteuid() == self.user
                && unistd::getgid() == self.group
                && unistd::getegid() == self.group
                && groups.iter().all(|group| *group == self.group)
        }

        /// Returns why this process cannot become that user, if it cannot.
        pub fn obstacle(&self) -> Option<String> {
            let can = unistd::geteuid().is_root() || self.is_current();
            (!can).then(|| {
                format!(
                    "cannot run as {} without being started as root or as {} with no other group",
                    self.name, self.name
                )
            })
        }

        /// Becomes that user for good, with this group and no other. Must be called before other
        /// threads start.
        ///
        /// # Errors
        /// Fails if any of it cannot be done, or could be undone.
        pub fn become_it(&self) -> Result<(), String> {
            if self.is_current() {
                return Ok(());
            }
            if let Some(obstacle) = self.obstacle() {
                return Err(obstacle);
            }
            let failed = |what: &'static str| move |error: nix::Error| format!("{what}: {error}");
            // The groups first: only root may change them.
            set_groups(&[self.group]).map_err(failed("setgroups"))?;
            unistd::setgid(self.group).map_err(failed("setgid"))?;
            unistd::setuid(self.user).map_err(failed("setuid"))?;
            self.verify()
        }

        /// Checks that nothing is left of what this process was, and that it cannot come back.
        fn verify(&self) -> Result<(), String> {
            if !self.is_current() {
                return Err(format!("this process is not {} alone", self.name));
            }
            let root = (Uid::from_raw(0), Gid::from_raw(0));
            if unistd::setuid(root.0).is_ok() || unistd::seteuid(root.0).is_ok() {
                return Err("this process could become root again".to_owned());
            }
            if self.group != root.1 && (unistd::setgid(root.1).is_ok() || unistd::setegid(root.1).is_ok()) {
                return Err("this process could have the group of root again".to_owned());
            }
            if set_groups(&[root.1]).is_ok() {
                return Err("this process could have other groups again".to_owned());
            }
            Ok(())
        }

        /// Makes that user the owner of a file.
        pub fn own(&self, file: &File) -> io::Result<()> {
            match unistd::geteuid().is_root() {
                true => std::os::unix::fs::fchown(file, Some(self.user.as_raw()), Some(self.group.as_raw())),
                false => Ok(()),
            }
        }

        pub fn name(&self) -> &str {
            &self.name
        }

        /// Returns whether this process may do everything.
        pub fn is_root() -> bool {
            unistd::geteuid().is_root()
        }
    }

    #[cfg(not(target_vendor = "apple"))]
    fn set_groups(groups: &[Gid]) -> nix::Result<()> {
        unistd::setgroups(groups)
    }

    /// Apple's systems have more groups than a process can set.
    #[cfg(target_vendor = "apple")]
    fn set_groups(_: &[Gid]) -> nix::Result<()> {
        Err(nix::errno::Errno::ENOTSUP)
    }

    fn user_of(name: &str) -> Option<User> {
        let by_number = || User::from_uid(Uid::from_raw(name.parse().ok()?)).ok().flatten();
        User::from_name(name).ok().flatten().or_else(by_number)
    }

    fn group_of(name: &str) -> Option<Gid> {
        let by_number = || Group::from_gid(Gid::from_raw(name.parse().ok()?)).ok().flatten();
        Group::from_name(name).ok().flatten().or_else(by_number).map(|group| group.gid)
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::fs::File;
    use std::io;

    use toml::Spanned;

    use crate::report::Problem;

    /// A user. This system has none that a process could become.
    #[derive(Clone, Debug)]
    pub enum Identity {}

    impl Identity {
        pub fn find(
            user: Option<&Spanned<String>>,
            group: Option<&Spanned<String>>,
            problems: &mut Vec<Problem>,
        ) -> Option<Self> {
            for value in [user, group].into_iter().flatten() {
                problems.push(Problem::new("this system has no users to become").at(value));
            }
            None
        }

        pub fn obstacle(&self) -> Option<String> {
            match *self {}
        }

        pub fn become_it(&self) -> Result<(), String> {
            match *self {}
        }

        pub fn own(&self, _: &File) -> io::Result<()> {
            match *self {}
        }

        pub fn name(&self) -> &str {
            match *self {}
        }

        pub fn is_root() -> bool {
            false
        }
    }
}
