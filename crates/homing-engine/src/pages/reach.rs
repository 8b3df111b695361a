//! Which pages may be asked at all: on the open network, over HTTPS, by name.
//!
//! A link is typed by hand or pasted from anywhere. Following it must not knock on doors of the own network, which is
//! why the addresses a name stands for are looked at where the connection is made, and nowhere else: a name that is
//! looked up twice may say two things.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use url::{Host, Url};

/// Names that belong to no public page.
const PRIVATE: [&str; 8] = ["local", "localhost", "internal", "lan", "home", "corp", "onion", "arpa"];

/// Where pages may be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    scheme: &'static str,
    admits: fn(SocketAddr) -> bool,
    /// What names stand for in a test.
    #[cfg(test)]
    names: std::collections::BTreeMap<String, SocketAddr>,
}

impl Reach {
    /// The open network, and nothing else.
    pub fn open() -> Self {
        Self {
            scheme: "https",
            admits: |address| address.port() == 443 && is_public(address.ip()),
            #[cfg(test)]
            names: std::collections::BTreeMap::new(),
        }
    }

    /// A server of a test, by the names it is given.
    #[cfg(test)]
    pub fn test(admits: fn(SocketAddr) -> bool, names: &[(&str, SocketAddr)]) -> Self {
        let names = names.iter().map(|(name, address)| ((*name).to_owned(), *address)).collect();
        Self { scheme: "http", admits, names }
    }

    /// An address that may be asked: with a public name, no port and nobody's password.
    pub fn admitted(&self, address: &str) -> Option<Url> {
        Url::parse(address).ok().filter(|url| self.admits_url(url))
    }

    /// The same for an address that stands on a page.
    pub fn beside(&self, page: &Url, address: &str) -> Option<Url> {
        page.join(address).ok().filter(|url| self.admits_url(url))
    }

    fn admits_url(&self, url: &Url) -> bool {
        let named = match url.host() {
            Some(Host::Domain(name)) => {
                let last = name.trim_end_matches('.').rsplit_once('.').map(|(_, last)| last);
                last.is_some_and(|last| !PRIVATE.contains(&last))
            }
            Some(Host::Ipv4(ip)) => is_public(ip.into()),
            Some(Host::Ipv6(ip)) => is_public(ip.into()),
            None => false,
        };
        let bare = url.username().is_empty() && url.password().is_none() && url.port().is_none();
        named && bare && url.scheme() == self.scheme
    }

    fn look_up(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        #[cfg(test)]
        if let Some(address) = self.names.get(uri.host().unwrap_or_default()) {
            let mut found = self.empty();
            found.push(*address);
            return Ok(found);
        }
        DefaultResolver::default().resolve(uri, config, timeout)
    }
}

impl Resolver for Reach {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.look_up(uri, config, timeout)?;
        let mut admitted = self.empty();
        found.iter().filter(|address| (self.admits)(**address)).for_each(|address| admitted.push(*address));
        if admitted.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(admitted) }
    }
}

/// Whether an address is one of the open network: what is not known to be is not.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(ip),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let reserved = matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224.., ..)
    );
    !reserved
}

/// Of the one block that is given out, what does not stand for something else: a tunnel's other end is an address of
/// version 4 that nobody has looked at.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_open_network_are_public() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "100::1",
            "3fff::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn only_pages_with_a_public_name_are_asked() {
        let reach = Reach::open();
        for bad in [
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https:",
            "https://localhost/",
            "https://printer/",
            "https://nas.local/",
            "https://a.internal./",
            "https://hidden.onion/",
            "https://example.org:8443/",
            "https://me@example.org/",
            "https://a:b@example.org/",
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://017700000001/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://192.168.1.1/",
            "data:text/html,x",
            "https://4.3.2.1.in-addr.arpa/",
        ] {
            assert!(reach.admitted(bad).is_none(), "{bad}");
        }
        for good in [
            "https://example.org",
            "https://example.org:443/a?b=c#d",
            "https://bücher.example/",
            "https://1.1.1.1/",
        ] {
            assert!(reach.admitted(good).is_some(), "{good}");
        }
        let page = reach.admitted("https://example.org/a/b").unwrap();
        assert_eq!(reach.beside(&page, "../c.png").unwrap().as_str(), "https://example.org/c.png");
        assert_eq!(reach.beside(&page, "//cdn.example/c").unwrap().as_str(), "https://cdn.example/c");
        assert!(
            reach.beside(&page, "http://example.org/c").is_none(),
            "never back to a line that can be read"
        );
        assert!(reach.beside(&page, "https://10.0.0.1/").is_none());
    }
}
