//! Options of the group "Telling versions apart".
