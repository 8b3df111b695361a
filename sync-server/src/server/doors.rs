//! How many connections an address may hold, and which address a request came from.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;

use crate::core::network;

/// Counts open connections.
#[derive(Debug, Clone, Default)]
pub struct Doors {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A counted connection; dropping it counts it out.
#[derive(Debug)]
pub struct Door {
    doors: Doors,
    network: IpAddr,
}

impl Doors {
    /// Lets a connection in, if neither its address nor the relay has too many.
    pub fn enter(&self, address: IpAddr, per_address: usize, in_all: usize) -> Option<Door> {
        let network = network(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let here = open.entry(network).or_default();
        if *here >= per_address || all >= in_all {
            if *here == 0 {
                open.remove(&network);
            }
            return None;
        }
        *here = here.saturating_add(1);
        Some(Door { doors: self.clone(), network })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let mut open = self.doors.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = open.get_mut(&self.network) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                open.remove(&self.network);
            }
        }
    }
}

/// The client's address: the peer, or what a trusted proxy put last into `X-Forwarded-For`.
pub fn address_of(peer: SocketAddr, headers: &HeaderMap, trust_forwarded: bool) -> IpAddr {
    if !trust_forwarded {
        return peer.ip();
    }
    let last = headers.get_all("x-forwarded-for").iter().next_back();
    let forwarded = last
        .and_then(|value| value.to_str().ok())
        .and_then(|list| list.rsplit(',').next())
        .and_then(|address| address.trim().parse().ok());
    forwarded.unwrap_or(peer.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_out_what_it_counted_in() {
        let doors = Doors::default();
        let here: IpAddr = "192.0.2.1".parse().unwrap();
        let there: IpAddr = "192.0.2.2".parse().unwrap();
        let first = doors.enter(here, 1, 2);
        assert!(first.is_some() && doors.enter(here, 1, 2).is_none());
        let second = doors.enter(there, 1, 2);
        assert!(second.is_some() && doors.enter("192.0.2.3".parse().unwrap(), 1, 2).is_none());
        drop(first);
        assert!(doors.enter(here, 1, 2).is_some());
    }

    #[test]
    fn only_a_trusted_proxy_names_the_client() {
        let peer: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "203.0.113.9, 192.0.2.7".parse().unwrap());
        assert_eq!(address_of(peer, &headers, false), peer.ip());
        assert_eq!(address_of(peer, &headers, true), "192.0.2.7".parse::<IpAddr>().unwrap());
    }
}
