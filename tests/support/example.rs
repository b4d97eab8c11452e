//! The programs of `examples`, built with the features of the test, so that the library is not built
//! again for them.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// The features that this test was built with, among these.
macro_rules! on {
    ($($feature:literal)*) => {{
        let features = [$(($feature, cfg!(feature = $feature))),*];
        features.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name).collect::<Vec<_>>().join(",")
    }};
}

/// Builds the program of examples/`name` and returns its path, unless `$NAME_EXAMPLE` has it.
#[track_caller]
pub fn example(name: &str) -> PathBuf {
    if let Some(path) = env::var_os(format!("{}_EXAMPLE", name.to_uppercase())) {
        return path.into();
    }
    let features = on![
        "alloc" "arbitrary" "testing" "std" "tokio" "smol" "disk" "serde" "rustls" "ring" "aws-lc-rs" "platform-verifier"
        "hash" "password-hash" "tracing" "proxy-protocol" "embedded" "deflate"
    ];
    // This program is TARGET/PROFILE/deps/NAME, whatever the target directory is called.
    let profile = env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--locked", "--example", name, "--features", &features]);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    // The build script of ring watches these, and would run again for each change.
    for (variable, _) in env::vars_os() {
        let is_of_package =
            |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|of| name.starts_with(of));
        if variable.to_str().is_some_and(is_of_package) {
            cargo.env_remove(variable);
        }
    }
    let built = cargo
        .arg("--target-dir")
        .arg(profile.parent().unwrap())
        .arg("--manifest-path")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    profile.join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}
