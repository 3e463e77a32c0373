//! Options of the group "Conflicts".
