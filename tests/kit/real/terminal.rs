//! A terminal on which nobody sits: what a program draws on it can be read.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// A terminal of 80 columns.
#[derive(Debug)]
pub struct Terminal {
    reader: File,
    drawn: Vec<u8>,
}

impl Terminal {
    /// Makes a terminal, and the end that is for a program.
    ///
    /// # Panics
    /// When the system gives none.
    pub fn open() -> (Self, Stdio) {
        let reader = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&reader).unwrap();
        unlockpt(&reader).unwrap();
        let name = ptsname(&reader, Vec::new()).unwrap();
        let end = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        tcsetwinsize(&end, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        (Self { reader: reader.into(), drawn: Vec::new() }, end.into())
    }

    /// Types a line, as soon as what is typed is not drawn.
    ///
    /// # Panics
    /// When nobody listens.
    pub fn type_secret(&mut self, line: &str) {
        // A program asks first, and then sees to that.
        while tcgetattr(&self.reader).unwrap().local_modes.contains(LocalModes::ECHO) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.reader.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Reads until `is_enough` says so of all that was drawn, or until every program has gone; returns all that was drawn.
    pub fn read_until(&mut self, is_enough: impl Fn(&str) -> bool) -> String {
        let mut part = [0; 4096];
        loop {
            let drawn = String::from_utf8_lossy(&self.drawn).into_owned();
            if is_enough(&drawn) {
                return drawn;
            }
            // The last program that goes makes reading fail.
            match self.reader.read(&mut part) {
                Ok(0) | Err(_) => return drawn,
                Ok(count) => self.drawn.extend(part.iter().take(count)),
            }
        }
    }
}
