//! What sockets are set to.

use super::*;

/// A stream that [`connect`] made and one that [`accept`] did, of one connection.
fn pair() -> (OwnedFd, OwnedFd) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = accept(listener.as_fd()).unwrap();
    connected(stream.as_fd()).unwrap();
    (stream, accepted)
}

#[test]
fn nothing_that_is_sent_waits_for_more() {
    let (stream, accepted) = pair();
    for socket in [stream, accepted] {
        assert!(sockopt::tcp_nodelay(&socket).unwrap());
    }
}

#[test]
fn keepalive_is_on_by_default_and_can_be_off() {
    assert_eq!(Keepalive::default(), Keepalive(Some(Duration::from_secs(60))));
    let (stream, _accepted) = pair();
    let is_on = || sockopt::socket_keepalive(&stream).unwrap();
    assert!(!is_on());
    keep_alive(stream.as_fd(), Keepalive::default());
    assert!(is_on());
    keep_alive(stream.as_fd(), Keepalive(None));
    assert!(!is_on());
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn any_interval_of_keepalive_is_one_that_the_system_takes() {
    let (stream, _accepted) = pair();
    for (wanted, taken) in [(0, 1), (1, 1), (90, 90), (32_767, 32_767), (u64::MAX, 32_767)] {
        keep_alive(stream.as_fd(), Keepalive(Some(Duration::from_secs(wanted))));
        let taken = Duration::from_secs(taken);
        assert_eq!(sockopt::tcp_keepidle(&stream).unwrap(), taken, "{wanted}");
        assert_eq!(sockopt::tcp_keepintvl(&stream).unwrap(), taken, "{wanted}");
    }
}

#[test]
fn connections_that_broke_in_the_queue_are_passed_over_and_not_for_ever() {
    for error in
        [Errno::CONNABORTED, Errno::PROTO, Errno::PERM, Errno::NETDOWN, Errno::HOSTUNREACH, Errno::OPNOTSUPP]
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = connect(listener.local_addr().unwrap()).unwrap();
        let mut calls = 0;
        let accepted = accept_by(|| {
            calls += 1;
            match calls {
                1..5 => Err(error),
                _ => acceptfrom_with(&listener, SocketFlags::CLOEXEC),
            }
        });
        assert!(accepted.is_ok(), "{error:?}");
        let mut calls = 0;
        let failed = accept_by(|| {
            calls += 1;
            Err(error)
        });
        assert_eq!(failed.unwrap_err().raw_os_error(), Some(error.raw_os_error()));
        assert!(calls < 100, "{calls}");
    }
}
