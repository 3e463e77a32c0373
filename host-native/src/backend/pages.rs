//! What a listing finds, handed on page by page while it goes on.

use bisync_engine::item::Item;
use bisync_engine::protocol::{Reply, RequestId};
use tokio::sync::mpsc;

/// A page has at most so many items.
const PAGE: usize = 1_000;

/// Takes what a listing finds. Where somebody waits for it a full page goes there at once, so that no directory is held here.
#[derive(Debug, Default)]
pub struct Pages {
    items: Vec<Item>,
    to: Option<(RequestId, mpsc::Sender<(RequestId, Reply)>)>,
    has_sent: bool,
}

impl Pages {
    /// Makes one that answers a request. One that is made by default keeps all it takes.
    pub fn of(request: RequestId, replies: mpsc::Sender<(RequestId, Reply)>) -> Self {
        Self { to: Some((request, replies)), ..Self::default() }
    }

    /// Takes an item. The thread may have to wait until somebody reads what came before.
    pub fn add(&mut self, item: Item) {
        if self.items.len() == PAGE && self.to.is_some() {
            let items = std::mem::replace(&mut self.items, Vec::with_capacity(PAGE));
            self.send(Reply::Page { items, last: false });
            self.has_sent = true;
        }
        self.items.push(item);
    }

    /// Forgets all there was: the directory is listed once more.
    pub fn begin_anew(&mut self) {
        self.items.clear();
        if std::mem::take(&mut self.has_sent) {
            self.send(Reply::Anew);
        }
    }

    /// Takes out what is left: the last page.
    pub fn take_last(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.items)
    }

    fn send(&self, reply: Reply) {
        if let Some((request, replies)) = &self.to {
            // Nobody hears it any more when the run broke off.
            let _ = pollster::block_on(replies.send((*request, reply)));
        }
    }
}

impl Extend<Item> for Pages {
    fn extend<T: IntoIterator<Item = Item>>(&mut self, items: T) {
        items.into_iter().for_each(|item| self.add(item));
    }
}

#[cfg(test)]
mod tests {
    use bisync_engine::entry::{Fingerprint, Found, Kind};

    use super::*;

    fn items(count: usize) -> Vec<Item> {
        let found = Found { kind: Kind::File, fingerprint: Fingerprint::default() };
        vec![Item { name: "a".into(), found, metadata: None }; count]
    }

    #[test]
    fn huge_directories_come_in_pages() {
        let check = |count: usize, expected: &[usize], last: usize| {
            let (sender, mut replies) = mpsc::channel(10);
            let mut pages = Pages::of(7, sender);
            pages.extend(items(count));
            assert_eq!(pages.take_last().len(), last, "{count}");
            let sent = std::iter::from_fn(|| replies.try_recv().ok());
            let expected = expected.iter().map(|count| (7, Reply::Page { items: items(*count), last: false }));
            assert!(sent.eq(expected), "{count}");
        };
        check(0, &[], 0);
        check(PAGE, &[], PAGE);
        check(2 * PAGE + 1, &[PAGE, PAGE], 1);
    }

    #[test]
    fn what_was_sent_counts_no_more_when_the_listing_begins_anew() {
        let (sender, mut replies) = mpsc::channel(10);
        let mut pages = Pages::of(7, sender);
        pages.extend(items(3));
        pages.begin_anew();
        pages.extend(items(PAGE + 1));
        pages.begin_anew();
        pages.extend(items(2));
        assert_eq!(pages.take_last().len(), 2);
        let sent: Vec<_> = std::iter::from_fn(|| replies.try_recv().ok()).collect();
        assert_eq!(sent, [(7, Reply::Page { items: items(PAGE), last: false }), (7, Reply::Anew)]);
    }

    #[test]
    fn what_nobody_waits_for_is_kept() {
        let mut pages = Pages::default();
        pages.extend(items(3 * PAGE));
        assert_eq!(pages.take_last().len(), 3 * PAGE);
    }
}
