//! The two colours of a method. Each is written once, as an `async fn`; an adapter has it as it is, or
//! blocks on it.

/// Methods as they are.
#[cfg(any(feature = "tokio", feature = "smol"))]
macro_rules! asynchronous {
    ($($method:tt)*) => { $($method)* };
}
#[cfg(any(feature = "tokio", feature = "smol"))]
pub(super) use asynchronous;

/// Methods that return only once they are done.
macro_rules! blocking {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis async fn $name:ident($($argument:tt)*) -> $output:ty { $($body:tt)* }
    )*) => {$(
        $(#[$attribute])*
        $visibility fn $name($($argument)*) -> $output {
            $crate::io::std::reactor::block_on(async move { $($body)* })
        }
    )*};
}
pub(super) use blocking;
