use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;

const PLACE: &[u8] = b"48.2082N 16.3738E";
const CAMERA: &[u8] = b"Acme Phone 12";
const FILM: &[u8] = b"ftypmp4 a film taken at home";

/// Notes as a phone writes them: which way up, which camera, and where.
fn notes(turned: u8) -> Vec<u8> {
    let mut tiff = b"II\x2a\0\x08\0\0\0\x02\0".to_vec();
    let tag = |tag: u16, kind: u16, count: u32, value: u32| {
        let mut bytes = [tag.to_le_bytes(), kind.to_le_bytes()].concat();
        bytes.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
        bytes
    };
    tiff.extend(tag(0x0110, 2, 13, 38));
    tiff.extend(tag(0x0112, 3, 1, u32::from(turned)));
    tiff.extend([0; 4]);
    tiff.extend(CAMERA);
    tiff.extend(PLACE);
    tiff
}

fn picture(format: ImageFormat) -> Vec<u8> {
    let dots = RgbImage::from_fn(48, 32, |x, y| Rgb([(x * 5) as u8, (y * 7) as u8, (x * y) as u8]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(dots).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn segment(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, kind], length.as_slice(), content].concat()
}

/// A photo as phones make them: notes, a second picture's list, words, and a film behind its end.
fn jpeg(turned: u8) -> Vec<u8> {
    let plain = picture(ImageFormat::Jpeg);
    let (begin, rest) = plain.split_at(2);
    let exif = segment(0xe1, &[b"Exif\0\0", notes(turned).as_slice()].concat());
    let xmp = segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", PLACE].concat());
    let colours = segment(0xe2, b"ICC_PROFILE\0\x01\x01a profile");
    let second = segment(0xe2, &[b"MPF\0", PLACE].concat());
    let words = segment(0xfe, CAMERA);
    [begin, &exif, &xmp, &colours, &second, &segment(0xed, PLACE), &words, rest, FILM].concat()
}

fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let mut sum = crc32fast::Hasher::new();
    sum.update(kind);
    sum.update(content);
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [length.as_slice(), kind, content, &sum.finalize().to_be_bytes()].concat()
}

fn png(turned: u8) -> Vec<u8> {
    let plain = picture(ImageFormat::Png);
    let (head, rest) = plain.split_at(33);
    let xmp = chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", PLACE].concat());
    let own = chunk(b"caMp", CAMERA);
    [head, &chunk(b"gAMA", &[0, 0, 0xb1, 0x8f]), &xmp, &chunk(b"eXIf", &notes(turned)), &own, rest, FILM]
        .concat()
}

fn riff(chunks: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (kind, content) in chunks {
        body.extend([kind, u32::try_from(content.len()).unwrap().to_le_bytes().as_slice(), content].concat());
        body.extend(vec![0; content.len() % 2]);
    }
    [b"RIFF".as_slice(), &u32::try_from(body.len()).unwrap().to_le_bytes(), &body].concat()
}

fn webp(turned: u8) -> Vec<u8> {
    let plain = picture(ImageFormat::WebP);
    let length = u32::from_le_bytes(plain.get(16..20).unwrap().try_into().unwrap());
    let dots = plain.get(20..20 + length as usize).unwrap();
    let head = [0x0c, 0, 0, 0, 47, 0, 0, 31, 0, 0];
    let odd = [CAMERA, PLACE].concat();
    [riff(&[(b"VP8X", &head), (b"VP8L", dots), (b"EXIF", &notes(turned)), (b"XMP ", &odd)]), FILM.to_vec()]
        .concat()
}

fn boxed(kind: &[u8], content: &[u8]) -> Vec<u8> {
    [u32::try_from(content.len() + 8).unwrap().to_be_bytes().as_slice(), kind, content].concat()
}

/// What a phone that makes HEIC writes: a list of items, a picture, notes of two kinds, and a film.
fn heic() -> Vec<u8> {
    let entry = |item: u8, kind: &[u8]| boxed(b"infe", &[&[2, 0, 0, 0, 0, item, 0, 0], kind, b"\0"].concat());
    let items = [entry(1, b"hvc1"), entry(2, b"Exif"), entry(3, b"mime")].concat();
    let items = boxed(b"iinf", &[&[0, 0, 0, 0, 0, 3], items.as_slice()].concat());
    let meta = |first: u32| {
        let second = first + DATA.len() as u32;
        let place = |item: u8, way: u8, at: u32, many: usize| {
            let many = u32::try_from(many).unwrap().to_be_bytes();
            [[0, item, 0, way, 0, 0, 0, 1].as_slice(), &at.to_be_bytes(), &many].concat()
        };
        let places =
            [place(1, 0, first, DATA.len()), place(2, 0, second, PLACE.len()), place(3, 1, 0, CAMERA.len())]
                .concat();
        let places = boxed(b"iloc", &[&[1, 0, 0, 0, 0x44, 0, 0, 3], places.as_slice()].concat());
        boxed(b"meta", &[[0; 4].as_slice(), &items, &places, &boxed(b"idat", CAMERA)].concat())
    };
    let head = boxed(b"ftyp", b"heic\0\0\0\0mif1");
    let first = u32::try_from(head.len() + meta(0).len() + 8).unwrap();
    [head, meta(first), boxed(b"mdat", &[DATA, PLACE].concat()), boxed(b"mpvd", FILM)].concat()
}

