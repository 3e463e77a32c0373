//! Rows come in: whether there is a base, what is met on the way, and how far to read ahead.

use crate::event::Level;
use crate::merge::Row;
use crate::options::Links;
use crate::plan::{Choice, Planned};
use crate::pull::Pull;
use crate::side::Side;
use crate::walk::{Now, Oddity};

use super::blob::ListingStream;
use super::deciding::Decided;
use super::surroundings::Surroundings;
use super::{Session, Stage};

impl Session {
    pub(super) fn read(&mut self) -> bool {
        if !self.know_in_place() {
            self.reading.ask(&mut self.outbox);
            return false;
        }
        // What cannot be read ends the run, and stays in the journal.
        if !matches!(self.stage, Stage::Reading) {
            return true;
        }
        if !self.know_base() {
            self.reading.ask(&mut self.outbox);
            return false;
        }
        if !matches!(self.stage, Stage::Reading) {
            return true;
        }
        if self.is_stopping {
            return self.end();
        }
        loop {
            self.reading.ask(&mut self.outbox);
            self.say_oddities();
            self.take_decided();
            if let Some(saving) = &mut self.saving {
                saving.ask(&mut self.outbox);
                if saving.is_full() {
                    return false;
                }
            }
            if self.deciding.is_streaming {
                self.pursue();
                let ahead = self.acting.len() + self.deciding.inquiries.len();
                // What lies below a directory has to wait until the file in its place has stepped aside.
                if ahead >= self.settings.copying.max_backlog
                    || self.ledger.is_full()
                    || self.deciding.inquiries.has_file_in_the_way()
                {
                    return false;
                }
            }
            match self.reading.pull() {
                Ok(Pull::Item(row)) => {
                    let around =
                        Surroundings { settings: &self.settings, filter: &self.filter, reading: &self.reading };
                    self.explaining.see(&row, &self.deciding, &around, &mut self.outbox);
                    self.deciding.take(row, &around);
                }
                Ok(Pull::Wait) => {
                    // What the last pull used up makes room for more.
                    self.reading.ask(&mut self.outbox);
                    return false;
                }
                Ok(Pull::End) => return self.leave_reading(),
                Err(damaged) => return self.damaged(damaged.side, &damaged.error.to_string()),
            }
        }
    }

    /// Finds out whether there is a base. Returns false while that is not known.
    fn know_base(&mut self) -> bool {
        if self.knows_base {
            return true;
        }
        if !self.know_metadata_base() {
            return false;
        }
        let Some(exist) = self.reading.priors_exist() else { return false };
        if std::mem::take(&mut self.reads_uncommitted) {
            // The commit that was broken off may have given some of the new listings their names already.
            for side in Side::BOTH.into_iter().filter(|side| !exist[*side]) {
                self.base[side].clone_from(&self.names.listing[side]);
                self.reading.replace_prior(side, ListingStream::new(self.base[side].clone()));
            }
            return self.know_base();
        }
        let is_lost = self.settings.resync.is_none() && !(exist.one && exist.two);
        if is_lost && self.settings.recover && self.base != self.names.old {
            self.base = self.names.old.clone();
            for side in Side::BOTH {
                self.reading.replace_prior(side, ListingStream::new(self.base[side].clone()));
            }
            return false;
        }
        self.knows_base = true;
        self.deciding.has_base = exist.one && exist.two;
        self.begin_saving();
        match (exist.one, exist.two) {
            (true, true) => {
                if self.base == self.names.old {
                    let text = "the listings of the last run are lost; those of the run before are used (--recover)";
                    self.outbox.say(Level::Notice, "recovered", None, text);
                }
            }
            (one, two) => {
                if self.settings.resync.is_none() {
                    if self.settings.lockout {
                        let text = "there is no listing of the last run; run once with --resync (because of --lockout)";
                        self.abort("no-listing", text.to_owned(), true);
                        return true;
                    }
                    if one != two {
                        let text =
                            "only one listing of the last run is left: nothing is deleted or overwritten in this run";
                        self.outbox.say(Level::Notice, "half-a-base", None, text);
                    } else {
                        let text = "first run: nothing is deleted or overwritten";
                        self.outbox.say(Level::Info, "first-run", None, text);
                    }
                    for side in Side::BOTH {
                        self.reading.replace_prior(side, ListingStream::empty());
                    }
                }
                let copying = &self.settings.copying;
                // A link may be in the way of a file of the other side that comes long before it.
                let has_links = self.settings.links == Links::Translate;
                let is_checked = copying.check_first || self.settings.access_check.is_some();
                // What is written in place is named before the first of it is written.
                let waits = is_checked || copying.order.is_some() || copying.in_place || has_links;
                self.deciding.is_streaming = !waits;
                if self.deciding.is_streaming && !self.settings.dry_run {
                    self.ledger.write_in_order(self.names.part.clone(), self.now);
                    self.announce();
                }
            }
        }
        true
    }

    fn say_oddities(&mut self) {
        for side in Side::BOTH {
            for oddity in self.reading.take_oddities(side) {
                match oddity {
                    Oddity::Link(_) if self.settings.skips_links => {}
                    Oddity::Link(path) => {
                        let why = match self.settings.links {
                            // An SFTP server follows those that lead somewhere.
                            Links::Skip | Links::Translate => "the symbolic link is not followed",
                            Links::Follow => "the symbolic link leads nowhere or in a circle",
                        };
                        let text = format!("skipped on {side}: {why}");
                        self.outbox.say(Level::Notice, "link-skipped", Some(&path), text);
                    }
                    Oddity::Special(path) => {
                        let text = format!("skipped on {side}: it is neither a file nor a directory");
                        self.outbox.say(Level::Notice, "special-skipped", Some(&path), text);
                    }
                    Oddity::OtherFileSystem(path) => {
                        let text = format!("skipped on {side}: it is on another file system");
                        self.outbox.say(Level::Notice, "other-file-system-skipped", Some(&path), text);
                    }
                    Oddity::Twice(path) => {
                        let text = format!("skipped on {side}: it is listed twice, so that nobody knows what is there");
                        self.outbox.say(Level::Notice, "listed-twice-skipped", Some(&path), text);
                    }
                    Oddity::Occupied(directory) => {
                        if let Some(emptying) = &mut self.deciding.emptying {
                            emptying.occupy(side, directory);
                        }
                    }
                    Oddity::Leftover(entry, run) => {
                        if self.journal.names(run) {
                            let mut row = Row::at(entry.path);
                            row.now[side] = Now::Present(entry.found);
                            let planned = Planned::new(row, Choice::Leftover(side));
                            self.deciding.decided.push(Decided::Planned(planned));
                        }
                    }
                }
            }
        }
    }

    fn leave_reading(&mut self) -> bool {
        let around = Surroundings { settings: &self.settings, filter: &self.filter, reading: &self.reading };
        self.deciding.finish(&around);
        self.explaining.finish(&around, &mut self.outbox);
        self.stage = Stage::Deciding;
        true
    }
}
