//! Tests as a table.

/// A module a rule, and in it a test for each peer of its row: the function of the rule is given what `made` makes of the peer.
macro_rules! table {
    ($made:expr; $($rule:ident: $($peer:ident)+;)+) => {
        $(mod $rule {
            #[allow(unused_imports)]
            use super::*;

            $(#[test]
            #[allow(non_snake_case)]
            fn $peer() {
                super::$rule(&($made)(super::$peer));
            })+
        })+
    };
}
