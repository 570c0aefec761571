//! Uploaded pictures: what is taken, what is made of it, who sees it, and when it goes.
//!
//! Every picture is made here. Left out: what the editor does with one (`e2e/`).

use crate::bed::{ACCOUNT, Answer, Bed};
use crate::dashboard::Person;
use crate::engines;
use campanile_core::id::AccountId;
use campanile_core::time::Zone;
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::{Value, json};
use std::io::Cursor;

engines!(
    pictures_come_back_in_two_sizes,
    what_shines_through_stays_so,
    a_photo_is_turned_and_keeps_its_secrets,
    only_the_first_frame_of_a_gif_is_kept,
    what_is_no_picture_is_refused_with_a_remedy,
    the_same_picture_is_kept_once_and_listed_in_pages,
    an_account_sees_its_own_pictures,
    a_picture_in_use_is_not_deleted,
    the_editors_form_uploads,
);

const RED: [u8; 3] = [200, 30, 30];
const BLUE: [u8; 3] = [30, 30, 200];

/// Left half red, right half blue.
fn halves(width: u32, height: u32) -> DynamicImage {
    let colour = |x| if x < width / 2 { RED } else { BLUE };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| Rgb(colour(x))))
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn is_near(found: [u8; 3], wanted: [u8; 3]) -> bool {
    found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 24)
}

/// A PNG of that size as its header has it, and nothing else in it.
fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for chunk in [&header[..], b"IDAT\x78\x9c", b"IEND"] {
        png.extend((chunk.len() as u32 - 4).to_be_bytes());
        png.extend(chunk);
        png.extend(crc(chunk).to_be_bytes());
    }
    png
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

/// The JPEG with an EXIF segment that turns it and names a place, and a comment.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"my secret garden");
    let mut all = jpeg[..2].to_vec();
    for (marker, segment) in [(0xe1, &exif[..]), (0xfe, b"my secret name")] {
        all.extend([0xff, marker]);
        all.extend((segment.len() as u16 + 2).to_be_bytes());
        all.extend(segment);
    }
    all.extend(&jpeg[2..]);
    all
}

async fn upload_as(bed: &Bed, key: &str, query: &str, file: Vec<u8>) -> Answer {
    // The declared type is wrong on purpose: it is not believed.
    let headers = [
        ("authorization", &*format!("Bearer {key}")),
        ("content-type", "text/html"),
    ];
    bed.send("POST", &format!("/api/v1/media{query}"), &headers, file)
        .await
}

async fn upload(bed: &Bed, file: Vec<u8>) -> Value {
    let answer = upload_as(bed, &bed.key, "", file).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

/// Path of an address of this server.
fn path(url: &Value) -> String {
    let url = url::Url::parse(url.as_str().unwrap()).unwrap();
    url.path().to_owned()
}

async fn fetch(bed: &Bed, url: &Value) -> (Answer, DynamicImage) {
    let answer = bed.send("GET", &path(url), &[], Vec::new()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let picture = image::load_from_memory(&answer.bytes).unwrap();
    (answer, picture)
}

async fn pictures_come_back_in_two_sizes(bed: &Bed) {
    let photo = halves(1600, 1200);
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let made = upload(bed, written(&photo, format)).await;
        assert_eq!(
            (&made["width"], &made["height"], &made["type"]),
            (&json!(1280), &json!(960), &json!("image/jpeg")),
            "{made}"
        );
        let base = format!(
            "http://{}/media/{ACCOUNT}/{}",
            bed.running.address,
            made["hash"].as_str().unwrap()
        );
        assert_eq!(made["url"], format!("{base}.jpg"));
        assert_eq!(made["small"]["url"], format!("{base}-small.jpg"));
        for (version, size) in [(&made, (1280, 960)), (&made["small"], (640, 480))] {
            let (answer, picture) = fetch(bed, &version["url"]).await;
            assert_eq!(version["bytes"], answer.bytes.len());
            assert!(answer.bytes.len() <= 60_000, "{}", answer.bytes.len());
            assert_eq!((picture.width(), picture.height()), size);
            let picture = picture.into_rgb8();
            assert!(is_near(picture.get_pixel(9, 9).0, RED));
            assert!(is_near(picture.get_pixel(size.0 - 9, 9).0, BLUE));
            for (header, value) in [
                ("content-type", "image/jpeg"),
                ("cache-control", "public, max-age=31536000, immutable"),
                ("x-content-type-options", "nosniff"),
                ("cross-origin-resource-policy", "cross-origin"),
                ("access-control-allow-origin", "*"),
                ("content-security-policy", "default-src 'none'; sandbox"),
            ] {
                assert_eq!(answer.header(header), value, "{header}");
            }
            let tag = [("if-none-match", answer.header("etag"))];
            let again = bed.send("GET", &path(&version["url"]), &tag, Vec::new()).await;
            assert_eq!((again.status, again.bytes.len()), (304, 0));
        }
    }
    // Noise does not get under 60 kB, however low the quality.
    let mut state = 1_u32;
    let noise = RgbImage::from_fn(400, 400, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, a, b, c] = state.to_le_bytes();
        Rgb([a, b, c])
    });
    let made = upload(bed, written(&DynamicImage::ImageRgb8(noise), ImageFormat::Png)).await;
    assert!(made["bytes"].as_u64().unwrap() > 60_000, "{made}");
    let tiny = upload(bed, written(&halves(3, 1), ImageFormat::Png)).await;
    assert_eq!((&tiny["width"], &tiny["small"]), (&json!(3), &Value::Null));
}

