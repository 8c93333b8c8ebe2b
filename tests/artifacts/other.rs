//! Another static library in Rust. It allocates, catches a panic, and starts a thread.

use std::ffi::c_int;
use std::panic::{catch_unwind, set_hook};

/// Returns 42.
#[unsafe(no_mangle)]
pub extern "C" fn other_work() -> c_int {
    set_hook(Box::new(|_| {}));
    let caught = catch_unwind(|| panic!("{}", String::from("on purpose")));
    let sum = std::thread::spawn(|| (0..=40).collect::<Vec<c_int>>().len());
    match (caught, sum.join()) {
        (Err(_), Ok(41)) => 42,
        _ => 0,
    }
}
