//! Tests of the options of sockets.

use super::*;

/// Returns both ends of a connection: the one from [`connect`], and the one from [`accept`].
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = connect(listener.local_addr().unwrap()).unwrap();
    let accepted = loop {
        match accept(&SockRef::from(&listener)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            accepted => break accepted.unwrap().0,
        }
    };
    while let Err(error) = connected(&SockRef::from(&stream)) {
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
    (stream, accepted)
}

#[test]
fn only_a_dialogue_sends_short_segments_at_once() {
    let (stream, accepted) = pair();
    for socket in [stream, accepted] {
        assert!(!socket.nodelay().unwrap());
        send_at_once(&SockRef::from(&socket));
        assert!(socket.nodelay().unwrap());
    }
}

#[cfg(unix)]
#[test]
fn no_call_on_a_socket_waits_and_no_program_inherits_one() {
    use rustix::fs::{OFlags, fcntl_getfl};
    use rustix::io::{FdFlags, fcntl_getfd};

    let (stream, accepted) = pair();
    let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    for socket in [SockRef::from(&stream), SockRef::from(&accepted), SockRef::from(&listener)] {
        assert!(fcntl_getfl(&*socket).unwrap().contains(OFlags::NONBLOCK));
        assert!(fcntl_getfd(&*socket).unwrap().contains(FdFlags::CLOEXEC));
    }
}

#[test]
fn keepalive_is_on_by_default_and_can_be_off() {
    assert_eq!(Keepalive::default(), Keepalive(Some(Duration::from_secs(60))));
    let (stream, _accepted) = pair();
    let is_on = || SockRef::from(&stream).keepalive().unwrap();
    assert!(!is_on());
    keep_alive(&SockRef::from(&stream), Keepalive::default());
    assert!(is_on());
    keep_alive(&SockRef::from(&stream), Keepalive(None));
    assert!(!is_on());
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn any_interval_of_keepalive_is_one_that_the_system_takes() {
    let (stream, _accepted) = pair();
    for (wanted, taken) in [(0, 1), (1, 1), (90, 90), (32_767, 32_767), (u64::MAX, 32_767)] {
        keep_alive(&SockRef::from(&stream), Keepalive(Some(Duration::from_secs(wanted))));
        let taken = Duration::from_secs(taken);
        assert_eq!(SockRef::from(&stream).tcp_keepalive_time().unwrap(), taken, "{wanted}");
        assert_eq!(SockRef::from(&stream).tcp_keepalive_interval().unwrap(), taken, "{wanted}");
    }
}

#[cfg(unix)]
#[test]
fn connections_that_broke_in_the_queue_are_passed_over_and_not_for_ever() {
    use rustix::io::Errno;

    for error in
        [Errno::CONNABORTED, Errno::PROTO, Errno::PERM, Errno::NETDOWN, Errno::HOSTUNREACH, Errno::OPNOTSUPP]
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = connect(listener.local_addr().unwrap()).unwrap();
        let mut calls = 0;
        let accepted = accept_by(|| {
            calls += 1;
            match calls {
                1..5 => Err(error.into()),
                _ => accept_one(&SockRef::from(&listener)),
            }
        });
        assert!(accepted.is_ok(), "{error:?}");
        let mut calls = 0;
        let failed = accept_by(|| {
            calls += 1;
            Err(error.into())
        });
        assert_eq!(failed.unwrap_err().raw_os_error(), Some(error.raw_os_error()));
        assert!(calls < 100, "{calls}");
    }
}
