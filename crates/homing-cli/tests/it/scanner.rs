//! Looks for words that nobody but the members of a space may read, in whatever form they may have leaked.

use std::io::Read as _;
use std::path::Path;

use data_encoding::{BASE32, BASE64, BASE64URL, HEXLOWER, HEXUPPER};

/// Every way in which a word may stand in a file or on the wire.
pub struct Scanner {
    forms: Vec<(String, Vec<u8>)>,
    /// Which pairs of bytes one of them begins with: all else is passed over at once.
    begins: Box<[bool; 1 << 16]>,
}

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const UNPACKED: u64 = 16 * 1024 * 1024;

impl Scanner {
    pub fn new(words: &[&str]) -> Self {
        let mut forms = Vec::new();
        for word in words {
            let mut form = |kind: &str, bytes: Vec<u8>| forms.push((format!("{word} as {kind}"), bytes));
            form("UTF-8", word.as_bytes().to_vec());
            form("UTF-16LE", word.encode_utf16().flat_map(u16::to_le_bytes).collect());
            form("UTF-16BE", word.encode_utf16().flat_map(u16::to_be_bytes).collect());
            form("hex", HEXLOWER.encode(word.as_bytes()).into_bytes());
            form("HEX", HEXUPPER.encode(word.as_bytes()).into_bytes());
            // What an encoder that packs bytes together writes depends on where in a group the word begins; the
            // groups at its ends hold its neighbours too, and are left out.
            for skipped in 0..3 {
                let whole = word.as_bytes().get(skipped..).unwrap_or_default();
                let whole = &whole[..whole.len() / 3 * 3];
                form("base64", BASE64.encode(whole).into_bytes());
                form("base64url", BASE64URL.encode(whole).into_bytes());
            }
            for skipped in 0..5 {
                let whole = word.as_bytes().get(skipped..).unwrap_or_default();
                let whole = &whole[..whole.len() / 5 * 5];
                form("base32", BASE32.encode(whole).to_ascii_lowercase().into_bytes());
                form("BASE32", BASE32.encode(whole).into_bytes());
            }
        }
        let mut begins = Box::new([false; 1 << 16]);
        for form in forms.iter().map(|(_, form)| form.as_slice()).chain([ZSTD.as_slice()]) {
            begins[usize::from(form[0]) << 8 | usize::from(form[1])] = true;
        }
        Self { forms, begins }
    }

    /// What is found in some bytes, also in what they hold compressed.
    pub fn find(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found = Vec::new();
        let Some((first, after)) = bytes.split_first() else { return found };
        let mut before = *first as usize;
        let mut rest = after;
        // Without iterators and other calls: they would take ten times as long in a build for tests.
        while let [byte, after @ ..] = rest {
            let byte = *byte as usize;
            if self.begins[before << 8 | byte] {
                self.find_at(&bytes[bytes.len() - rest.len() - 1..], &mut found);
            }
            before = byte;
            rest = after;
        }
        found
    }

    fn find_at<'s>(&'s self, rest: &[u8], found: &mut Vec<&'s str>) {
        found.extend(
            self.forms.iter().filter(|(_, form)| rest.starts_with(form)).map(|(name, _)| name.as_str()),
        );
        if rest.starts_with(&ZSTD)
            && let Ok(decoder) = zstd::stream::read::Decoder::new(rest)
        {
            let mut unpacked = Vec::new();
            // What came before an error counts too.
            drop(decoder.single_frame().take(UNPACKED).read_to_end(&mut unpacked));
            found.extend(self.find(&unpacked));
        }
    }

    /// What is found in the files of a folder and their names; and how many bytes were looked at.
    pub fn search(&self, folder: &Path) -> (Vec<String>, usize) {
        let (mut found, mut looked_at) = (Vec::new(), 0);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mut note = |what: Vec<&str>| {
                found.extend(what.iter().map(|what| format!("{what} in {}", path.display())));
            };
            note(self.find(path.file_name().unwrap().as_encoded_bytes()));
            if path.is_dir() {
                let (inside, bytes) = self.search(&path);
                found.extend(inside);
                looked_at += bytes;
            } else if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                note(self.find(&bytes));
                looked_at += bytes.len();
            }
        }
        (found, looked_at)
    }
}

#[test]
fn the_scanner_finds_what_is_there_in_every_form() {
    let word = "canary-5rq8zt";
    let scanner = Scanner::new(&[word]);
    let plain = format!("..{word}..");
    let utf16 = |to: fn(u16) -> [u8; 2]| plain.encode_utf16().flat_map(to).collect::<Vec<u8>>();
    let mut copies = vec![
        plain.clone().into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        HEXLOWER.encode(plain.as_bytes()).into_bytes(),
        HEXUPPER.encode(plain.as_bytes()).into_bytes(),
    ];
    for before in ["", ".", "..", "...", "...."] {
        let text = format!("{before}{word}....");
        copies.push(BASE64.encode(text.as_bytes()).into_bytes());
        copies.push(BASE64URL.encode(text.as_bytes()).into_bytes());
        copies.push(BASE32.encode(text.as_bytes()).into_bytes());
        let mut packed = b"before".to_vec();
        packed.extend(zstd::bulk::compress(text.repeat(3).as_bytes(), 3).unwrap());
        packed.extend(b"after");
        copies.push(packed);
    }
    for copy in copies {
        assert!(!scanner.find(&copy).is_empty(), "{copy:?}");
    }
    assert!(scanner.find(b"nothing of the kind").is_empty());
}
