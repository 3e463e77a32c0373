//! The connections to a server: as many as pay, and new ones for those that broke, after a pause.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bisync_engine::options::Options;
use bisync_engine::protocol::{Failure, FailureKind};

use super::changed::Changed;
use super::connection::Connection;
use super::failure::no_answer;
use super::pauses::Trouble;
use super::settings::Settings;
use crate::backend::Transport;
use crate::backend::reach::Reach;
use crate::limits::Requests;

/// So many things may go on over a connection before another one is made.
const BUSY: usize = 3;

/// A server.
pub struct Server {
    /// How it is used.
    pub settings: Settings,
    /// Where names were changed.
    pub changed: Arc<Changed>,
    connections: Mutex<Vec<Arc<Connection>>>,
    /// Held by whoever makes a connection.
    connecting: tokio::sync::Mutex<Trouble>,
    /// Whether a connection broke of which nobody has taken note yet.
    has_broken: AtomicBool,
    reach: Reach,
    /// So many times in all a connection is tried to be made.
    tries: u32,
    /// So many connections it takes.
    most: AtomicUsize,
    patience: Option<Duration>,
    connects_within: Option<Duration>,
    requests: Arc<Requests>,
}

impl Server {
    /// Nothing is asked yet.
    pub fn new(settings: Settings, options: &Options, transport: &Transport) -> Self {
        let duration = |name| options.duration_ns(name).filter(|duration| *duration > 0).map(Duration::from_nanos);
        Self {
            most: AtomicUsize::new(settings.connections),
            settings,
            changed: Arc::default(),
            connections: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            has_broken: AtomicBool::new(false),
            reach: Reach::new(transport.stopping.clone()),
            tries: u32::try_from(options.number("low-level-retries").unwrap_or(1).max(1)).unwrap_or(u32::MAX),
            patience: duration("timeout"),
            connects_within: duration("contimeout"),
            requests: Arc::clone(&transport.requests),
        }
    }

    /// Returns a connection for something that is to be done. Until it is dropped, it counts as busy with it.
    ///
    /// # Errors
    /// Fails when there is none and none can be made, and at once when that was tried in vain.
    pub async fn connection(&self) -> Result<Arc<Connection>, Failure> {
        self.reach.begin()?;
        let wait = self.requests.wait(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let (idlest, is_enough) = self.idlest();
        let mut trouble = match idlest {
            Some(connection) if is_enough => return Ok(connection),
            // Nobody waits for a further connection.
            Some(connection) => match self.connecting.try_lock() {
                Ok(guard) => guard,
                Err(_) => return Ok(connection),
            },
            None => self.connecting.lock().await,
        };
        // Somebody else may have made one meanwhile.
        let (idlest, is_enough) = self.idlest();
        let Some(connection) = idlest else { return self.first(&mut trouble).await };
        if is_enough {
            return Ok(connection);
        }
        match self.connect().await {
            Ok(made) => Ok(self.keep(made)),
            Err(_) => {
                // It wants no more.
                self.most.store(self.all().len().max(1), Ordering::Relaxed);
                Ok(connection)
            }
        }
    }

    /// Makes a connection where there is none, more than once where that may help.
    async fn first(&self, trouble: &mut Trouble) -> Result<Arc<Connection>, Failure> {
        let before = self.reach.begin()?;
        if self.has_broken.swap(false, Ordering::Relaxed) {
            trouble.note(Instant::now());
        }
        let mut tries = 0;
        loop {
            let goes_on = self.reach.pause(trouble.pause(Instant::now(), fastrand::f64())).await;
            let failure = match self.connect().await {
                Ok(made) => return Ok(self.keep(made)),
                Err(failure) => failure,
            };
            tries += 1;
            trouble.note(Instant::now());
            if !goes_on || tries >= self.tries || failure.kind != FailureKind::Temporary {
                self.reach.give_up(before, &failure);
                return Err(failure);
            }
        }
    }

    fn keep(&self, made: Connection) -> Arc<Connection> {
        self.reach.hear();
        let made = Arc::new(made);
        self.all().push(Arc::clone(&made));
        made
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let connecting = Connection::open(&self.settings, self.patience, &self.changed);
        match self.connects_within {
            None => connecting.await,
            Some(limit) => tokio::time::timeout(limit, connecting).await.map_err(|_| no_answer())?,
        }
    }

    /// Returns the connection with the least to do, and whether that will do.
    fn idlest(&self) -> (Option<Arc<Connection>>, bool) {
        let mut connections = self.all();
        let before = connections.len();
        connections.retain(|connection| !connection.is_broken());
        if connections.len() < before {
            self.has_broken.store(true, Ordering::Relaxed);
        }
        let most = self.most.load(Ordering::Relaxed);
        // One of those who hold it is this list.
        let idlest = connections.iter().min_by_key(|connection| Arc::strong_count(connection));
        let is_enough = idlest.is_some_and(|idlest| Arc::strong_count(idlest) <= BUSY) || connections.len() >= most;
        (idlest.cloned(), is_enough)
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Connection>>> {
        // Nothing is done with the lock held that could leave a list that is half written.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
