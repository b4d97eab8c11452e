//! File systems that are given by value or shared already.

use ::std::sync::Arc;

use super::host::{AsyncFilesystem, Filesystem};

/// A file system as [`Users`](super::Users) and [`Guarded`](super::Guarded) take it: a [`Filesystem`] or an
/// [`AsyncFilesystem`] by value, or an [`Arc`] of one that others have, too. `Kind` tells these apart and is always
/// inferred, but for a type that is both a [`Filesystem`] and an [`AsyncFilesystem`]: such a one goes into an [`Arc`].
///
/// It is implemented for all of them. There is nothing to implement.
pub trait IntoShared<Kind>: sealed::Sealed<Kind> {
    /// The file system.
    type Filesystem;

    /// The file system, to be shared.
    fn into_shared(self) -> Arc<Self::Filesystem>;
}

/// The kinds of [`IntoShared`].
mod kind {
    #[derive(Debug)]
    pub enum Blocking {}
    #[derive(Debug)]
    pub enum Asynchronous {}
    #[derive(Debug)]
    pub enum Counted {}
}

mod sealed {
    use super::{Arc, AsyncFilesystem, Filesystem, kind};

    pub trait Sealed<Kind> {}
    impl<F: Filesystem> Sealed<kind::Blocking> for F {}
    impl<F: AsyncFilesystem> Sealed<kind::Asynchronous> for F {}
    impl<F> Sealed<kind::Counted> for Arc<F> {}
}

impl<F: Filesystem> IntoShared<kind::Blocking> for F {
    type Filesystem = F;

    fn into_shared(self) -> Arc<F> {
        Arc::new(self)
    }
}

impl<F: AsyncFilesystem> IntoShared<kind::Asynchronous> for F {
    type Filesystem = F;

    fn into_shared(self) -> Arc<F> {
        Arc::new(self)
    }
}

impl<F> IntoShared<kind::Counted> for Arc<F> {
    type Filesystem = F;

    fn into_shared(self) -> Arc<F> {
        self
    }
}
