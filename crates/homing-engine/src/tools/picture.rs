//! Files for the demo, drawn in code: a floor plan as a PNG picture, a one-page PDF.

use std::fmt::Write;

const WIDTH: usize = 640;
const HEIGHT: usize = 420;
const PAPER: u8 = 250;
const LINE: u8 = 60;
const FLOOR: u8 = 232;

/// A floor plan: rooms as rectangles (left, top, right, bottom).
const ROOMS: [(usize, usize, usize, usize); 5] = [
    (40, 40, 300, 220),
    (300, 40, 600, 160),
    (300, 160, 600, 380),
    (40, 220, 170, 380),
    (170, 220, 300, 380),
];
/// Gaps in the walls.
const DOORS: [(usize, usize, usize, usize); 5] = [
    (290, 90, 310, 130),
    (420, 150, 470, 170),
    (90, 210, 140, 230),
    (210, 210, 260, 230),
    (290, 280, 310, 330),
];

/// The picture's bytes, grey.
pub(super) fn floor_plan() -> Vec<u8> {
    let mut pixels = vec![PAPER; WIDTH * HEIGHT];
    let mut fill = |(left, top, right, bottom): (usize, usize, usize, usize), shade: u8| {
        for row in pixels.chunks_mut(WIDTH).skip(top).take(bottom - top) {
            row.iter_mut().skip(left).take(right - left).for_each(|pixel| *pixel = shade);
        }
    };
    for (left, top, right, bottom) in ROOMS {
        fill((left - 4, top - 4, right + 4, bottom + 4), LINE);
    }
    for (left, top, right, bottom) in ROOMS {
        fill((left + 4, top + 4, right - 4, bottom - 4), FLOOR);
    }
    for door in DOORS {
        fill(door, FLOOR);
    }
    png(&pixels)
}

fn png(pixels: &[u8]) -> Vec<u8> {
    let mut out = vec![0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];
    let mut header = Vec::new();
    for side in [WIDTH, HEIGHT] {
        header.extend_from_slice(&u32::try_from(side).unwrap_or_default().to_be_bytes());
    }
    // Eight bits of grey, nothing interlaced.
    header.extend_from_slice(&[8, 0, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &header);
    // Each row begins with the number of its filter: none.
    let raw: Vec<u8> =
        pixels.chunks(WIDTH).flat_map(|row| std::iter::once(0).chain(row.iter().copied())).collect();
    chunk(&mut out, b"IDAT", &stored_zlib(&raw));
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend_from_slice(&u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    let body = [kind.as_slice(), data].concat();
    out.extend_from_slice(&body);
    out.extend_from_slice(&crc32(&body).to_be_bytes());
}

/// A zlib stream whose blocks are not compressed.
fn stored_zlib(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks = data.chunks(usize::from(u16::MAX));
    let count = blocks.len();
    for (n, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap_or_default();
        out.push(u8::from(n + 1 == count));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let (mut a, mut b) = (1u32, 0u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend_from_slice(&((b << 16) | a).to_be_bytes());
    out
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}

/// A page with a heading and lines of plain ASCII text.
pub(super) fn pdf(heading: &str, lines: &[&str]) -> Vec<u8> {
    let mut page = format!("BT /F1 20 Tf 60 770 Td ({}) Tj /F1 11 Tf 0 -14 Td", escaped(heading));
    for line in lines {
        let _ = write!(page, " 0 -18 Td ({}) Tj", escaped(line));
    }
    page.push_str(" ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(out.len());
        let _ = write!(out, "{} 0 obj\n{object}\nendobj\n", n + 1);
    }
    let table = out.len();
    let _ = write!(out, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        let _ = writeln!(out, "{place:010} 00000 n ");
    }
    let _ =
        write!(out, "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    out.into_bytes()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_a_picture() {
        let size = imagesize::blob_size(&floor_plan()).unwrap();
        assert_eq!((size.width, size.height), (WIDTH, HEIGHT));
        // The check value of CRC-32.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn the_page_names_its_table() {
        let bytes = pdf("Heading (draft)", &["one", "two"]);
        let text = String::from_utf8(bytes).unwrap();
        let place: usize = text.lines().rev().nth(1).unwrap().parse().unwrap();
        assert!(text[place..].starts_with("xref"));
        assert!(text.contains("Heading \\(draft\\)"));
    }
}
