//! Options of the group "Backups".
