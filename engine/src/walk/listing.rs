//! A directory of which pages come: its items become steps of the stream at once, so that a large one is held only once.

use super::packed::{Packed, Step};
use super::{Now, Oddity, Seen};
use crate::entry::{Entry, Found, Kind};
use crate::filter::Filter;
use crate::item::Item;
use crate::metadata::Metadata;
use crate::path::RelPath;
use crate::temporary;

/// What came of a directory so far.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The directory.
    pub path: RelPath,
    /// What the stream will pass, page by page, in the order in which it came.
    pub pages: Vec<Packed>,
    /// What is no directory, and nothing is read through.
    pub hidden: Vec<RelPath>,
    /// What was met that is no entry of the sync.
    pub oddities: Vec<Oddity>,
    /// Whether it holds a file that excludes it.
    pub is_marked: bool,
    /// Whether it holds something that takes no part.
    pub leaves_out: bool,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Listing {
    /// Nothing has come yet.
    pub fn new(path: RelPath) -> Self {
        Self { path, ..Self::default() }
    }

    /// Takes a page.
    pub fn take(&mut self, items: Vec<Item>, filter: &Filter, keeps_metadata: bool) {
        let mut page = Packed::default();
        page.reserve(items.len());
        for item in items {
            self.is_marked |= filter.marker_names().contains(&item.name);
            match self.path.join(&item.name) {
                Ok(path) => self.take_item(&mut page, path, item, filter, keeps_metadata),
                Err(error) => self.problem = Some(error.to_string()),
            }
        }
        page.shrink();
        self.pages.push(page);
    }

    fn take_item(&mut self, page: &mut Packed, path: RelPath, item: Item, filter: &Filter, keeps_metadata: bool) {
        let now = match item.found.kind {
            Kind::Directory => {
                if filter.descends(&path) {
                    page.push(Step::Enter(path.clone()));
                    Some(Now::Present(item.found))
                } else {
                    None
                }
            }
            Kind::File => self.file(&path, item.found, item.metadata.as_ref(), filter),
            Kind::Link | Kind::Special if !filter.includes_path(&path) => {
                self.hidden.push(path.clone());
                None
            }
            Kind::Link => self.no_entry(&path, Oddity::Link),
            Kind::OtherFileSystem if !filter.descends(&path) => None,
            Kind::OtherFileSystem => self.no_entry(&path, Oddity::OtherFileSystem),
            Kind::Special => self.no_entry(&path, Oddity::Special),
        };
        match now {
            Some(now) => {
                let metadata = item.metadata.filter(|_| keeps_metadata).map(Box::new);
                page.push(Step::Take(Seen { path, now, metadata }));
            }
            None => self.leaves_out |= temporary::run_of(&item.name).is_none(),
        }
    }

    fn file(&mut self, path: &RelPath, found: Found, metadata: Option<&Metadata>, filter: &Filter) -> Option<Now> {
        if let Some(run) = temporary::run_of(path.name()) {
            self.oddities.push(Oddity::Leftover(Entry { path: path.clone(), found }, run));
            return None;
        }
        if !filter.includes_path(path) {
            return None;
        }
        let takes_part = filter.includes_version(&found.fingerprint)
            && filter.includes_metadata(metadata.map(|metadata| &*metadata.pairs).unwrap_or_default());
        Some(if takes_part { Now::Present(found) } else { Now::Untracked })
    }

    fn no_entry(&mut self, path: &RelPath, oddity: fn(RelPath) -> Oddity) -> Option<Now> {
        self.hidden.push(path.clone());
        self.oddities.push(oddity(path.clone()));
        Some(Now::Untracked)
    }
}