async fn what_shines_through_stays_so(bed: &Bed) {
    let disc = DynamicImage::ImageRgba8(RgbaImage::from_fn(1600, 800, |x, y| {
        let far = x.abs_diff(800).pow(2) + y.abs_diff(400).pow(2) > 300 * 300;
        Rgba(if far { [9, 200, 9, 0] } else { [200, 30, 30, 128] })
    }));
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let made = upload(bed, written(&disc, format)).await;
        let kind = made["type"].as_str().unwrap();
        assert!(matches!(kind, "image/webp" | "image/png"), "{made}");
        for (version, width) in [(&made, 1280), (&made["small"], 640)] {
            let (answer, picture) = fetch(bed, &version["url"]).await;
            assert_eq!(answer.header("content-type"), kind);
            assert_eq!((picture.width(), picture.height()), (width, width / 2));
            let picture = picture.into_rgba8();
            assert_eq!(picture.get_pixel(0, 0).0, [0; 4], "what nobody sees is not kept");
            let [r, g, b, alpha] = picture.get_pixel(width / 2, width / 4).0;
            assert!(
                alpha.abs_diff(128) < 3 && is_near([r, g, b], RED),
                "{:?}",
                (r, g, b, alpha)
            );
        }
    }
    // An alpha channel in which nothing shines through is none.
    let opaque = DynamicImage::ImageRgba8(halves(100, 100).into_rgba8());
    assert_eq!(
        upload(bed, written(&opaque, ImageFormat::Png)).await["type"],
        "image/jpeg"
    );
}

async fn a_photo_is_turned_and_keeps_its_secrets(bed: &Bed) {
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, 95);
    halves(1600, 800).write_with_encoder(encoder).unwrap();
    let photo = with_exif(&jpeg, 6);
    // A quarter turn clockwise: what was left is on top.
    let made = upload(bed, photo).await;
    assert_eq!((&made["width"], &made["height"]), (&json!(800), &json!(1600)));
    let (answer, picture) = fetch(bed, &made["url"]).await;
    let picture = picture.into_rgb8();
    assert!(is_near(picture.get_pixel(400, 100).0, RED) && is_near(picture.get_pixel(400, 1500).0, BLUE));
    for trace in ["Exif", "secret"] {
        assert!(!answer.body.contains(trace), "{trace}");
    }
    // A page behind a picture's end goes as well.
    let mut polyglot = written(&halves(40, 40), ImageFormat::Png);
    polyglot.extend(b"<!doctype html><script>alert(1)</script>");
    let made = upload(bed, polyglot).await;
    let (answer, _) = fetch(bed, &made["url"]).await;
    assert!(!answer.body.contains("script"));
}

async fn only_the_first_frame_of_a_gif_is_kept(bed: &Bed) {
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new(&mut gif);
    for colour in [RED, BLUE] {
        let [r, g, b] = colour;
        let frame = Frame::new(RgbaImage::from_pixel(50, 20, Rgba([r, g, b, 255])));
        encoder.encode_frame(frame).unwrap();
    }
    drop(encoder);
    let made = upload(bed, gif).await;
    assert_eq!(made["type"], "image/jpeg");
    let (_, picture) = fetch(bed, &made["url"]).await;
    assert!(is_near(picture.into_rgb8().get_pixel(25, 10).0, RED));
}

