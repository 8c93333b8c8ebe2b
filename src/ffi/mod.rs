//! The C ABI: a thin layer over `net`.
//!
//! Every function checks what it was given, makes one call and converts what comes back. The comments of exported items are
//! the header's text, for readers of C; notes to readers of Rust are plain comments.

#![allow(missing_docs, reason = "the header's text is not Rust documentation")]
#![allow(non_camel_case_types, reason = "the names are C's")]

mod about;
mod addr;
mod boundary;
mod dialer;
mod endpoint;
mod file;
mod handle;
mod inherited;
mod interfaces;
mod io;
mod many;
mod message;
mod msg;
mod multicast;
mod names;
mod option;
mod poller;
mod socket;
mod status;
mod sync;
mod tcp;
mod wait;
