//! A program that does nothing but print, which the sizes of the others are compared with.
#![no_std]
#![no_main]

#[path = "../measured.rs"]
mod measured;

use cortex_m as _;
use cortex_m_rt::entry;
use panic_semihosting as _;

#[entry]
fn main() -> ! {
    sizes!("nothing"());
    measured::end(measured::stack());
}
