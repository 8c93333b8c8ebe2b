//! Limits on arrays of buffers.

use crate::net::{Error, Result, VEC_MAX};

/// The total length of the buffers of one call.
///
/// # Errors
/// [`Error::INVALID`] for more than [`VEC_MAX`] buffers, or more than `isize::MAX` bytes.
pub(in crate::net) fn total_len(mut lens: impl ExactSizeIterator<Item = usize>) -> Result<usize> {
    if lens.len() > VEC_MAX {
        return Err(Error::INVALID);
    }
    lens.try_fold(0, usize::checked_add).filter(|&total| isize::try_from(total).is_ok()).ok_or(Error::INVALID)
}
