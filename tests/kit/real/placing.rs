//! Where the sides of a pair are: in directories of this machine, or on servers.

use std::path::Path;
use std::sync::Arc;

use bisync_engine::side::{Pair, Side};

use super::servers::{Protocol, Server};

/// Where a side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a directory of this machine.
    Here,
    /// On a server.
    On(Protocol),
}

/// Where both sides are. Sides on servers of the same protocol are on the same server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placing {
    /// Where each side is.
    pub places: Pair<Place>,
}

/// The servers of a placing, for as long as this lives.
#[derive(Debug)]
pub struct Servers(Pair<Option<Served>>);

/// A server, and what the remote is called that reaches it.
#[derive(Debug, Clone)]
struct Served {
    server: Arc<Server>,
    remote: &'static str,
}

impl Placing {
    /// Makes a placing of two places.
    pub const fn new(one: Place, two: Place) -> Self {
        Self { places: Pair { one, two } }
    }

    /// Says whether a side is on a server that speaks one of these protocols.
    pub fn is_on(&self, protocols: &[Protocol]) -> bool {
        let is_one = |side: &Side| matches!(self.places[*side], Place::On(protocol) if protocols.contains(&protocol));
        Side::BOTH.iter().any(is_one)
    }

    /// Says whether a side is on a server that keeps no directories without files.
    pub fn is_keyed(&self) -> bool {
        self.is_on(&[Protocol::S3, Protocol::Moto])
    }

    /// Serves a directory, whose directories are what S3 calls buckets; `None` where a server is not installed.
    ///
    /// What a server of rclone's has seen it remembers: what is done behind its back needs a new one.
    ///
    /// # Panics
    /// When a server cannot be started.
    pub fn serve(&self, rclone: &Path, directory: &Path) -> Option<Servers> {
        // With no time at all for what it remembers, it is busy with nothing else on slow machines.
        let remembers = ["--dir-cache-time=1h".to_owned()];
        let start = |place: Place, remote| match place {
            Place::Here => Some(None),
            Place::On(protocol) => {
                let server = Server::try_start_with(rclone, protocol, directory, &remembers)?;
                Some(Some(Served { server: Arc::new(server), remote }))
            }
        };
        let one = start(self.places.one, "first")?;
        let two = if self.places.two == self.places.one { one.clone() } else { start(self.places.two, "second")? };
        Some(Servers(Pair { one, two }))
    }
}

impl Servers {
    /// Returns rclone's configuration of the remotes that reach them.
    pub fn configuration(&self) -> String {
        let mut sections: Vec<_> = self.served().map(|served| served.server.section(served.remote)).collect();
        sections.dedup();
        sections.concat()
    }

    fn served(&self) -> impl Iterator<Item = &Served> {
        [&self.0.one, &self.0.two].into_iter().flatten()
    }

    /// Returns how a folder is written for a side: `served` is its path below the directory that is served, `here` where it is on this
    /// machine.
    pub fn written(&self, side: Side, served: &str, here: &str) -> String {
        match &self.0[side] {
            Some(Served { remote, .. }) => format!("{remote}:{served}"),
            None => here.to_owned(),
        }
    }

    /// Makes what is served for a side, below a path of a directory, what is on the disk there.
    ///
    /// # Panics
    /// When it cannot be done.
    pub fn bring_out(&self, side: Side, path: &str) {
        self.0[side].iter().for_each(|served| served.server.bring_out(path));
    }

    /// Returns the server of a side, if it is on one.
    pub fn server(&self, side: Side) -> Option<&Server> {
        self.0[side].as_ref().map(|served| &*served.server)
    }
}
