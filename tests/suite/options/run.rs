//! Options of the group "Running".