async fn what_is_no_picture_is_refused_with_a_remedy(bed: &Bed) {
    let png = written(&halves(300, 300), ImageFormat::Png);
    let jpeg = written(&halves(300, 300), ImageFormat::Jpeg);
    let webp = written(&halves(300, 300), ImageFormat::WebP);
    let cut = |bytes: &[u8]| bytes[..bytes.len() - bytes.len() / 3].to_vec();
    let mut headed = b"\x89PNG\r\n\x1a\n".to_vec();
    headed.extend(b"<html><script>alert(1)</script></html>");
    let svg = br#"<?xml version="1.0"?><!-- jug --><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    let mut large = png.clone();
    large.resize(5 * 1024 * 1024 + 1, 0);
    let mut endless = png.clone();
    endless.resize(12 * 1024 * 1024, 0);
    for (what, file, words) in [
        ("nothing", Vec::new(), "Choose a picture"),
        ("too large", large, "larger than 5 MiB"),
        ("far too large", endless, "larger than 5 MiB"),
        (
            "a bomb",
            png_that_claims(60_000, 60_000),
            "more than 40 megapixels",
        ),
        (
            "a strip",
            png_that_claims(30_000_000, 1),
            "more than 40 megapixels",
        ),
        ("an empty one", png_that_claims(100, 100), "damaged or cut off"),
        ("a cut PNG", cut(&png), "damaged or cut off"),
        ("a cut JPEG", cut(&jpeg), "damaged or cut off"),
        ("a cut WebP", cut(&webp), "damaged or cut off"),
        (
            "a page",
            b"<!doctype html><title>x</title>".to_vec(),
            "no PNG, JPEG, WebP or GIF",
        ),
        ("a page headed as PNG", headed, "damaged or cut off"),
        ("an SVG", svg.to_vec(), "can hold scripts"),
        (
            "a HEIC",
            b"\0\0\0\x18ftypheic\0\0\0\0".to_vec(),
            "Export it as JPEG",
        ),
        (
            "a BMP",
            b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0".to_vec(),
            "no PNG, JPEG, WebP or GIF",
        ),
    ] {
        let answer = upload_as(bed, &bed.key, "?name=jug.png", file).await;
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status, &error["field"]),
            (422, &json!("file")),
            "{what}: {error}"
        );
        assert!(
            error["message"].as_str().unwrap().contains(words),
            "{what}: {error}"
        );
    }
    assert_eq!(bed.get("/media").await, json!({"media": [], "next": null}));
}

async fn the_same_picture_is_kept_once_and_listed_in_pages(bed: &Bed) {
    let file = |width| written(&halves(width, 10), ImageFormat::Png);
    let first = upload_as(bed, &bed.key, "?name=folder%2Fjug.png", file(10))
        .await
        .json();
    assert_eq!(
        (&first["name"], &first["created_at"]),
        (&json!("jug.png"), &json!(bed.now()))
    );
    bed.pass(1000);
    let again = upload_as(bed, &bed.key, "?name=other.png", file(10)).await.json();
    assert_eq!(again, first);
    // Two at the same moment, then a newer one.
    for width in [20, 30] {
        upload(bed, file(width)).await;
    }
    bed.pass(1000);
    upload(bed, file(40)).await;
    let mut widths = Vec::new();
    let mut next = String::new();
    for page in 1.. {
        let list = bed.get(&format!("/media?limit=1{next}")).await;
        assert_eq!(list["media"].as_array().unwrap().len(), 1);
        widths.push(list["media"][0]["width"].as_u64().unwrap());
        let Some(more) = list["next"].as_str() else {
            assert_eq!(page, 4);
            break;
        };
        next = format!("&before={more}");
    }
    assert_eq!((widths[0], widths[3]), (40, 10));
    widths.sort_unstable();
    assert_eq!(widths, [10, 20, 30, 40]);
    assert_eq!(bed.get("/media").await["media"][3], first);
    for nonsense in ["x", "5-x", "-"] {
        bed.api("GET", &format!("/media?before={nonsense}"), Value::Null, 400)
            .await;
    }
}

