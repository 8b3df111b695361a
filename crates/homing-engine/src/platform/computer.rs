//! What this computer is called, for the list of a person's devices.

/// The computer's own name without its domain, if it has one that tells it from others.
pub(crate) fn name() -> Option<String> {
    short(&given()?)
}

#[cfg(unix)]
fn given() -> Option<String> {
    Some(rustix::system::uname().nodename().to_str().ok()?.to_owned())
}

#[cfg(windows)]
fn given() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

fn short(name: &str) -> Option<String> {
    let name = name.split('.').next()?.trim();
    (!name.is_empty() && name != "localhost").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_name_that_every_computer_may_have_is_none() {
        assert_eq!(short("ada-laptop.example.org").as_deref(), Some("ada-laptop"));
        assert_eq!(short("localhost.localdomain"), None);
        assert_eq!(short(""), None);
    }
}
