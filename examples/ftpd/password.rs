//! Hashes of passwords.

use std::io::{self, BufRead, IsTerminal};

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;

/// Reads a password from the standard input, and prints its hash for the configuration.
pub fn hash() -> Result<(), String> {
    let password = read()?;
    if password.is_empty() {
        return Err("the password is empty".to_owned());
    }
    let mut salt = [0; 16];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut salt).map_err(|_| "no random numbers".to_owned())?;
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    println!("{}", hash.map_err(|error| error.to_string())?);
    Ok(())
}

/// Reads one line. A terminal does not show what is typed, and asks twice.
fn read() -> Result<String, String> {
    if !io::stdin().is_terminal() {
        return line();
    }
    let once = hidden("Password: ")?;
    match hidden("Again: ")? == once {
        true => Ok(once),
        false => Err("the two are different".to_owned()),
    }
}

fn line() -> Result<String, String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(unix)]
fn hidden(prompt: &str) -> Result<String, String> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let shown = tcgetattr(io::stdin()).map_err(|error| error.to_string())?;
    let mut silent = shown.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    eprint!("{prompt}");
    tcsetattr(io::stdin(), OptionalActions::Flush, &silent).map_err(|error| error.to_string())?;
    let line = line();
    let restored = tcsetattr(io::stdin(), OptionalActions::Now, &shown);
    eprintln!();
    restored.map_err(|error| error.to_string())?;
    line
}

/// This system's terminal shows what is typed.
#[cfg(not(unix))]
fn hidden(prompt: &str) -> Result<String, String> {
    eprint!("{prompt}");
    line()
}
