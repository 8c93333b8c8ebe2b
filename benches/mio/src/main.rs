//! The echo server over mio: a read that is short tells that there is no more, which saves one. See benches/echo/epoll.c.

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use socket2::SockRef;
use std::io::{self, ErrorKind, Read, Write};

const ROOM: usize = 65536;
const EVENTS: usize = 64;
const LISTENER: Token = Token(usize::MAX);

struct Client {
    stream: TcpStream,
    /// What could not be sent at once. Meanwhile nothing is received.
    rest: Vec<u8>,
}

impl Client {
    /// Receives and sends until there is no more, or no room for more. False at its end.
    fn echo(&mut self, room: &mut [u8]) -> io::Result<bool> {
        while self.rest.is_empty() {
            let Some(len) = now(self.stream.read(room))? else { return Ok(true) };
            if len == 0 {
                return Ok(false);
            }
            let sent = now(self.stream.write(&room[..len]))?.unwrap_or(0);
            self.rest.extend_from_slice(&room[sent..len]);
            if len < room.len() && sent == len {
                break;
            }
            self.go_on()?;
        }
        Ok(true)
    }

    /// Sends of what is kept, until there is no more or no room for it.
    fn go_on(&mut self) -> io::Result<()> {
        while !self.rest.is_empty() {
            let Some(sent) = now(self.stream.write(&self.rest))? else { return Ok(()) };
            self.rest.drain(..sent);
        }
        self.rest = Vec::new();
        Ok(())
    }
}

/// None when it would have to wait.
fn now(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn let_in(listener: &TcpListener, poll: &Poll, clients: &mut Slab<Client>) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_keepalive(true)?;
        let place = clients.vacant_entry();
        poll.registry().register(&mut stream, Token(place.key()), Interest::READABLE | Interest::WRITABLE)?;
        place.insert(Client { stream, rest: Vec::new() });
    }
}

fn raise_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is ours.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
}

fn main() -> io::Result<()> {
    let endpoint = std::env::args().nth(1).expect("an endpoint");
    let address = endpoint.strip_prefix("tcp://").expect("an endpoint of TCP");
    raise_limit();
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(address.parse().expect("an address"))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("tcp://{}", listener.local_addr()?);

    let (mut events, mut clients, mut room) = (Events::with_capacity(EVENTS), Slab::new(), vec![0; ROOM]);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            let Token(key) = event.token();
            if event.token() == LISTENER {
                let_in(&listener, &poll, &mut clients)?;
                continue;
            }
            let client: &mut Client = &mut clients[key];
            let more = match client.rest.is_empty() {
                true if event.is_readable() => client.echo(&mut room),
                true => Ok(true),
                false => client.go_on().and_then(|()| client.echo(&mut room)),
            };
            if !more.unwrap_or(false) {
                clients.remove(key);
            }
        }
    }
}
