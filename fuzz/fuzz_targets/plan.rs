#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bisync_hostile::feed("plan", bytes));
