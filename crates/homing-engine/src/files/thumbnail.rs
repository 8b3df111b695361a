//! Small pictures that travel inside a message: made on the sender's device, looked at before they are shown.

use std::io::Cursor;

use data_encoding::BASE64;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, Rgb, RgbImage};

/// Dots on a side of a small picture, from anybody.
const SIDE: usize = 640;
/// Bytes of a picture that a small one is made of.
pub(super) const MADE_OF: u64 = 24 * 1024 * 1024;
/// Bytes that unpacking it may take.
const UNPACKED: u64 = 160 * 1024 * 1024;
/// Bytes of a small picture made here: many of them go with one message.
const SMALL: usize = 4 * 1024;
/// Bytes of all small pictures of one message.
const TOGETHER: usize = 56 * 1024;
/// Sides and qualities to try, best first.
const TRIES: [(u32, u8); 5] = [(256, 60), (256, 40), (192, 40), (128, 40), (96, 30)];

/// A small picture of a larger one, and which way up the larger one is shown.
pub(super) struct Made {
    pub jpeg: Vec<u8>,
    /// Its height is shown as its width.
    pub turned: bool,
}

/// Makes a small picture. Nothing is made of what is no picture, or unpacks to too much.
pub(super) fn make(bytes: &[u8]) -> Option<Made> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(30_000);
    limits.max_image_height = Some(30_000);
    limits.max_alloc = Some(UNPACKED);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    if decoder.total_bytes() > UNPACKED {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).ok()?;
    let largest = TRIES.first().map_or(1, |(side, _)| *side);
    // Smaller first, turned then: that is less work. What is small already is not made larger.
    let fits = picture.width() <= largest && picture.height() <= largest;
    let mut small = if fits { picture } else { picture.thumbnail(largest, largest) };
    small.apply_orientation(orientation);
    let turned = matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    TRIES.iter().find_map(|(side, quality)| {
        let fits = small.width() <= *side && small.height() <= *side;
        let tried = if fits { small.clone() } else { small.thumbnail(*side, *side) };
        let jpeg = encode(&tried, *quality)?;
        (jpeg.len() <= SMALL).then_some(Made { jpeg, turned })
    })
}

/// A small picture of a picture that came from anywhere.
pub(crate) fn small_picture(bytes: &[u8]) -> Option<Vec<u8>> {
    make(bytes).map(|made| made.jpeg)
}

/// On white where it lets through: a small picture has no other ground.
fn encode(picture: &DynamicImage, quality: u8) -> Option<Vec<u8>> {
    let rgba = picture.to_rgba8();
    let mut rgb = RgbImage::new(rgba.width(), rgba.height());
    for (from, to) in rgba.pixels().zip(rgb.pixels_mut()) {
        let [r, g, b, a] = from.0;
        let over = |colour: u8| {
            let mixed = u32::from(colour) * u32::from(a) + 255 * (255 - u32::from(a));
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        *to = Rgb([over(r), over(g), over(b)]);
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(&rgb).ok()?;
    Some(jpeg)
}

/// Leaves out small pictures that would not fit one message together, the last ones first.
pub(crate) fn fit_together<'a>(pictures: impl Iterator<Item = &'a mut Option<minicbor::bytes::ByteVec>>) {
    let mut room = TOGETHER;
    for picture in pictures {
        match picture.as_ref().map(|bytes| bytes.len()) {
            Some(length) if length > room => *picture = None,
            Some(length) => room -= length,
            None => {}
        }
    }
}

/// A small picture that can be shown: of a kind every window knows, and not more than it seems.
pub(crate) fn thumbnail(bytes: &[u8]) -> Option<Vec<u8>> {
    kind(bytes).map(|_| bytes.to_vec())
}

/// The address of a picture that holds the picture itself.
pub(crate) fn thumbnail_url(bytes: &[u8]) -> Option<String> {
    kind(bytes).map(|kind| format!("data:{kind};base64,{}", BASE64.encode(bytes)))
}

fn kind(bytes: &[u8]) -> Option<&'static str> {
    let kind = match imagesize::image_type(bytes).ok()? {
        imagesize::ImageType::Jpeg => "image/jpeg",
        imagesize::ImageType::Png => "image/png",
        imagesize::ImageType::Webp => "image/webp",
        _ => return None,
    };
    let size = imagesize::blob_size(bytes).ok()?;
    let fits = bytes.len() <= homing_model::limits::THUMBNAIL && size.width <= SIDE && size.height <= SIDE;
    fits.then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(width: u32, height: u32) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, y| {
            Rgb([(x % 256) as u8, (y % 256) as u8, ((x * y) % 251) as u8])
        });
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(picture).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_small_picture_is_a_few_kilobytes_and_can_be_shown() {
        let made = make(&photo(1600, 1200)).unwrap();
        assert!(made.jpeg.len() <= SMALL && !made.turned);
        let size = imagesize::blob_size(&made.jpeg).unwrap();
        assert!(size.width <= 256 && size.height < size.width);
        assert_eq!(thumbnail(&made.jpeg).as_deref(), Some(made.jpeg.as_slice()));
        assert!(thumbnail_url(&made.jpeg).unwrap().starts_with("data:image/jpeg;base64,"));
    }

    #[test]
    fn a_bomb_and_what_is_no_picture_make_nothing() {
        let mut bomb = photo(8, 8);
        bomb[16..24].copy_from_slice(&[0, 0, 0x70, 0, 0, 0, 0x70, 0]);
        for bytes in
            [bomb, b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), Vec::new(), vec![0xff; 999]]
        {
            assert!(make(&bytes).is_none());
        }
    }

    #[test]
    fn what_another_calls_a_small_picture_is_looked_at_first() {
        for bytes in [photo(2000, 10), b"<svg/>".to_vec(), vec![0; 20_000], Vec::new()] {
            assert!(thumbnail(&bytes).is_none() && thumbnail_url(&bytes).is_none());
        }
    }

    #[test]
    fn small_pictures_of_one_message_have_room_together() {
        let mut pictures = vec![Some(vec![0; SMALL].into()); 20];
        fit_together(pictures.iter_mut());
        assert_eq!(pictures.iter().filter(|picture| picture.is_some()).count(), TOGETHER / SMALL);
        assert!(pictures.first().unwrap().is_some());
    }
}
