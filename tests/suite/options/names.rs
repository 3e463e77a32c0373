//! Options of the group "Directories and names".