const DATA: &[u8] = b"what the picture is made of";

fn clean(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    cleaned(Box::new(Cursor::new(bytes.to_vec())))?.read_to_end(&mut read)?;
    Ok(read)
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(bytes, what).is_some()
}

fn told(bytes: &[u8]) -> bool {
    [PLACE, CAMERA, FILM].iter().any(|what| holds(bytes, what))
}

fn shown(bytes: &[u8]) -> (DynamicImage, Orientation) {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().unwrap();
    let mut decoder = reader.into_decoder().unwrap();
    let turned = decoder.orientation().unwrap();
    (DynamicImage::from_decoder(decoder).unwrap(), turned)
}

#[test]
fn place_camera_and_film_go_and_the_picture_stays_the_way_up_it_is() {
    for made in [jpeg, png, webp] {
        for (number, turned) in
            [(1, Orientation::NoTransforms), (6, Orientation::Rotate90), (2, Orientation::FlipHorizontal)]
        {
            let before = made(number);
            assert!(told(&before));
            let after = clean(&before).unwrap();
            assert!(!told(&after), "{:?}", String::from_utf8_lossy(&after));
            let (was, is) = (shown(&before), shown(&after));
            assert_eq!((was.1, is.1), (turned, turned));
            assert!(was.0 == is.0, "the dots are the same");
            assert!(clean(&after).unwrap() == after, "nothing is left to be done");
        }
    }
    assert!(holds(&clean(&jpeg(1)).unwrap(), b"a profile") && holds(&clean(&png(1)).unwrap(), b"gAMA"));
}

#[test]
fn what_holds_no_notes_and_what_is_no_photo_keep_all_their_bits() {
    for bytes in [
        picture(ImageFormat::Jpeg),
        picture(ImageFormat::Png),
        picture(ImageFormat::WebP),
        [b"a letter about ".as_slice(), PLACE].concat(),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
        b"\xff\xd8".to_vec(),
        Vec::new(),
    ] {
        assert!(clean(&bytes).unwrap() == bytes);
    }
}

#[test]
fn notes_of_heic_are_blanked_where_they_lie() {
    let before = heic();
    let after = clean(&before).unwrap();
    assert!(told(&before) && !told(&after));
    assert_eq!(before.len(), after.len(), "all else is where it was");
    assert!(holds(&after, DATA) && holds(&after, b"iloc"));
    assert!(clean(&after).unwrap() == after);
}

#[test]
fn a_photo_that_was_cut_off_is_cleaned_as_far_as_it_goes() {
    for whole in [jpeg(6), png(6), webp(6)] {
        for length in 0..whole.len() {
            let after = clean(whole.get(..length).unwrap()).unwrap();
            assert!(!told(&after) && after.len() <= whole.len() + 64, "{length}");
        }
    }
}

#[test]
fn a_list_without_an_end_and_a_photo_of_a_million_notes_are_refused() {
    let many =
        [b"\xff\xd8".to_vec(), [segment(0xfe, b""), segment(0xdb, b"")].concat().repeat(PIECES)].concat();
    assert_eq!(clean(&many).unwrap_err().kind(), ErrorKind::InvalidData);
    // Sixty-five thousand parts of an item take no room in the list.
    let endless = boxed(b"iloc", &[1, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0xff, 0xff]);
    let items = boxed(
        b"iinf",
        &[&[0, 0, 0, 0, 0, 1], boxed(b"infe", b"\x02\0\0\0\0\x02\0\0Exif\0").as_slice()].concat(),
    );
    let meta = boxed(b"meta", &[[0; 4].as_slice(), &items, &endless].concat());
    let bad = [boxed(b"ftyp", b"heic\0\0\0\0"), meta].concat();
    assert_eq!(clean(&bad).unwrap_err().kind(), ErrorKind::InvalidData);
}

proptest! {
    #[test]
    fn whatever_is_made_of_a_photo_nothing_breaks(
        which in 0usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut bytes = [jpeg(6), png(6), webp(6), heic()].into_iter().nth(which).unwrap();
        for (at, value) in changes {
            *at.get_mut(&mut bytes) = value;
        }
        if let Ok(after) = clean(&bytes) {
            prop_assert!(after.len() <= bytes.len() + 64);
        }
    }
}
