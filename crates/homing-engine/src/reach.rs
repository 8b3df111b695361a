//! Who may be asked at all: pages of links on the open network, over HTTPS, by name; services of a person's own on this
//! computer and in its network.
//!
//! A link is typed by hand or pasted from anywhere. Following it must not knock on doors of the own network, and what is
//! meant for a service in it must not leave it. So the addresses a name stands for are looked at where the connection is
//! made, and nowhere else: a name that is looked up twice may say two things.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::{Host, Url};

/// Names that belong to no public page.
const PRIVATE: [&str; 8] = ["local", "localhost", "internal", "lan", "home", "corp", "onion", "arpa"];

/// Of headers that are read.
const HEADERS: usize = 32 * 1024;

/// A name stands for nobody who may be asked.
#[derive(Debug, thiserror::Error)]
#[error("not an address that may be asked")]
pub(crate) struct Elsewhere;

/// Who may be asked.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    admits_url: fn(&Url) -> bool,
    admits: fn(SocketAddr) -> bool,
    /// What names stand for in a test.
    #[cfg(test)]
    names: std::collections::BTreeMap<String, SocketAddr>,
}

impl Reach {
    /// The open network, and nothing else.
    pub fn open() -> Self {
        Self {
            admits_url: |url| url.scheme() == "https" && is_open(url),
            admits: |address| address.port() == 443 && is_public(address.ip()),
            #[cfg(test)]
            names: std::collections::BTreeMap::new(),
        }
    }

    /// This computer and its own network, and nothing else.
    pub fn own() -> Self {
        Self {
            admits_url: |url| matches!(url.scheme(), "http" | "https") && is_near(url),
            admits: |address| is_own(address.ip()),
            #[cfg(test)]
            names: std::collections::BTreeMap::new(),
        }
    }

    /// A server of a test as if it were on the open network, by the names it is given.
    #[cfg(test)]
    pub fn test(admits: fn(SocketAddr) -> bool, names: &[(&str, SocketAddr)]) -> Self {
        Self { admits_url: |url| url.scheme() == "http" && is_open(url), admits, ..Self::open() }
            .with_names(names)
    }

    /// The same where these names stand for these addresses.
    #[cfg(test)]
    pub fn with_names(mut self, names: &[(&str, SocketAddr)]) -> Self {
        self.names = names.iter().map(|(name, address)| ((*name).to_owned(), *address)).collect();
        self
    }

    /// Asks nobody else, keeps nothing, says nothing of the person, and follows nothing by itself.
    pub fn agent(&self, called: &str) -> Agent {
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .max_response_header_size(HEADERS)
            .max_idle_connections(0)
            .user_agent(called)
            .accept_encoding("identity")
            .build();
        Agent::with_parts(config, DefaultConnector::default(), self.clone())
    }

    /// An address that may be asked: with a public name, no port and nobody's password.
    pub fn admitted(&self, address: &str) -> Option<Url> {
        Url::parse(address).ok().filter(|url| self.admits_url(url))
    }

    /// The same for an address that stands on a page.
    pub fn beside(&self, page: &Url, address: &str) -> Option<Url> {
        page.join(address).ok().filter(|url| self.admits_url(url))
    }

    pub fn admits_url(&self, url: &Url) -> bool {
        (self.admits_url)(url)
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
        if admitted.is_empty() { Err(ureq::Error::Other(Box::new(Elsewhere))) } else { Ok(admitted) }
    }
}

/// Whether a link leads to the open network, as far as its words say: with a public name, no port and nobody's password.
fn is_open(url: &Url) -> bool {
    let named = match url.host() {
        Some(Host::Domain(name)) => {
            let last = name.trim_end_matches('.').rsplit_once('.').map(|(_, last)| last);
            last.is_some_and(|last| !PRIVATE.contains(&last))
        }
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        None => false,
    };
    named && url.username().is_empty() && url.password().is_none() && url.port().is_none()
}

/// Whether an address may be one of the own network: a name says nothing of that.
fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(_)) => true,
        Some(Host::Ipv4(ip)) => is_own(ip.into()),
        Some(Host::Ipv6(ip)) => is_own(ip.into()),
        None => false,
    }
}

/// Whether an address is one of this computer or its own network (RFC 1918, 3927, 4193, 4291).
fn is_own(address: IpAddr) -> bool {
    let is_own_v4 = |ip: Ipv4Addr| ip.is_loopback() || ip.is_private() || ip.is_link_local();
    match address {
        IpAddr::V4(ip) => is_own_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(inner) => is_own_v4(inner),
            None => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        },
    }
}

/// Whether an address is one of the open network: what is not known to be is not.
pub(crate) fn is_public(address: IpAddr) -> bool {
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
    fn an_address_is_own_open_or_neither() {
        for own in [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.1.1",
            "::1",
            "fe80::1",
            "fd12::1",
            "::ffff:10.0.0.1",
        ] {
            let address = own.parse().unwrap();
            assert!(is_own(address) && !is_public(address), "{own}");
        }
        for other in [
            "0.0.0.0",
            "1.1.1.1",
            "100.64.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::ffff:1.1.1.1",
            "2606:4700::1111",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_own(other.parse().unwrap()), "{other}");
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
