//! A wire in front of a registry that is cut after so many bytes of what the client sends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Cut {
    address: SocketAddr,
    sent: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Cut {
    /// In front of `upstream`; whenever the client has sent `every` bytes in all since the last cut, all that is open is cut,
    /// `times` times.
    pub(crate) async fn every(upstream: SocketAddr, every: u64, times: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&sent);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(upstream).await.unwrap();
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    let (mut client_in, mut client_out) = client.into_split();
                    let (mut server_in, mut server_out) = server.into_split();
                    let back = tokio::spawn(async move { tokio::io::copy(&mut server_in, &mut client_out).await });
                    let mut buffer = vec![0; 8 * 1024];
                    while let Ok(read @ 1..) = client_in.read(&mut buffer).await {
                        let before = count.fetch_add(read as u64, Ordering::SeqCst);
                        let after = before + read as u64;
                        let cuts = before / every != after / every && after / every <= times;
                        let passed = if cuts { usize::try_from(after / every * every - before).unwrap() } else { read };
                        if server_out.write_all(&buffer[..passed]).await.is_err() || cuts {
                            break;
                        }
                    }
                    back.abort();
                });
            }
        });
        Self { address, sent, task }
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// How many bytes the client has sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.task.abort();
    }
}
