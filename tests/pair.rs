//! t
mod support;
#[test]
fn x() {}
