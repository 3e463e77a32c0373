//! Options of the group "State and recovery".
