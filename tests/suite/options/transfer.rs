//! Options of the group "Copying".
