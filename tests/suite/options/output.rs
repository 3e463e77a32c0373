//! Options of the group "Output".
