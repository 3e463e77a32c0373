//! A way to a server on which connections break, or go silent.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bisync_world::random::Random;

/// Passes connections on to a server of this machine, until the test ends.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    cuts: Arc<Mutex<Cuts>>,
    connections: Connections,
}

/// Both ends of all connections that there were. While they are here, a silent one does not end.
type Connections = Arc<Mutex<Vec<[TcpStream; 2]>>>;

/// How a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// It ends.
    End,
    /// Nothing comes any more, in either direction, and nobody is told.
    Silence,
}

/// When connections break.
#[derive(Debug)]
struct Cuts {
    how: Break,
    random: Random,
    /// So many times still; after that nothing breaks.
    more: usize,
    /// Whether nothing breaks for now.
    is_paused: bool,
    /// So many bytes still pass, on all connections and in both directions together.
    left: usize,
}

impl Proxy {
    /// Leads to a port of this machine. A few times, as `random` says, the connection on which something passes breaks.
    ///
    /// # Panics
    /// When this machine has no port left.
    pub fn to(server: u16, how: Break, mut random: Random) -> Self {
        let more = match how {
            Break::End => 2 + random.below(12),
            // Each of them is waited for.
            Break::Silence => 1 + random.below(2),
        };
        // The first is drawn at once.
        let mut cuts = Cuts { how, more: more + 1, random, is_paused: false, left: 0 };
        cuts.draw();
        let cuts = Arc::new(Mutex::new(cuts));
        let shared = Arc::clone(&cuts);
        let (port, connections) = lead_to(server, move |bytes| shared.lock().unwrap().cut(bytes.len()));
        Self { port, cuts, connections }
    }

    /// Leads to a port of this machine. What `is_fatal` does not pass, and its connection breaks, until all is mended.
    ///
    /// # Panics
    /// When this machine has no port left.
    pub fn without(server: u16, is_fatal: fn(&[u8]) -> bool) -> Self {
        let cuts = Cuts { how: Break::End, more: 1, random: Random::new(0), is_paused: false, left: 0 };
        let cuts = Arc::new(Mutex::new(cuts));
        let shared = Arc::clone(&cuts);
        let is_cut = move |bytes: &[u8]| is_fatal(bytes) && shared.lock().unwrap().is_on();
        let (port, connections) = lead_to(server, move |bytes| is_cut(bytes).then_some((0, Break::End)));
        Self { port, cuts, connections }
    }

    /// Returns the port that leads to the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Nothing breaks until it [goes on](Self::go_on).
    ///
    /// # Panics
    /// When one of the proxy's own threads did.
    pub fn pause(&self) {
        self.cuts.lock().unwrap().is_paused = true;
    }

    /// From now on connections break as they were to.
    ///
    /// # Panics
    /// When one of the proxy's own threads did.
    pub fn go_on(&self) {
        self.cuts.lock().unwrap().is_paused = false;
    }

    /// From now on nothing breaks, and all that was silent ends.
    ///
    /// # Panics
    /// When one of the proxy's own threads did.
    pub fn mend(&self) {
        self.cuts.lock().unwrap().more = 0;
        for stream in self.connections.lock().unwrap().iter().flatten() {
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.mend();
        // A long search would keep open more files than a process may have.
        self.connections.lock().unwrap().clear();
    }
}

impl Cuts {
    fn is_on(&self) -> bool {
        self.more > 0 && !self.is_paused
    }

    fn draw(&mut self) {
        self.more -= 1;
        // Headers and small files pass whole between two cuts, or megabytes.
        let most = 1 << (9 + self.random.below(13));
        self.left = 1 + self.random.below(most);
    }

    /// Returns how many of these bytes still pass before the connection breaks, if it does.
    fn cut(&mut self, count: usize) -> Option<(usize, Break)> {
        if !self.is_on() {
            return None;
        }
        if self.left < count {
            let passing = self.left;
            self.draw();
            return Some((passing, self.how));
        }
        self.left -= count;
        None
    }
}

/// Leads to a port of this machine, and returns the port that does so until the test ends, and what goes through it. `cut` sees all that comes, from both
/// ends, before it goes on, and says after how many bytes of it the connection breaks, and how, if it is to break.
pub(super) fn lead_to(
    server: u16,
    cut: impl Fn(&[u8]) -> Option<(usize, Break)> + Send + Sync + 'static,
) -> (u16, Connections) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (cut, connections) = (Arc::new(cut), Connections::default());
    let kept = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Where nobody listens any more, the connection ends at once.
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else { continue };
            let is_silent = Arc::new(AtomicBool::new(false));
            for (from, to) in [(&stream, &server), (&server, &stream)] {
                let (from, to, cut) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(&cut));
                let is_silent = Arc::clone(&is_silent);
                std::thread::spawn(move || {
                    pass_on(&from, &to, &is_silent, &*cut);
                    if !is_silent.load(Ordering::SeqCst) {
                        [from, to].iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
                    }
                });
            }
            kept.lock().unwrap().push([stream, server]);
        }
    });
    (port, connections)
}

/// Passes on what comes, until either end closes or the connection breaks. On one that has become silent nothing goes on.
fn pass_on(
    mut from: &TcpStream,
    mut to: &TcpStream,
    is_silent: &AtomicBool,
    cut: &impl Fn(&[u8]) -> Option<(usize, Break)>,
) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer) else { return };
        if is_silent.load(Ordering::SeqCst) {
            continue;
        }
        let cut = cut(&buffer[..count]);
        let passing = cut.map_or(count, |(passing, _)| passing);
        if to.write_all(&buffer[..passing]).is_err() {
            return;
        }
        match cut {
            None => {}
            Some((_, Break::End)) => return,
            Some((_, Break::Silence)) => is_silent.store(true, Ordering::SeqCst),
        }
    }
}
