//! What the programs in `bin` share: each runs one machine, so that its stack can be measured.
//!
//! `measure.sh` fills the memory with a pattern before a program starts, and looks how much of it is left.

use cortex_m_semihosting::{debug, hprintln};

/// For clippy, which looks at this as a program of the host's: there panic-semihosting is empty.
#[cfg(not(target_os = "none"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Where the stack of the caller ends: what it calls lies below.
#[inline(never)]
pub fn stack() -> usize {
    let here = 0_u8;
    core::ptr::from_ref(core::hint::black_box(&here)).addr()
}

/// Says where the stack was when the machine was first called, and ends the program.
pub fn end(stack: usize) -> ! {
    hprintln!("stack {}", stack);
    debug::exit(debug::EXIT_SUCCESS);
    panic!("the debugger has let it go on");
}

/// Says how large a value of a type is.
#[macro_export]
macro_rules! sizes {
    ($($name:literal $type:ty),+ $(,)?) => {
        $(cortex_m_semihosting::hprintln!("size {} {}", $name, size_of::<$type>());)+
    };
}
