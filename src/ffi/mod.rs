//! The C ABI: a thin layer over `net`.
//!
//! Every exported function checks its arguments, makes one call and converts the result. The doc comments of exported
//! items become the text of the C header; notes for Rust readers are plain comments.

#![allow(missing_docs, reason = "doc comments here are text for the C header")]
#![allow(non_camel_case_types, reason = "the names are those of the C API")]

mod about;
mod addr;
mod boundary;
mod dialer;
mod endpoint;
mod file;
mod handle;
mod interfaces;
mod io;
mod listen_fds;
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
