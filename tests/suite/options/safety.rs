//! Options of the group "Safety".
