//! Pages are asked on a real server of this computer, which the product never asks.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::fetch::preview;
use crate::reach::Reach;
use homing_model::LinkPreview;

/// Where the pages of the test are.
const OPEN: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Where nobody may be asked.
const INSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const VILLA: &str = "<!doctype html><title>Villa Rosa</title><meta name=description content='Four rooms'>";

type Answer = Box<dyn Fn(&mut TcpStream) + Send + Sync>;

/// A web server with these answers by path. What it was asked is kept, head by head.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(ip: IpAddr, pages: Vec<(&str, Answer)>) -> Self {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let pages: BTreeMap<String, Answer> =
            pages.into_iter().map(|(path, page)| (path.to_owned(), page)).collect();
        let (heard, pages) = (Arc::clone(&asked), Arc::new(pages));
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let (heard, pages) = (Arc::clone(&heard), Arc::clone(&pages));
                thread::spawn(move || answer(stream, &heard, &pages));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// By this name, and nothing but what is open.
    fn reach(&self) -> Reach {
        let names = [("villa.example", self.address), ("other.example", self.address)];
        Reach::test(|address| address.ip() == OPEN, &names)
    }
}

fn answer(mut stream: TcpStream, heard: &Mutex<Vec<String>>, pages: &BTreeMap<String, Answer>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    heard.lock().unwrap().push(head);
    match pages.get(&path) {
        Some(page) => page(&mut stream),
        None => drop(stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")),
    }
}

fn says(kind: &str, body: impl Into<Vec<u8>>) -> Answer {
    let (kind, body) = (kind.to_owned(), body.into());
    Box::new(move |stream| {
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)));
    })
}

fn html(body: impl Into<Vec<u8>>) -> Answer {
    says("text/html; charset=utf-8", body)
}

fn leads(to: &str) -> Answer {
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    Box::new(move |stream| drop(stream.write_all(answer.as_bytes())))
}

fn photo(side: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, 128]));
    image::DynamicImage::ImageRgb8(picture).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn see(server: &Server, path: &str) -> Option<LinkPreview> {
    preview(&server.reach(), &format!("http://villa.example{path}"))
}

#[test]
fn a_page_says_what_it_is_and_learns_nothing_but_that_it_was_asked() {
    let page = format!("{VILLA}<meta property='og:image' content='/photo.png'>");
    let server =
        Server::start(OPEN, vec![("/a?b=c", html(page)), ("/photo.png", says("image/png", photo(900)))]);
    let seen = see(&server, "/a?b=c#kitchen").unwrap();
    assert_eq!(seen.url, "http://villa.example/a?b=c#kitchen", "as it stands in the message");
    assert_eq!((seen.title.as_str(), seen.description.as_str()), ("Villa Rosa", "Four rooms"));
    let image = seen.image.unwrap();
    assert!(
        image.len() <= homing_model::limits::THUMBNAIL && image.starts_with(b"\xff\xd8\xff"),
        "made anew"
    );
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    for head in asked {
        let head = head.to_ascii_lowercase();
        for telling in ["cookie", "referer", "accept-language", "authorization", "kitchen"] {
            assert!(!head.contains(telling), "{head}");
        }
    }
}

#[test]
fn redirects_are_looked_at_like_the_first_address() {
    let inside = Server::start(INSIDE, vec![("/", html(VILLA))]);
    let port = inside.address.port();
    let server = Server::start(
        OPEN,
        vec![
            ("/villa", html(VILLA)),
            ("/moved", leads("/again")),
            ("/again", leads("http://other.example/villa")),
            ("/round", leads("/round")),
            ("/inside", leads(&format!("http://127.0.0.2:{port}/"))),
            ("/router", leads("http://inside.example/")),
            ("/file", leads("file:///etc/passwd")),
            ("/port", leads(&format!("http://villa.example:{port}/"))),
            ("/picture", html(format!("{VILLA}<meta property=og:image content='http://127.0.0.2:{port}/'>"))),
        ],
    );
    assert_eq!(see(&server, "/moved").unwrap().title, "Villa Rosa");
    let reach = Reach::test(
        |address| address.ip() == OPEN,
        &[("villa.example", server.address), ("inside.example", inside.address)],
    );
    for path in ["/round", "/inside", "/router", "/file", "/port", "/nowhere"] {
        assert_eq!(preview(&reach, &format!("http://villa.example{path}")), None, "{path}");
    }
    assert_eq!(see(&server, "/picture").unwrap().image, None);
    assert!(server.asked().iter().filter(|head| head.contains(" /round ")).count() <= 5);
    assert_eq!(inside.asked(), Vec::<String>::new(), "nobody inside was asked");
}

