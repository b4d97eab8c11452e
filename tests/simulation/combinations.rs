//! TYPE, STRU and MODE: every combination moves a megabyte.
