//! The echo server with mio. A short read means that no more data is queued, which saves a read.
//! See benches/echo/epoll.c.

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use socket2::SockRef;
use std::io::{self, ErrorKind, Read, Write};

const BUFFER_SIZE: usize = 65536;
const MAX_EVENTS: usize = 64;
const LISTENER: Token = Token(usize::MAX);

struct Client {
    stream: TcpStream,
    /// Bytes that the socket did not accept yet. While it is not empty, nothing is received.
    unsent: Vec<u8>,
}

impl Client {
    /// Receives and sends until either would block. Returns false at the end of the stream.
    fn echo(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        while self.unsent.is_empty() {
            let Some(len) = unless_would_block(self.stream.read(buffer))? else { return Ok(true) };
            if len == 0 {
                return Ok(false);
            }
            let sent = unless_would_block(self.stream.write(&buffer[..len]))?.unwrap_or(0);
            self.unsent.extend_from_slice(&buffer[sent..len]);
            if len < buffer.len() && sent == len {
                break;
            }
            self.send_unsent()?;
        }
        Ok(true)
    }

    /// Sends stored bytes until none are left or the write would block.
    fn send_unsent(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            let Some(sent) = unless_would_block(self.stream.write(&self.unsent))? else { return Ok(()) };
            self.unsent.drain(..sent);
        }
        self.unsent = Vec::new();
        Ok(())
    }
}

/// Turns a `WouldBlock` error into `None`.
fn unless_would_block(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn accept_clients(listener: &TcpListener, poll: &Poll, clients: &mut Slab<Client>) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_keepalive(true)?;
        let entry = clients.vacant_entry();
        poll.registry().register(&mut stream, Token(entry.key()), Interest::READABLE | Interest::WRITABLE)?;
        entry.insert(Client { stream, unsent: Vec::new() });
    }
}

fn raise_descriptor_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid rlimit for both calls.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
}

fn main() -> io::Result<()> {
    let endpoint = std::env::args().nth(1).expect("an endpoint");
    let address = endpoint.strip_prefix("tcp://").expect("a TCP endpoint");
    raise_descriptor_limit();
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(address.parse().expect("an address"))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("tcp://{}", listener.local_addr()?);

    let (mut events, mut clients, mut buffer) = (Events::with_capacity(MAX_EVENTS), Slab::new(), vec![0; BUFFER_SIZE]);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            let Token(key) = event.token();
            if event.token() == LISTENER {
                accept_clients(&listener, &poll, &mut clients)?;
                continue;
            }
            let client: &mut Client = &mut clients[key];
            let is_open = match client.unsent.is_empty() {
                true if event.is_readable() => client.echo(&mut buffer),
                true => Ok(true),
                false => client.send_unsent().and_then(|()| client.echo(&mut buffer)),
            };
            if !is_open.unwrap_or(false) {
                clients.remove(key);
            }
        }
    }
}
