//! System calls that bypass the C library.
//!
//! The C library's functions that may wait are cancellation points: `pthread_cancel` would unwind Rust frames, which
//! aborts the process. Its `syscall` function copies every argument and reports through errno, which costs half of the
//! user-space time of a call from C. So x86-64 and AArch64 use the instruction; other processors use `syscall`.

use crate::sys::errno::Errno;
use libc::{c_int, c_long};

/// The return value of a system call. The kernel returns errors as -4095 to -1.
#[derive(Clone, Copy)]
pub struct RawResult {
    value: isize,
    /// Computed in a register that the call overwrites anyway, so [`RawResult::count_within`] needs no instruction to
    /// prepare its comparison.
    value_minus_one: usize,
}

impl RawResult {
    #[inline(always)]
    fn new(value: isize) -> RawResult {
        RawResult { value, value_minus_one: (value as usize).wrapping_sub(1) }
    }

    /// The byte count, if it is from 1 to `len`. One comparison excludes 0, a larger count and every error: as a
    /// `usize`, an error exceeds the length of every buffer.
    #[inline(always)]
    pub fn count_within(self, len: usize) -> Option<usize> {
        (self.value_minus_one < len).then_some(self.value as usize)
    }

    /// The value, or the error.
    #[inline(always)]
    pub fn result(self) -> Result<usize, Errno> {
        match self.value {
            -4095..=-1 => Err(Errno(-self.value as i32)),
            value => Ok(value as usize),
        }
    }
}

/// Makes a system call with up to six arguments.
///
/// # Safety
/// The arguments must meet the requirements of the call: pointers are valid for what the kernel reads and writes.
#[inline(always)]
pub unsafe fn system_call<const N: usize>(number: c_long, args: [usize; N]) -> Result<usize, Errno> {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&args);
    // SAFETY: guaranteed by the caller.
    RawResult::new(unsafe { syscall6(number, all) }).result()
}

/// Makes a system call for a caller that uses the arguments afterwards. The kernel preserves their registers, so the
/// compiler needs no copies in other registers.
///
/// # Safety
/// The requirements of [`system_call`] apply. A sixth argument of the call is undefined and must have no effect.
#[inline(always)]
pub unsafe fn system_call_preserving_args(number: c_long, args: &mut [usize; 5]) -> RawResult {
    // SAFETY: guaranteed by the caller.
    unsafe { syscall5(number, args) }
}

/// Converts the result of a C library function that returns -1 and sets errno on error.
pub(in crate::sys) fn errno_result(result: c_long) -> Result<usize, Errno> {
    usize::try_from(result).map_err(|_| Errno::last())
}

/// Runs a function of the C library with thread cancellation disabled.
pub fn with_cancellation_disabled<T>(call: impl FnOnce() -> T) -> T {
    unsafe extern "C" {
        fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
    }
    const PTHREAD_CANCEL_DISABLE: c_int = 1;
    let mut before = 0;
    // SAFETY: `before` is writable.
    unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mut before) };
    let result = call();
    // A cancellation that is pending takes effect at the next cancellation point.
    // SAFETY: the temporary that receives the old state is writable.
    unsafe { pthread_setcancelstate(before, &mut 0) };
    result
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn syscall6(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let result;
    // SAFETY: the registers are those of Linux's convention. The call changes the ones named as outputs, and memory.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// Makes a system call without writing the sixth argument's register. That leaves the register to the compiler, which
/// has few registers that a call preserves. In calls that have a sixth argument, memcheck reads the register.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn syscall5(number: c_long, args: &mut [usize; 5]) -> RawResult {
    let (result, minus_one);
    let [a, b, c, d, e] = args;
    // SAFETY: as in `syscall6`.
    unsafe {
        std::arch::asm!(
            "syscall",
            "lea rcx, [rax - 1]",
            inlateout("rax") number as isize => result,
            inout("rdi") *a, inout("rsi") *b, inout("rdx") *c, inout("r10") *d, inout("r8") *e,
            lateout("rcx") minus_one, lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    RawResult { value: result, value_minus_one: minus_one }
}

#[cfg(not(target_arch = "x86_64"))]
unsafe fn syscall5(number: c_long, args: &mut [usize; 5]) -> RawResult {
    let [a, b, c, d, e] = *args;
    // SAFETY: guaranteed by the caller.
    RawResult::new(unsafe { syscall6(number, [a, b, c, d, e, 0]) })
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
unsafe fn syscall6(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let result;
    // SAFETY: the registers are those of Linux's convention. The call changes the output, and memory.
    unsafe {
        std::arch::asm!(
            "svc 0",
            in("x8") number, inlateout("x0") a as isize => result,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
            options(nostack, preserves_flags),
        );
    }
    result
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn syscall6(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    // SAFETY: guaranteed by the caller.
    match unsafe { libc::syscall(number, a, b, c, d, e, f) } {
        -1 => -(Errno::last().0 as isize),
        result => result as isize,
    }
}
