//! Conversion of file systems, given by value or already shared, to an `Arc`.

use ::std::sync::Arc;

use crate::io::host::{AsyncFilesystem, Filesystem};

/// A file system in one of the forms that [`Users`](crate::io::Users) and
/// [`Guarded`](crate::io::Guarded) accept: a [`Filesystem`] or [`AsyncFilesystem`] by value, or an
/// [`Arc`] of one that is also used elsewhere. `Kind` distinguishes these and is inferred, except
/// for a type that implements both [`Filesystem`] and [`AsyncFilesystem`]: pass such a value in an
/// [`Arc`].
///
/// This trait is sealed and implemented for all of these forms.
pub trait IntoShared<Kind>: sealed::Sealed<Kind> {
    /// The file system.
    type Filesystem;

    /// Returns the file system in an [`Arc`].
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
