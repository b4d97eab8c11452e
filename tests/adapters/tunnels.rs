//! Clients over streams that are not TCP connections.

use crate::world::{Wiring, World};
use ::tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream};
use ftp_proto::io::{Transport, tokio as on_tokio};

/// A stream that keeps what is written in a buffer until it is flushed.
async fn buffered(port: u16) -> std::io::Result<Transport> {
    let stream = ::tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    Ok(Transport::stream(on_tokio::Adapted(BufStream::with_capacity(5000, 5000, stream))))
}

#[test]
fn a_stream_that_buffers_is_flushed_when_it_has_to_be() {
    let world = World::new(Wiring::PLAIN);
    let content: Vec<u8> = (0..100_000_u32).map(|at| (at / 3) as u8).collect();
    let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let builder = on_tokio::Client::builder().connector(|to| buffered(to.port));
        let control = buffered(world.address.port()).await.unwrap();
        let mut client = on_tokio::Client::from_stream(builder, control).await.unwrap();
        client.login("me", "secret").await.unwrap();
        for length in [0, 1, 4999, 5000, 5001, content.len()] {
            let mut store = client.store("file").await.unwrap();
            store.write_all(&content[..length]).await.unwrap();
            store.finish().await.unwrap();
            let mut all = Vec::new();
            client.retrieve("file").await.unwrap().read_to_end(&mut all).await.unwrap();
            assert!(all == content[..length], "{length}");
        }
        client.quit().await.unwrap();
    });
}
