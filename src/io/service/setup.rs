//! How a server is set up, on any runtime.

/// Makes the methods of the `Server` beside it, on the runtime of this name; `$expand` as for
/// [`operations`](crate::io::operations::operations).
macro_rules! setup {
    ($expand:ident, $runtime:ty) => {
        impl Server {
            $expand! {
                /// Listens at `address`, for clients of a host that may block, such as a
                /// [`Directory`](crate::io::Directory) with [`Users`](crate::io::Users): its calls are made where they
                /// stall nobody.
                ///
                /// # Errors
                /// When the address cannot be had.
                pub async fn bind(
                    address: impl ToSocketAddrs,
                    accounts: impl $crate::io::Accounts,
                ) -> ::std::io::Result<Self> {
                    let accounts = $crate::io::host::offload::Offload::<_, $runtime>::new(accounts);
                    Self::listen(&resolve(address).await?, accounts)
                }

                /// Listens at `address`, for clients of a host that blocks nobody.
                ///
                /// # Errors
                /// When the address cannot be had.
                pub async fn bind_async(
                    address: impl ToSocketAddrs,
                    accounts: impl $crate::io::AsyncAccounts,
                ) -> ::std::io::Result<Self> {
                    Self::listen(&resolve(address).await?, accounts)
                }
            }

            fn listen(
                addresses: &[::std::net::SocketAddr],
                accounts: impl $crate::io::AsyncAccounts,
            ) -> ::std::io::Result<Self> {
                Ok(Self { service: Service::bind(addresses, <$runtime>::new, accounts)? })
            }

            /// The limits, timeouts and texts of its sessions.
            pub fn with_config(mut self, config: $crate::server::Config) -> Self {
                let tls = self.service.terms.config.security.tls;
                self.service.terms.config = config;
                if tls != $crate::security::TlsMode::None {
                    self.service.terms.config.security.tls = tls;
                }
                self
            }

            /// Offers TLS by AUTH. What may go without is said by the
            /// [configuration](crate::server::Config::security).
            #[cfg(feature = "rustls")]
            pub fn with_explicit_tls(mut self, tls: $crate::io::tls::ServerTls) -> Self {
                self.service.terms.config.security.tls = $crate::security::TlsMode::Explicit;
                self.service.terms.tls = Some(tls);
                self
            }

            /// Begins with TLS, as clients expect at port 990.
            #[cfg(feature = "rustls")]
            pub fn with_implicit_tls(mut self, tls: $crate::io::tls::ServerTls) -> Self {
                self.service.terms.config.security.tls = $crate::security::TlsMode::Implicit;
                self.service.terms.tls = Some(tls);
                self
            }

            /// How many sessions may run at once; one more is told 421. 1,000 by default.
            ///
            /// Each needs descriptors: up to three, with a thread of its own five. As soon as it serves, the server
            /// raises the process's soft limit of descriptors (`RLIMIT_NOFILE`) for that, as far as the hard one
            /// allows, and where that is not enough there are fewer sessions. A process that is out of descriptors
            /// all the same tells new clients 421 until some are free.
            pub const fn with_max_sessions(mut self, sessions: usize) -> Self {
                self.service.terms.places.total = sessions;
                self
            }

            /// How many of them may be from one address, of IPv6 from one network of 64 bits; one more is told 421.
            /// Any number by default.
            pub const fn with_max_sessions_per_address(mut self, sessions: usize) -> Self {
                self.service.terms.places.per_address = sessions;
                self
            }

            /// Whether failed logins count across the connections of an address (of IPv6: of a network of 64 bits), and
            /// slow down its next ones: beyond five the answer to each takes longer, up to 16 s, whether it is right
            /// or not, so that nobody guesses many passwords over many connections (RFC 2577 5). None is refused for
            /// it, and a failure counts for half after ten minutes. Yes by default.
            pub fn with_login_delays(mut self, delays: bool) -> Self {
                self.service.terms.guesses = delays.then(::std::sync::Arc::default);
                self
            }

            /// Sets TCP keepalive on control connections: after so long without traffic the system probes
            /// whether the client is still there, and again after each such interval (whole seconds, 1 s to
            /// 32,767 s; systems that cannot be told use intervals of their own). `None` turns it off. 60 s by
            /// default.
            ///
            /// The control connection is idle as long as a transfer runs, and address translators and firewalls
            /// forget idle connections. The probes keep the entry alive, and find a client that has gone.
            pub const fn with_tcp_keepalive(mut self, interval: Option<::std::time::Duration>) -> Self {
                self.service.terms.keepalive = $crate::io::socket::Keepalive(interval);
                self
            }

            /// Lets sessions whose clients have different addresses share a passive port at the
            /// same time, so that a few [ports](crate::server::Config::passive_ports) serve many
            /// sessions. Off by default: each listener then has a port of its own.
            ///
            /// Connections to a shared port are assigned by their source address, and those of
            /// strangers are dropped. A session keeps its place at a port from PASV or EPSV until
            /// its client has connected or the [time](crate::server::Timeouts::accept) for that is
            /// over. Sessions of clients with the same address, for example behind one address
            /// translator, need a port each. The reply to PASV or EPSV is 425 if none is left. A
            /// session also needs a port of its own if its data may come from another address than
            /// its client's, because of the
            /// [configuration](crate::server::Config::foreign_addresses) or a proxy.
            pub fn with_shared_passive_ports(mut self, share: bool) -> Self {
                self.service.terms.pool = share.then(::std::default::Default::default);
                self
            }

            /// Looks up the address that PASV reports, for a server whose public address is not its
            /// own. It replaces the configuration's
            /// [`passive_address`](crate::server::Config::passive_address), and is overridden by
            /// what [`with_config_for`](Self::with_config_for) sets for a client.
            pub fn with_public_address(mut self, address: $crate::io::PublicAddress) -> Self {
                self.service.terms.public = Some(address);
                self
            }

            /// How many bytes a second each session may move, up and down. Any number by default.
            ///
            /// A [minimum rate](crate::server::Limits::minimum_rate) is to be well below, and what each session
            /// gets of a [total](Self::with_max_total_rate), too.
            pub const fn with_max_rate(mut self, rate: ::std::num::NonZeroU64) -> Self {
                self.service.terms.rate = Some(rate);
                self
            }

            /// How many bytes a second all sessions together may move, up and down. They take turns. Any number by
            /// default.
            pub fn with_max_total_rate(mut self, rate: ::std::num::NonZeroU64) -> Self {
                self.service.terms.set_total_rate(rate);
                self
            }

            /// Has each connection begin with a header of the PROXY protocol, by these.
            #[cfg(feature = "proxy-protocol")]
            pub fn with_proxy_protocol(mut self, proxies: $crate::io::Proxies) -> Self {
                self.service.terms.proxies = Some(proxies);
                self
            }

            /// Suits the configuration to each client, once it is known who that is and before it is greeted: a
            /// [`passive_address`](crate::server::Config::passive_address) that it can reach, limits of its own.
            /// How TLS comes about is the server's, and no longer to be chosen.
            pub fn with_config_for(
                mut self,
                suit: impl Fn($crate::server::Endpoints, &mut $crate::server::Config) + Send + Sync + 'static,
            ) -> Self {
                self.service.terms.suit = Some(Box::new(suit));
                self
            }

            /// Tells `hook` what its sessions come to: logins, transfers, changes, their ends. It is called by the
            /// session itself, which waits for it.
            pub fn on_event(
                mut self,
                hook: impl Fn(&$crate::io::SessionEvent<'_>) + Send + Sync + 'static,
            ) -> Self {
                self.service.terms.hooks.on_event(hook);
                self
            }

            /// Shows `hook` each line of each dialogue, secrets hidden, with the
            /// [number](crate::io::SessionEvent::session) of its session.
            pub fn on_line(
                mut self,
                hook: impl Fn(u64, $crate::io::Direction, $crate::codec::Redacted<'_>) + Send + Sync + 'static,
            ) -> Self {
                self.service.terms.hooks.on_line(hook);
                self
            }

            /// Where it listens.
            #[must_use]
            pub const fn local_addr(&self) -> ::std::net::SocketAddr {
                self.service.address
            }

            /// What ends it.
            #[must_use]
            pub fn shutdown_handle(&self) -> $crate::io::Shutdown {
                self.service.shutdown_handle()
            }
        }
    };
}
pub(in crate::io) use setup;
