//! Names lead to public addresses, or nowhere.
//!
//! The client connects to the very addresses that were looked at here, so a name that answers differently the next time
//! gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A resolver that refuses a name as soon as one of its addresses is not public.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicOnly;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name does not lead to public addresses only")]
pub(crate) struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses: Addrs = Box::new(vetted(found)?.into_iter());
            Ok(addresses)
        })
    }
}

fn vetted(addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
    let all = !addresses.is_empty() && addresses.iter().all(|address| is_public(address.ip()));
    if all { Ok(addresses) } else { Err(NotPublic) }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Everything but what IANA's "IPv4 Special-Purpose Address Registry" (RFC 6890) and the registry of multicast set apart.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        // Shared between a provider and its customers (RFC 6598).
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 192 && second == 88 && third == 99)
        // Benchmarks (RFC 2544).
        || (first == 198 && (18..20).contains(&second))
        // Reserved, and broadcast.
        || first >= 240;
    !special
}

/// Only `2000::/3` is given out to the public, and of that not what carries other addresses within or is set apart
/// (IANA's "IPv6 Special-Purpose Address Registry"). Mapped, translated and local addresses are outside of it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let given_out = first & 0xe000 == 0x2000;
    // 2001::/23 has Teredo and other protocols, 2001:db8::/32 and 3fff::/20 documentation, 2002::/16 is 6to4.
    let special = (first == 0x2001 && (second < 0x200 || second == 0xdb8))
        || first == 0x2002
        || (first == 0x3fff && second < 0x1000);
    given_out && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_are_told_from_those_outside() {
        for inside in [
            "127.0.0.1",
            "127.255.0.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.8",
            "198.18.0.1",
            "198.19.255.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "192.88.99.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "3fff::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in
            ["20.118.138.128", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.1.0.1", "2603:1030::1", "2a01:111::1"]
        {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn one_address_inside_is_enough_to_refuse_a_name_and_none_at_all_too() {
        let [outside, inside]: [SocketAddr; 2] = ["8.8.8.8:0".parse().unwrap(), "10.0.0.1:0".parse().unwrap()];
        assert_eq!(vetted(vec![outside]), Ok(vec![outside]));
        assert_eq!(vetted(vec![outside, inside]), Err(NotPublic));
        assert_eq!(vetted(Vec::new()), Err(NotPublic));
    }

    #[tokio::test]
    async fn a_name_of_this_machine_leads_nowhere() {
        let error = PublicOnly.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(error.downcast_ref::<NotPublic>().is_some(), "{error}");
    }
}
