//! Making a system call.
//!
//! The C library's own functions are cancellation points where they may wait, and its `syscall` moves every argument and
//! reports through errno, which costs a call from C half of what it takes beside the kernel. So the instruction stands here,
//! for the processors that matter; the others go through `syscall`.

use crate::sys::Errno;
use libc::{c_int, c_long};

/// What a system call returned, as it is: the kernel's errors are the numbers from -4095 to -1, and nothing else is. And one
/// less than that, in the other register that a call changes, where it need not be brought to be compared.
#[derive(Clone, Copy)]
pub struct RawResult(isize, usize);

impl RawResult {
    /// Of a call that counts bytes: a count that is neither nothing nor more than a buffer's length. One comparison tells it
    /// from all else, since no buffer is as long as an error's number taken for a count.
    #[inline(always)]
    pub fn within(self, len: usize) -> Option<usize> {
        (self.1 < len).then_some(self.0 as usize)
    }

    #[inline(always)]
    pub fn result(self) -> Result<usize, Errno> {
        match self.0 {
            -4095..=-1 => Err(Errno(-self.0 as i32)),
            result => Ok(result as usize),
        }
    }
}

/// Makes a system call of up to six arguments.
///
/// # Safety
/// That of the call: pointers among its arguments must be what the kernel takes them for.
#[inline(always)]
pub unsafe fn system_call<const N: usize>(number: c_long, args: [usize; N]) -> Result<usize, Errno> {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&args);
    // SAFETY: the caller's.
    returned(unsafe { raw(number, all) }).result()
}

/// [`system_call`], for a caller who goes on using the arguments. The kernel leaves them in their registers; writing
/// them back from there tells the compiler, which would keep copies in others.
///
/// # Safety
/// As [`system_call`]. If the call has a sixth argument, it does not matter.
#[inline(always)]
pub unsafe fn system_call_keeping(number: c_long, args: &mut [usize; 5]) -> RawResult {
    // SAFETY: the caller's.
    unsafe { raw_five(number, args) }
}

#[inline(always)]
fn returned(result: isize) -> RawResult {
    RawResult(result, (result as usize).wrapping_sub(1))
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
unsafe fn raw(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let result;
    // SAFETY: this is how a call is made; it changes the registers named here, and what its arguments point to.
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

/// [`raw`] of five arguments. The register of the sixth is the compiler's, who is short of those that a system call keeps.
/// Where the kernel knows a sixth, memcheck looks at what the compiler has there.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn raw_five(number: c_long, args: &mut [usize; 5]) -> RawResult {
    let (result, less);
    let [a, b, c, d, e] = args;
    // SAFETY: as in `raw`.
    unsafe {
        std::arch::asm!(
            "syscall",
            "lea rcx, [rax - 1]",
            inlateout("rax") number as isize => result,
            inout("rdi") *a, inout("rsi") *b, inout("rdx") *c, inout("r10") *d, inout("r8") *e,
            lateout("rcx") less, lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    RawResult(result, less)
}

#[cfg(not(target_arch = "x86_64"))]
unsafe fn raw_five(number: c_long, args: &mut [usize; 5]) -> RawResult {
    let [a, b, c, d, e] = *args;
    // SAFETY: the caller's.
    returned(unsafe { raw(number, [a, b, c, d, e, 0]) })
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
unsafe fn raw(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let result;
    // SAFETY: this is how a call is made; it changes the register named here, and what its arguments point to.
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
unsafe fn raw(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    // SAFETY: the caller's.
    match unsafe { libc::syscall(number, a, b, c, d, e, f) } {
        -1 => -(Errno::last().0 as isize),
        result => result as isize,
    }
}
