//! An untrusted file becomes pixels, and pixels become a picture.
//!
//! Which format a file is in is read from its first bytes, and how many pixels it has from its header, before anything is decoded.
//! Left out: animation (the first frame stays) and colour profiles (pixels are taken for sRGB). Invariant: nothing of the file but its
//! pixels reaches the outcome, turned as its EXIF orientation says.

use crate::store::media::Format;
use campanile_core::FieldError;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbaImage};
use std::io::Cursor;

/// Most pixels that are decoded.
const MAX_PIXELS: u64 = 40_000_000;
/// Most bytes that a decoder may take: every pixel with four channels of 16 bits.
const MAX_DECODED_BYTES: u64 = MAX_PIXELS * 8;
/// Largest side that is decoded, which is the largest that JPEG and GIF can have.
const MAX_SIDE: u32 = 65_535;
/// Width of the large version, at most.
const LARGE_WIDTH: u32 = 1280;
/// Height of the large version, at most: more than any screen shows, and a bound for what drawing costs.
const LARGE_HEIGHT: u32 = 2560;
/// Width of the small version.
const SMALL_WIDTH: u32 = 640;
/// A JPEG of more bytes is tried again at the next lower quality.
const JPEG_BYTES: usize = 60_000;
/// Qualities of a JPEG, from the one that is wanted to the least.
const QUALITIES: [u8; 5] = [84, 76, 68, 60, 50];

/// A picture drawn anew.
#[derive(Debug)]
pub(super) struct Drawn {
    /// Format of both versions.
    pub(super) format: Format,
    /// The large version.
    pub(super) large: Vec<u8>,
    /// Its width.
    pub(super) width: u32,
    /// Its height.
    pub(super) height: u32,
    /// Width and bytes of the small version, where the large one is wider.
    pub(super) small: Option<(u32, Vec<u8>)>,
}

fn refused(message: impl Into<String>) -> FieldError {
    FieldError::new("file", message)
}

/// How many pixels a file says that it has, after checking that it is a picture of a kind and size that is taken.
pub(super) fn pixels(file: &[u8]) -> Result<u64, FieldError> {
    let (width, height) = open(file)?.dimensions();
    Ok(u64::from(width) * u64::from(height))
}

/// Draws the picture of a file anew, in one or two sizes.
pub(super) fn draw(file: &[u8]) -> Result<Drawn, FieldError> {
    let mut decoder = open(file)?;
    // Orientation is a courtesy of the file: one that cannot be read is none.
    let turn = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|fault| unreadable(&fault))?;
    let picture = eight_bits(picture);
    let (width, height) = (picture.width(), picture.height());
    // Shrunk before it is turned, for there is less to turn then.
    let mut picture = if is_sideways(turn) {
        let (high, wide) = fit(height, width);
        shrink(picture, wide, high)
    } else {
        let (wide, high) = fit(width, height);
        shrink(picture, wide, high)
    };
    picture.apply_orientation(turn);

    let (format, large) = encode(&picture);
    let (width, height) = (picture.width(), picture.height());
    let small = if width > SMALL_WIDTH {
        let picture = shrink(picture, SMALL_WIDTH, scale(height, SMALL_WIDTH, width));
        Some((SMALL_WIDTH, encode_as(format, &picture)))
    } else {
        None
    };
    Ok(Drawn {
        format,
        large,
        width,
        height,
        small,
    })
}

/// A decoder that has read the header only, of a picture that may be decoded.
fn open(file: &[u8]) -> Result<impl ImageDecoder + '_, FieldError> {
    let format = sniff(file)?;
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|fault| unreadable(&fault))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(too_many_pixels());
    }
    if format == ImageFormat::Jpeg && !reaches_its_end(file) {
        return Err(broken());
    }
    Ok(decoder)
}

