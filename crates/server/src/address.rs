//! Which addresses are connected to by name: public ones, and for demos and tests those of an explicit map.
//!
//! What was checked is what is connected to, for the connector is handed nothing else. Left out: everything about HTTP. Invariant: with
//! [`Reach::Public`] no name, whoever controls its DNS, leads to a private address.

use hyper_util::client::legacy::connect::dns::Name;
use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

/// Whom a request may go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Public addresses: where somebody else names the host.
    Public,
    /// Every address: where whoever runs this process names it. Names under `localhost` are this machine, as in browsers (RFC 6761
    /// section 6.3), which the system's resolver may not know.
    Anywhere,
}

impl Reach {
    /// Whether it goes as far as this address.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }
}

/// Looks hosts up, gives mapped ones their address, and leaves out addresses that are out of reach.
#[derive(Clone)]
pub(crate) struct Resolver {
    mapped: Arc<HashMap<String, SocketAddr>>,
    reach: Reach,
}

impl Resolver {
    /// Without a map.
    pub(crate) fn new(reach: Reach) -> Self {
        Self {
            mapped: Arc::default(),
            reach,
        }
    }

    /// Public addresses, and those of a map.
    pub(crate) fn mapped(mapped: Arc<HashMap<String, SocketAddr>>) -> Self {
        Self {
            mapped,
            reach: Reach::Public,
        }
    }
}

impl tower::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.reach;
        let local = reach == Reach::Anywhere && name.as_str().ends_with(".localhost");
        let mapped = self.mapped.get(name.as_str()).copied();
        let known = mapped.or_else(|| local.then(|| (Ipv4Addr::LOCALHOST, 0).into()));
        Box::pin(async move {
            if let Some(address) = known {
                return Ok(vec![address].into_iter());
            }
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let reached: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| reach.allows(address.ip()))
                .collect();
            if reached.is_empty() {
                return Err(std::io::Error::other("the host has no public address"));
            }
            Ok(reached.into_iter())
        })
    }
}

/// Whether an address can belong to somebody on the internet: not loopback, private, link-local, shared, documentation or multicast.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (18..20).contains(&b))
                || (a == 192 && b == 0))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped().or_else(|| embedded(v6)) {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local()
                    || matches!(v6.segments(), [0x2001, 0xdb8, ..]))
            }
        },
    }
}

/// The IPv4 address inside a NAT64 or 6to4 one.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_not_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(private.parse().expect(private)), "{private}");
        }
        for public in ["142.250.185.74", "2a00:1450:4001:80b::200a", "64:ff9b::8efa:b94a"] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
    }
}
