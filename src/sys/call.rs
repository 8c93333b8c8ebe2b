//! Making a system call.
//!
//! The C library's own functions are cancellation points where they may wait, and its `syscall` moves every argument and
//! reports through errno, which costs a call from C half of what it takes beside the kernel. So the instruction stands here,
//! for the processors that matter; the others go through `syscall`.

use super::Errno;
use libc::{c_int, c_long};

/// Makes a system call of up to six arguments.
///
/// # Safety
/// That of the call: pointers among its arguments must be what the kernel takes them for.
#[inline(always)]
pub unsafe fn system_call<const N: usize>(number: c_long, mut args: [usize; N]) -> Result<usize, Errno> {
    // SAFETY: the caller's.
    unsafe { system_call_keeping(number, &mut args) }
}

/// [`system_call`], for a caller who goes on using the arguments. The kernel leaves them in their registers; writing
/// them back from there tells the compiler, which would keep copies in others.
///
/// # Safety
/// As [`system_call`].
#[inline(always)]
pub unsafe fn system_call_keeping<const N: usize>(number: c_long, args: &mut [usize; N]) -> Result<usize, Errno> {
    let mut all = [0; 6];
    all[..N].copy_from_slice(args);
    // SAFETY: the caller's.
    let result = unsafe { raw(number, &mut all) };
    args.copy_from_slice(&all[..N]);
    // The kernel's errors are the numbers from -4095 to -1, and nothing else is.
    match result {
        -4095..=-1 => Err(Errno(-result as i32)),
        _ => Ok(result as usize),
    }
}

/// Runs a function of the C library that may be a thread cancellation point, and has it be none.
pub fn uncanceled<T>(call: impl FnOnce() -> T) -> T {
    unsafe extern "C" {
        fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
    }
    const PTHREAD_CANCEL_DISABLE: c_int = 1;
    let mut before = 0;
    // SAFETY: the place for the state is ours.
    unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mut before) };
    let result = call();
    // SAFETY: as above. A cancellation that came meanwhile waits for the next cancellation point.
    unsafe { pthread_setcancelstate(before, &mut 0) };
    result
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn raw(number: c_long, args: &mut [usize; 6]) -> isize {
    let result;
    let [a, b, c, d, e, f] = args;
    // SAFETY: this is how a call is made; it changes the registers named here, and what its arguments point to.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            inout("rdi") *a, inout("rsi") *b, inout("rdx") *c, inout("r10") *d, inout("r8") *e, inout("r9") *f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    result
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
unsafe fn raw(number: c_long, args: &mut [usize; 6]) -> isize {
    let result;
    let [a, b, c, d, e, f] = args;
    // SAFETY: this is how a call is made; it changes the register named here, and what its arguments point to.
    unsafe {
        std::arch::asm!(
            "svc 0",
            in("x8") number, inlateout("x0") *a as isize => result,
            inout("x1") *b, inout("x2") *c, inout("x3") *d, inout("x4") *e, inout("x5") *f,
            options(nostack, preserves_flags),
        );
    }
    result
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn raw(number: c_long, &mut [a, b, c, d, e, f]: &mut [usize; 6]) -> isize {
    // SAFETY: the caller's.
    match unsafe { libc::syscall(number, a, b, c, d, e, f) } {
        -1 => -(Errno::last().0 as isize),
        result => result as isize,
    }
}