/// The format by content.
fn sniff(file: &[u8]) -> Result<ImageFormat, FieldError> {
    use ImageFormat::{Gif, Jpeg, Png, WebP};
    if let Ok(format @ (Png | Jpeg | WebP | Gif)) = image::guess_format(file) {
        return Ok(format);
    }
    let beginning = String::from_utf8_lossy(&file[..file.len().min(1024)]).to_lowercase();
    if beginning.contains("<svg") {
        return Err(refused(
            "This is an SVG, which is not taken: an SVG is a document that can hold scripts, and this server would serve it under its \
             own name. Nothing was kept. Export it as PNG or WebP and upload that.",
        ));
    }
    if file.get(4..8) == Some(b"ftyp") {
        return Err(refused(
            "This is a HEIC or AVIF picture or a film, which is not taken. Nothing was kept. Export it as JPEG and upload that.",
        ));
    }
    Err(refused(
        "This is no PNG, JPEG, WebP or GIF, whatever its name says. Nothing was kept. Open it in an image editor, save it as PNG or \
         JPEG, and upload that.",
    ))
}

fn too_many_pixels() -> FieldError {
    refused(
        "This picture has more than 40 megapixels. Nothing was kept. Save it smaller, 1280 pixels wide is all that is shown, and upload \
         that.",
    )
}

fn broken() -> FieldError {
    refused(
        "This picture is damaged or cut off: it cannot be read to its end. Nothing was kept. Open it in an image editor, save it anew, \
         and upload that.",
    )
}

fn unreadable(fault: &ImageError) -> FieldError {
    match fault {
        ImageError::Limits(_) => too_many_pixels(),
        _ => broken(),
    }
}

/// Whether a JPEG has its end marker. The decoder is lenient and paints what is missing grey.
fn reaches_its_end(file: &[u8]) -> bool {
    let mut at = 2;
    loop {
        let rest = file.get(at..).unwrap_or_default();
        let Some(step) = rest.iter().position(|byte| *byte == 0xff) else {
            return false;
        };
        at += step;
        match file.get(at + 1) {
            None => return false,
            Some(0xd9) => return true,
            // Fill; then a byte of the picture, a marker without a length, or a restart.
            Some(0xff) => at += 1,
            Some(0x00 | 0x01 | 0xd0..=0xd8) => at += 2,
            Some(_) => {
                let Some(&[high, low]) = file.get(at + 2..at + 4) else {
                    return false;
                };
                at += 2 + usize::from(u16::from_be_bytes([high, low]));
            }
        }
    }
}

/// Three channels of 8 bits, or four if anything shines through. What nobody can see, the colours of wholly transparent pixels, goes.
fn eight_bits(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return DynamicImage::ImageRgb8(picture.into_rgb8());
    }
    let mut picture = picture.into_rgba8();
    for pixel in picture.pixels_mut().filter(|pixel| pixel.0[3] == 0) {
        pixel.0 = [0; 4];
    }
    if picture.pixels().any(|pixel| pixel.0[3] < u8::MAX) {
        DynamicImage::ImageRgba8(picture)
    } else {
        DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(picture).into_rgb8())
    }
}

