//! Links under `--links`: the engine calls a link `x.rclonelink`, but on disk it has the name `x`, where a file or directory may be too.

use crate::decide::Decision;
use crate::link_name::{SUFFIX, on_disk};
use crate::path::RelPath;
use crate::path_map::PathMap;
use crate::plan::Phase;
use crate::side::{Pair, Side};

use super::judged::{Judged, goes};

/// Puts what makes room first, where a link takes the place of a file or of a directory, or the reverse.
///
/// Where both sides have something new, the link steps aside, as a file does for a directory. Rows are sorted by path, so what
/// lies below a path follows it.
pub fn clear_the_way(judged: &mut [Judged]) {
    let mut making_room: Pair<PathMap<usize>> = Pair::default();
    for (index, item) in judged.iter().enumerate() {
        let side = match item.file {
            Decision::Remove { on } => on,
            Decision::Carry { from, .. } if on_disk(item.row.path_on(from)).is_some() => from,
            Decision::Carry { .. } | Decision::InStep | Decision::Forget | Decision::Compare => continue,
        };
        making_room[side].insert(item.row.path_on(side).clone(), index);
    }
    for index in 0..judged.len() {
        let Some(item) = judged.get(index) else { return };
        let ((Decision::Carry { from, .. }, _) | (_, Decision::Carry { from, .. })) = (item.file, item.directory)
        else {
            continue;
        };
        let to = from.other();
        let (path, is_new_there) = (item.row.path_on(to).clone(), item.row.present(to).is_none());
        let links =
            std::iter::successors(Some(path.clone()), RelPath::parent).map(|path| format!("{}{SUFFIX}", path.as_str()));
        let links = links.filter_map(|link| RelPath::parse(&link).ok());
        for path in links.chain(on_disk(&path)) {
            if let Some(item) = making_room[to].get(&path).and_then(|index| judged.get_mut(*index)) {
                item.phase = Some(Phase::Clear);
            }
        }
        if let Some(directory) = on_disk(&path).filter(|_| is_new_there)
            && empty(judged, &directory, to)
            && let Some(item) = judged.get_mut(index)
        {
            item.phase = Some(Phase::Fill);
        }
    }
}

/// Has everything in the directory of a side removed first, if all of it is to be removed and there is something.
fn empty(judged: &mut [Judged], directory: &RelPath, side: Side) -> bool {
    let begin = judged.partition_point(|item| item.row.path < *directory);
    let following = judged.get_mut(begin..).unwrap_or_default();
    let near = following.iter().take_while(|item| item.row.path.as_str().starts_with(directory.as_str())).count();
    let is_inside = |item: &&mut Judged| item.row.path == *directory || item.row.path.is_below(directory);
    let mut inside: Vec<_> = following.iter_mut().take(near).filter(is_inside).collect();
    let all_go = inside.iter().all(|item| goes(item.file, side) && goes(item.directory, side));
    let is_directory = inside.iter().any(|item| {
        item.row.path.is_below(directory) || matches!(item.directory, Decision::Remove { on } if on == side)
    });
    if !(all_go && is_directory) {
        return false;
    }
    inside.iter_mut().for_each(|item| item.phase = Some(Phase::Clear));
    true
}
