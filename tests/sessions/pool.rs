//! Sessions of a pool are shared, replaced, and never more than anybody allows.

use crate::server::{Habits, Refuses, Server};
use ftp_proto::codec::TransferMode;
use ftp_proto::io::{Pool, Pooled, std as blocking, tokio as asynchronous};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

fn pool(server: &Server, password: &'static str) -> Pool<blocking::Client> {
    let address = server.address;
    Pool::blocking(move || {
        let mut client = blocking::Client::connect(address)?;
        client.login("me", password)?;
        Ok(client)
    })
}

fn connections(server: &Server) -> usize {
    server.see(|seen| seen.connections)
}

/// Runs `wait` in a thread, which says when it has a session and keeps it until told otherwise.
fn in_thread(pool: &Pool<blocking::Client>) -> (mpsc::Receiver<bool>, mpsc::Sender<()>) {
    let (pool, (said, hears), (release, released)) = (pool.clone(), mpsc::channel(), mpsc::channel());
    thread::spawn(move || {
        let client = pool.wait();
        let _ = said.send(client.is_ok());
        let _ = released.recv_timeout(Duration::from_secs(20));
    });
    (hears, release)
}

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(150);

#[test]
fn a_session_that_was_left_as_it_was_is_used_again() {
    let server = Server::start(Habits::default());
    let pool = pool(&server, "secret");
    for _ in 0..5 {
        pool.wait().unwrap().noop().unwrap();
    }
    assert_eq!(connections(&server), 1);
}

#[test]
fn a_session_that_was_altered_or_has_ended_is_not_used_again() {
    type Use = fn(Pooled<blocking::Client>);
    let uses: [(&str, bool, Use); 7] = [
        ("a request", true, |mut client| drop(client.size("f"))),
        ("nothing", true, drop),
        ("another directory", false, |mut client| client.change_directory("/pub").unwrap()),
        ("another mode", false, |mut client| client.set_mode(TransferMode::Block).unwrap()),
        ("a raw command", false, |mut client| drop(client.raw("XYZZY", |_| {}))),
        ("another login", false, |mut client| client.login("you", "secret").unwrap()),
        ("taken out", false, |client| client.into_inner().quit().unwrap_or_default()),
    ];
    for (name, is_kept, using) in uses {
        let server = Server::start(Habits::default());
        let pool = pool(&server, "secret");
        using(pool.wait().unwrap());
        pool.wait().unwrap().noop().unwrap();
        assert_eq!(connections(&server) == 1, is_kept, "{name}");
    }
}

#[test]
fn an_idle_session_is_closed_after_its_time() {
    let server = Server::start(Habits::default());
    let pool = pool(&server, "secret").idle_timeout(Duration::ZERO);
    pool.wait().unwrap().noop().unwrap();
    pool.wait().unwrap().noop().unwrap();
    assert_eq!(connections(&server), 2);
    pool.close_idle();
    let debug = format!("{pool:?}");
    assert!(debug.contains("idle: 0") && debug.contains("used: 0"), "{debug}");
}

#[test]
fn those_who_wait_get_a_session_in_their_order() {
    let server = Server::start(Habits::default());
    let pool = pool(&server, "secret").limit(1);
    let held = pool.wait().unwrap();
    let first = in_thread(&pool);
    assert_eq!(first.0.recv_timeout(SHORT), Err(mpsc::RecvTimeoutError::Timeout));
    let second = in_thread(&pool);
    assert_eq!(second.0.recv_timeout(SHORT), Err(mpsc::RecvTimeoutError::Timeout));
    drop(held);
    assert_eq!(first.0.recv_timeout(LONG), Ok(true));
    assert_eq!(second.0.recv_timeout(SHORT), Err(mpsc::RecvTimeoutError::Timeout));
    first.1.send(()).unwrap();
    assert_eq!(second.0.recv_timeout(LONG), Ok(true));
    assert_eq!(connections(&server), 1);
}

#[test]
fn a_server_that_takes_no_more_sessions_is_believed_and_one_that_takes_none_is_an_error() {
    for refuses in [
        Refuses::AtGreeting("421 Too many connections (2) from this IP"),
        Refuses::AtLogin("421 Sorry, too many users"),
        Refuses::AtLogin("530 Sorry, the maximum number of clients (2) for this user are already connected."),
        Refuses::AtLogin("530 Login incorrect."),
    ] {
        let server = Server::start(Habits { limit: Some((2, refuses)), ..Habits::default() });
        let pool = pool(&server, "secret");
        let (one, two) = (pool.wait().unwrap(), pool.wait().unwrap());
        let third = in_thread(&pool);
        assert_eq!(third.0.recv_timeout(SHORT), Err(mpsc::RecvTimeoutError::Timeout), "{refuses:?}");
        assert_eq!(connections(&server), 3, "{refuses:?}");
        let fourth = in_thread(&pool);
        assert_eq!(fourth.0.recv_timeout(SHORT), Err(mpsc::RecvTimeoutError::Timeout), "{refuses:?}");
        drop(one);
        assert_eq!(third.0.recv_timeout(LONG), Ok(true), "{refuses:?}");
        drop(two);
        assert_eq!(fourth.0.recv_timeout(LONG), Ok(true), "{refuses:?}");
        assert_eq!(connections(&server), 3, "nobody asked again: {refuses:?}");

        let server = Server::start(Habits { limit: Some((0, refuses)), ..Habits::default() });
        let error = self::pool(&server, "secret").wait().unwrap_err();
        assert!(error.refused().is_some_and(|refused| refused.is_of_session()), "{error}");
    }
}

#[test]
fn a_wrong_password_is_tried_once_a_call() {
    let server = Server::start(Habits::default());
    let pool = pool(&server, "wrong");
    for attempts in 1..=3 {
        let error = pool.wait().unwrap_err();
        assert_eq!(error.to_string(), "PASS refused: 530 Login incorrect.");
        assert_eq!(connections(&server), attempts);
    }
}

#[test]
fn tasks_share_what_there_is_and_a_task_that_stops_waiting_takes_nothing_with_it() {
    let server = Server::start(Habits::default());
    let address = server.address;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let pool = Pool::new(move || async move {
        let mut client = asynchronous::Client::connect(address).await?;
        client.login("me", "secret").await?;
        Ok(client)
    })
    .limit(3);
    let used = Arc::new(AtomicUsize::new(0));
    let all = runtime.block_on(async {
        let tasks: Vec<_> = (0..60)
            .map(|n| {
                let (pool, used) = (pool.clone(), Arc::clone(&used));
                tokio::spawn(async move {
                    if n % 3 == 0 {
                        // Stops waiting, or does nothing with what it got.
                        let _ = tokio::time::timeout(Duration::from_millis(n / 10), pool.get()).await;
                        return 0;
                    }
                    let mut client = pool.get().await.unwrap();
                    assert!(used.fetch_add(1, Ordering::SeqCst) < 3, "more than the limit");
                    client.noop().await.unwrap();
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    used.fetch_sub(1, Ordering::SeqCst);
                    1
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += tokio::time::timeout(LONG, task).await.expect("no task waits forever").unwrap();
        }
        done
    });
    assert_eq!(all, 40);
    let debug = format!("{pool:?}");
    assert!(
        debug.contains("used: 0") && debug.contains("opening: 0") && debug.contains("waiting: 0"),
        "{debug}"
    );
}