async fn an_account_sees_its_own_pictures(bed: &Bed) {
    let made = upload(bed, written(&halves(10, 10), ImageFormat::Png)).await;
    let hash = made["hash"].as_str().unwrap();
    let other = AccountId::parse("TEST-0002").unwrap();
    let launch = &bed.running.app.launch;
    launch
        .create_account("Elsewhere", Some(other.clone()), Zone::utc())
        .await
        .unwrap();
    let (_, key) = launch.create_api_key(&other, "Tests").await.unwrap();
    let bearer = format!("Bearer {key}");
    let with = [("authorization", &*bearer)];
    let listed = bed.send("GET", "/api/v1/media", &with, Vec::new()).await.json();
    assert_eq!(listed["media"], json!([]));
    let removed = bed
        .send("DELETE", &format!("/api/v1/media/{hash}"), &with, Vec::new())
        .await;
    assert_eq!(
        (removed.status, &removed.json()["error"]["code"]),
        (404, &json!("media_unknown"))
    );
    let none = "0".repeat(64);
    for path in [
        format!("/media/TEST-0002/{hash}.jpg"),
        format!("/media/{ACCOUNT}/{hash}.png"),
        format!("/media/{ACCOUNT}/{hash}"),
        format!("/media/{ACCOUNT}/{hash}-small.jpg"),
        format!("/media/{ACCOUNT}/{none}.jpg"),
        format!("/media/{ACCOUNT}/%00.jpg"),
        format!("/media/../{hash}.jpg"),
    ] {
        let answer = bed.send("GET", &path, &[], Vec::new()).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    fetch(bed, &made["url"]).await;
    let without = bed
        .send(
            "POST",
            "/api/v1/media",
            &[],
            written(&halves(9, 9), ImageFormat::Png),
        )
        .await;
    assert_eq!(without.status, 401);
}

async fn a_picture_in_use_is_not_deleted(bed: &Bed) {
    let made = upload(bed, written(&halves(10, 10), ImageFormat::Png)).await;
    let hash = made["hash"].as_str().unwrap();
    let popup = json!({"title": "Blue jugs", "image": {"url": made["url"], "alt": "A jug"}});
    let definition = json!({"name": "Autumn “sale”", "kind": "popup", "popup": popup});
    let id = bed.api("POST", "/campaigns", definition, 201).await["id"].clone();
    let refused = bed
        .api("DELETE", &format!("/media/{hash}"), Value::Null, 409)
        .await;
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains(&format!("“Autumn “sale”” ({id})")), "{message}");
    fetch(bed, &made["url"]).await;
    bed.api("DELETE", &format!("/campaigns/{id}"), Value::Null, 204)
        .await;
    bed.api("DELETE", &format!("/media/{hash}"), Value::Null, 204)
        .await;
    bed.api("DELETE", &format!("/media/{hash}"), Value::Null, 404)
        .await;
    bed.api("DELETE", "/media/%25", Value::Null, 404).await;
    let gone = bed.send("GET", &path(&made["url"]), &[], Vec::new()).await;
    assert_eq!((gone.status, gone.header("cache-control")), (404, "no-store"));
}

fn multipart(fields: &[(&str, &str)], file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .bytes(),
        );
    }
    body.extend(
        b"--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"jug.png\"\r\nContent-Type: image/png\r\n\r\n",
    );
    body.extend(file);
    body.extend(b"\r\n--frontier--\r\n");
    body
}

async fn the_editors_form_uploads(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let png = written(&halves(10, 10), ImageFormat::Png);
    let send = async |cookie: &str, accept: &str, body: Vec<u8>| {
        let headers = [
            ("content-type", "multipart/form-data; boundary=frontier"),
            ("cookie", cookie),
            ("accept", accept),
        ];
        bed.send("POST", "/campaigns/media", &headers, body).await
    };
    let token = ("csrf", person.csrf.as_str());
    let good = send(&person.cookie, "application/json", multipart(&[token], &png)).await;
    assert_eq!(good.status, 200, "{}", good.body);
    let made = good.json();
    assert_eq!(
        (&made["name"], &made["width"], &made["height"], &made["type"]),
        (&json!("jug.png"), &json!(10), &json!(10), &json!("image/jpeg"))
    );
    fetch(bed, &made["url"]).await;
    let hash = made["hash"].as_str().unwrap();
    for (back, location) in [
        (
            "/campaigns/new?kind=popup#image",
            format!("/campaigns/new?kind=popup&media={hash}"),
        ),
        ("//evil.example.com", format!("/overview?media={hash}")),
    ] {
        let answer = send(
            &person.cookie,
            "text/html",
            multipart(&[token, ("return", back)], &png),
        )
        .await;
        assert_eq!((answer.status, answer.header("location")), (303, &*location));
    }
    let mut large = png.clone();
    large.resize(6 * 1024 * 1024, 0);
    for (what, cookie, fields, file, status) in [
        ("no token", &*person.cookie, &[][..], &png, 403),
        (
            "a wrong token",
            &*person.cookie,
            &[("csrf", "made-up")],
            &large,
            403,
        ),
        ("nobody", "", &[token], &png, 401),
        ("no picture", &*person.cookie, &[token], &b"text".to_vec(), 422),
        ("too large", &*person.cookie, &[token], &large, 422),
    ] {
        let answer = send(cookie, "application/json", multipart(fields, file)).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        let field = answer.json()["error"]["field"].clone();
        assert_eq!(
            field,
            if status == 422 { json!("file") } else { Value::Null },
            "{what}"
        );
    }
    let page = send(&person.cookie, "text/html", multipart(&[token], b"<svg/>")).await;
    assert!(
        page.status == 422 && page.body.contains("can hold scripts"),
        "{}",
        page.body
    );
    assert_eq!(bed.get("/media").await["media"].as_array().unwrap().len(), 1);
}