#[test]
fn the_product_asks_nobody_on_this_computer_or_its_network() {
    let server = Server::start(OPEN, vec![("/", html(VILLA))]);
    let port = server.address.port();
    // A name that stands for this computer, where only what the product admits may be asked. The port is not the reason.
    let reach =
        Reach::test(|address| crate::reach::is_public(address.ip()), &[("villa.example", server.address)]);
    assert_eq!(preview(&reach, "http://villa.example/"), None);
    for address in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("http://127.0.0.1:{port}/"),
        "https://localhost/".to_owned(),
        "https://0/".to_owned(),
    ] {
        assert_eq!(preview(&Reach::open(), &address), None, "{address}");
    }
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn what_is_no_page_too_much_or_too_slow_says_nothing() {
    let endless: Answer = Box::new(|stream| {
        let begin = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>Endless</title>";
        let mut sent = stream.write_all(begin).is_ok();
        while sent {
            sent = stream.write_all(&[b' '; 64 * 1024]).is_ok();
        }
    });
    let packed = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b";
    let silent: Answer = Box::new(|stream| {
        let mut byte = [0];
        drop(stream.read(&mut byte));
    });
    let heads: Answer = Box::new(|stream| {
        let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\n").is_ok();
        while sent {
            sent = stream.write_all(b"X-More: and more and more\r\n").is_ok();
        }
    });
    let mut bomb = photo(8);
    bomb[16..24].copy_from_slice(&[0, 0, 0x70, 0, 0, 0, 0x70, 0]);
    let with = |image: &str| html(format!("{VILLA}<meta property='og:image' content='{image}'>"));
    let server = Server::start(
        OPEN,
        vec![
            ("/endless", endless),
            ("/packed", Box::new(move |stream| drop(stream.write_all(packed)))),
            ("/silent", silent),
            ("/heads", heads),
            ("/text", says("text/plain", VILLA)),
            ("/nothing", html("<body>words")),
            ("/latin", says("text/html; charset=ISO-8859-1", b"<title>Gr\xfc\xdfe</title>".to_vec())),
            (
                "/sjis",
                says("text/html; charset=Shift_JIS", b"<title>\x83\x65\x83\x58\x83\x67</title>".to_vec()),
            ),
            ("/svg", with("/a.svg")),
            ("/a.svg", says("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")),
            ("/bomb", with("/bomb.png")),
            ("/bomb.png", says("image/png", bomb)),
            ("/large", with("/large.png")),
            ("/large.png", says("image/png", vec![0x89; 5 * 1024 * 1024])),
            ("/script", with("javascript:alert(1)")),
        ],
    );
    assert_eq!(see(&server, "/endless").unwrap().title, "Endless", "the rest is left");
    assert_eq!(see(&server, "/latin").unwrap().title, "Grüße");
    for path in ["/packed", "/heads", "/text", "/nothing", "/sjis"] {
        assert_eq!(see(&server, path), None, "{path}");
    }
    for path in ["/svg", "/bomb", "/large", "/script"] {
        let seen = see(&server, path).unwrap();
        assert_eq!((seen.title.as_str(), seen.image), ("Villa Rosa", None), "{path}");
    }
    let begun = Instant::now();
    assert_eq!(see(&server, "/silent"), None);
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}
