//! A way to a server on which connections break.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use bisync_world::random::Random;

/// Passes connections on to a server of this machine, until the test ends.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    cuts: Arc<Mutex<Cuts>>,
}

/// When connections break.
#[derive(Debug)]
struct Cuts {
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
    pub fn to(server: u16, mut random: Random) -> Self {
        let mut cuts = Cuts { more: 2 + random.below(12), random, is_paused: false, left: 0 };
        cuts.draw();
        let cuts = Arc::new(Mutex::new(cuts));
        let shared = Arc::clone(&cuts);
        let port = lead_to(server, move |bytes| shared.lock().unwrap().cut(bytes.len()));
        Self { port, cuts }
    }

    /// Leads to a port of this machine. What `is_fatal` does not pass, and its connection breaks, until all is mended.
    ///
    /// # Panics
    /// When this machine has no port left.
    pub fn without(server: u16, is_fatal: fn(&[u8]) -> bool) -> Self {
        let cuts = Arc::new(Mutex::new(Cuts { more: 1, random: Random::new(0), is_paused: false, left: 0 }));
        let shared = Arc::clone(&cuts);
        let port = lead_to(server, move |bytes| (is_fatal(bytes) && shared.lock().unwrap().is_on()).then_some(0));
        Self { port, cuts }
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

    /// From now on nothing breaks.
    ///
    /// # Panics
    /// When one of the proxy's own threads did.
    pub fn mend(&self) {
        self.cuts.lock().unwrap().more = 0;
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
    fn cut(&mut self, count: usize) -> Option<usize> {
        if !self.is_on() {
            return None;
        }
        if self.left < count {
            let passing = self.left;
            self.draw();
            return Some(passing);
        }
        self.left -= count;
        None
    }
}

/// Leads to a port of this machine, and returns the port that does so until the test ends. `cut` sees all that comes, from both
/// ends, before it goes on, and says after how many bytes of it the connection breaks, if it is to break.
pub(super) fn lead_to(server: u16, cut: impl Fn(&[u8]) -> Option<usize> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let cut = Arc::new(cut);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // Where nobody listens any more, the connection ends at once.
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else { continue };
            for (from, to) in [(&stream, &server), (&server, &stream)] {
                let (from, to, cut) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(&cut));
                std::thread::spawn(move || {
                    pass_on(&from, &to, &*cut);
                    [from, to].iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
                });
            }
        }
    });
    port
}

/// Passes on what comes, until either end closes or the connection is to break.
fn pass_on(mut from: &TcpStream, mut to: &TcpStream, cut: &impl Fn(&[u8]) -> Option<usize>) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer) else { return };
        let cut = cut(&buffer[..count]);
        if to.write_all(&buffer[..cut.unwrap_or(count)]).is_err() || cut.is_some() {
            return;
        }
    }
}
