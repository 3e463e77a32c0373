//! Options of the group "Running".

use bisync_tests::scenario::after;

#[test]
fn error_on_no_transfer() {
    let check = |script, options, expected| {
        let (_, run) = after("1 write a A\n 1 write b B", script, options);
        assert_eq!(run.outcome.exit_code, expected, "{script} {options}");
    };
    check("", "", 0);
    check("", "--error-on-no-transfer", 9);
    check("1 delete a", "--error-on-no-transfer", 9);
    check("1 write a A2", "--error-on-no-transfer", 0);
}
