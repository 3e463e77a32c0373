//! Options of the group "Choosing files".
