//! The C ABI: a thin layer over `net`.
//!
//! Every exported function checks its arguments, makes one call and converts the result. The doc comments of exported
//! items become the text of the C header; notes for Rust readers are plain comments.

#![allow(missing_docs, reason = "doc comments here are text for the C header")]
#![allow(non_camel_case_types, reason = "the names are those of the C API")]

mod about;
mod addr;
mod batches;
mod boundary;
mod dialer;
mod endpoint;
mod handle;
mod interfaces;
mod listen_fds;
mod message;
mod message_types;
mod multicast;
mod options;
mod poller;
mod resolve;
mod send_file;
mod send_recv;
mod socket;
mod status;
mod sync;
mod tcp_info;
mod wait;