fn is_sideways(turn: Orientation) -> bool {
    matches!(
        turn,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// `side` in the proportion of `to` to `from`, at least one pixel.
fn scale(side: u32, to: u32, from: u32) -> u32 {
    let (side, to, from) = (u64::from(side), u64::from(to), u64::from(from.max(1)));
    ((side * to + from / 2) / from).max(1) as u32
}

/// The size of the large version of a picture of that size.
fn fit(width: u32, height: u32) -> (u32, u32) {
    let (width, height) = if width > LARGE_WIDTH {
        (LARGE_WIDTH, scale(height, LARGE_WIDTH, width))
    } else {
        (width, height)
    };
    if height > LARGE_HEIGHT {
        (scale(width, LARGE_HEIGHT, height), LARGE_HEIGHT)
    } else {
        (width, height)
    }
}

/// The picture in that size.
fn shrink(picture: DynamicImage, width: u32, height: u32) -> DynamicImage {
    if (picture.width(), picture.height()) == (width, height) {
        return picture;
    }
    let filter = FilterType::Lanczos3;
    match picture {
        // A transparent pixel has a colour too, which nobody sees and which would bleed into its neighbours.
        DynamicImage::ImageRgba8(mut picture) => {
            weigh(&mut picture);
            let small = DynamicImage::ImageRgba8(picture).resize_exact(width, height, filter);
            let mut small = small.into_rgba8();
            unweigh(&mut small);
            DynamicImage::ImageRgba8(small)
        }
        other => other.resize_exact(width, height, filter),
    }
}

/// Multiplies each colour by its alpha.
fn weigh(picture: &mut RgbaImage) {
    for pixel in picture.pixels_mut() {
        let alpha = u32::from(pixel.0[3]);
        for colour in &mut pixel.0[..3] {
            *colour = ((u32::from(*colour) * alpha + 127) / 255) as u8;
        }
    }
}

/// Divides each colour by its alpha.
fn unweigh(picture: &mut RgbaImage) {
    for pixel in picture.pixels_mut() {
        let alpha = u32::from(pixel.0[3]);
        for colour in &mut pixel.0[..3] {
            let whole = (u32::from(*colour) * 255 + alpha / 2).checked_div(alpha);
            *colour = whole.unwrap_or(0).min(255) as u8;
        }
    }
}

/// The picture in the format that suits it.
fn encode(picture: &DynamicImage) -> (Format, Vec<u8>) {
    if !picture.color().has_alpha() {
        return (Format::Jpeg, encode_as(Format::Jpeg, picture));
    }
    let webp = encode_as(Format::WebP, picture);
    let png = encode_as(Format::Png, picture);
    if png.len() < webp.len() {
        (Format::Png, png)
    } else {
        (Format::WebP, webp)
    }
}

fn encode_as(format: Format, picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = match format {
        Format::Png => picture.write_with_encoder(PngEncoder::new(&mut bytes)),
        Format::WebP => picture.write_with_encoder(WebPEncoder::new_lossless(&mut bytes)),
        Format::Jpeg => QUALITIES.iter().try_for_each(|quality| {
            if !bytes.is_empty() && bytes.len() <= JPEG_BYTES {
                return Ok(());
            }
            bytes.clear();
            picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, *quality))
        }),
    };
    written
        .expect("a picture of at most 1280 by 2560 pixels fits into each format, and memory takes its bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_their_proportion() {
        for (size, fitted) in [
            ((1280, 2560), (1280, 2560)),
            ((640, 10), (640, 10)),
            ((5000, 3000), (1280, 768)),
            ((1000, 40_000), (64, 2560)),
            ((40_000, 1), (1280, 1)),
        ] {
            assert_eq!(fit(size.0, size.1), fitted);
        }
    }

    #[test]
    fn hidden_colours_do_not_bleed() {
        // Left half opaque white, right half a red that is wholly transparent.
        let picture = RgbaImage::from_fn(40, 4, |x, _| {
            image::Rgba(if x < 20 { [255; 4] } else { [255, 0, 0, 0] })
        });
        let small = shrink(DynamicImage::ImageRgba8(picture), 7, 1).into_rgba8();
        for pixel in small.pixels().filter(|pixel| pixel.0[3] > 0) {
            assert!(pixel.0[1] > 250, "{pixel:?} is reddish");
        }
    }

    #[test]
    fn a_jpeg_without_its_end_is_noticed() {
        let whole = [
            0xff, 0xd8, 0xff, 0xe1, 0, 4, 0xff, 0xd9, 0xff, 0xda, 0, 2, 7, 0xff, 0, 0xff, 0xd0, 7, 0xff, 0xd9,
        ];
        assert!(reaches_its_end(&whole));
        for length in 0..whole.len() {
            assert!(!reaches_its_end(&whole[..length]), "{length}");
        }
    }
}
