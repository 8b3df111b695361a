//! Photos for the demo's properties, painted in code: houses from the street and rooms by daylight.
//!
//! A scene is 300 units wide and 200 high. It is painted at twice its size and made smaller, so that no edge has steps.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, RgbImage, imageops};
use serde::Deserialize;

const WIDTH: f32 = 300.0;
const HEIGHT: f32 = 200.0;
/// Dots of a unit while it is painted, and in the photo.
const FINE: f32 = 4.0;
const COARSE: u32 = 2;
const QUALITY: u8 = 84;

/// Red, green, blue.
type Colour = [u8; 3];
/// Left, top, right, bottom.
type Box4 = (f32, f32, f32, f32);

const WHITE: Colour = [252, 252, 250];
const SHADE: Colour = [22, 26, 34];
const LEAVES: [Colour; 3] = [[74, 110, 62], [94, 133, 74], [122, 158, 92]];

/// What is on a photo.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Photo {
    TownHouse,
    HarbourHouse,
    CanalHouse,
    Cottage,
    LivingRoom,
    BrightRoom,
    Kitchen,
    Attic,
    Garden,
}

impl Photo {
    pub fn name(self) -> &'static str {
        match self {
            Self::TownHouse | Self::HarbourHouse | Self::CanalHouse => "Street side.jpg",
            Self::Cottage => "From the lane.jpg",
            Self::LivingRoom | Self::BrightRoom => "Living room.jpg",
            Self::Kitchen => "Kitchen.jpg",
            Self::Attic => "Under the roof.jpg",
            Self::Garden => "Garden.jpg",
        }
    }

    /// The photo's bytes, JPEG; empty if it can't be encoded.
    pub fn jpeg(self) -> Vec<u8> {
        let mut canvas = Canvas(RgbImage::new((WIDTH * FINE) as u32, (HEIGHT * FINE) as u32));
        match self {
            Self::TownHouse => town(&mut canvas, &TOWN),
            Self::HarbourHouse => town(&mut canvas, &HARBOUR),
            Self::CanalHouse => town(&mut canvas, &CANAL),
            Self::Cottage => cottage(&mut canvas),
            Self::LivingRoom => room(&mut canvas, &WARM),
            Self::BrightRoom => room(&mut canvas, &BRIGHT),
            Self::Kitchen => kitchen(&mut canvas),
            Self::Attic => attic(&mut canvas),
            Self::Garden => garden(&mut canvas),
        }
        let (width, height) = (WIDTH as u32 * COARSE, HEIGHT as u32 * COARSE);
        let small = DynamicImage::ImageRgb8(imageops::thumbnail(&canvas.0, width, height));
        let mut jpeg = Vec::new();
        match small.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY)) {
            Ok(()) => jpeg,
            Err(_) => Vec::new(),
        }
    }
}

/// A picture while it is painted.
struct Canvas(RgbImage);

impl Canvas {
    /// Lays a colour over a part of a line: `part` 1 covers what is there.
    fn span(&mut self, row: u32, from: f32, to: f32, colour: Colour, part: f32) {
        let width = self.0.width();
        let at = |x: f32| ((x * FINE).round().max(0.0) as u32).min(width);
        let (from, to) = (at(from), at(to));
        if row >= self.0.height() || from >= to {
            return;
        }
        let start = (row * width + from) as usize * 3;
        let length = (to - from) as usize * 3;
        let dots = self.0.get_mut(start..start + length).unwrap_or_default();
        if part >= 1.0 {
            return dots.copy_from_slice(&colour.repeat(dots.len() / 3));
        }
        for (dot, over) in dots.iter_mut().zip(colour.iter().cycle()) {
            *dot = mixed(*dot, *over, part);
        }
    }

    /// The rows of the picture between two heights, with the height in the middle of each.
    fn rows(top: f32, bottom: f32) -> impl Iterator<Item = (u32, f32)> {
        let first = (top * FINE).round().max(0.0) as u32;
        let last = (bottom * FINE).round().clamp(0.0, HEIGHT * FINE) as u32;
        (first..last).map(|row| (row, (row as f32 + 0.5) / FINE))
    }

    fn fill(&mut self, (left, top, right, bottom): Box4, colour: Colour) {
        for (row, _) in Self::rows(top, bottom) {
            self.span(row, left, right, colour, 1.0);
        }
    }

    /// One colour above, another below, and all between.
    fn sweep(&mut self, (left, top, right, bottom): Box4, above: Colour, below: Colour) {
        for (row, y) in Self::rows(top, bottom) {
            let part = (y - top) / (bottom - top);
            let [r, g, b] = above;
            let [to_r, to_g, to_b] = below;
            let colour = [mixed(r, to_r, part), mixed(g, to_g, part), mixed(b, to_b, part)];
            self.span(row, left, right, colour, 1.0);
        }
    }

    /// Light or shade on what is there.
    fn veil(&mut self, (left, top, right, bottom): Box4, colour: Colour, part: f32) {
        for (row, _) in Self::rows(top, bottom) {
            self.span(row, left, right, colour, part);
        }
    }

    fn disc(&mut self, (x, y): (f32, f32), (wide, high): (f32, f32), colour: Colour, part: f32) {
        for (row, at) in Self::rows(y - high, y + high) {
            let off = (at - y) / high;
            let half = wide * (1.0 - off * off).max(0.0).sqrt();
            self.span(row, x - half, x + half, colour, part);
        }
    }

    /// What straight lines from corner to corner enclose.
    fn shape(&mut self, corners: &[(f32, f32)], colour: Colour, part: f32) {
        let top = corners.iter().map(|(_, y)| *y).fold(HEIGHT, f32::min);
        let bottom = corners.iter().map(|(_, y)| *y).fold(0.0, f32::max);
        let sides = || corners.iter().zip(corners.iter().cycle().skip(1));
        for (row, at) in Self::rows(top, bottom) {
            let mut cuts: Vec<f32> = sides()
                .filter(|((_, y), (_, next_y))| (*y <= at) != (*next_y <= at))
                .map(|((x, y), (next_x, next_y))| x + (at - y) / (next_y - y) * (next_x - x))
                .collect();
            cuts.sort_by(f32::total_cmp);
            for pair in cuts.chunks_exact(2) {
                if let [from, to] = pair {
                    self.span(row, *from, *to, colour, part);
                }
            }
        }
    }

    /// A window with what it shows of the sky, a frame and a sill.
    fn window(&mut self, (left, top, right, bottom): Box4, frame: Colour) {
        self.fill((left - 1.5, top - 1.5, right + 1.5, bottom + 1.5), frame);
        self.sweep((left, top, right, bottom), [84, 104, 122], [150, 172, 184]);
        let wide = right - left;
        let corners = [
            (left + wide * 0.15, bottom),
            (left + wide * 0.55, top),
            (left + wide * 0.8, top),
            (left + wide * 0.4, bottom),
        ];
        self.shape(&corners, WHITE, 0.16);
        let middle = (left + right) / 2.0;
        self.fill((middle - 0.5, top, middle + 0.5, bottom), frame);
        self.fill((left - 2.5, bottom + 1.5, right + 2.5, bottom + 3.0), WHITE);
        self.veil((left - 2.5, bottom + 3.0, right + 2.5, bottom + 4.5), SHADE, 0.22);
    }

    fn tree(&mut self, x: f32, foot: f32, size: f32) {
        self.fill((x - size * 0.05, foot - size * 0.6, x + size * 0.05, foot), [92, 72, 56]);
        let [dark, middle, light] = LEAVES;
        for (dx, dy, r, colour) in [
            (-0.22, 0.72, 0.26, dark),
            (0.22, 0.74, 0.27, dark),
            (0.0, 0.92, 0.3, middle),
            (-0.1, 1.0, 0.2, light),
            (0.14, 0.8, 0.16, middle),
        ] {
            self.disc((x + dx * size, foot - dy * size), (r * size, r * size), colour, 1.0);
        }
    }

    fn sky(&mut self, horizon: f32, above: Colour, below: Colour) {
        self.sweep((0.0, 0.0, WIDTH, horizon), above, below);
        for (x, y, wide) in [(52.0, 34.0, 34.0), (82.0, 40.0, 26.0), (232.0, 24.0, 40.0), (262.0, 30.0, 24.0)]
        {
            self.disc((x, y), (wide, 5.0), WHITE, 0.5);
        }
    }
}

fn mixed(from: u8, to: u8, part: f32) -> u8 {
    (f32::from(from) + (f32::from(to) - f32::from(from)) * part.clamp(0.0, 1.0)).round() as u8
}

/// A house in a row of a town.
struct Town {
    sky: (Colour, Colour),
    wall: Colour,
    roof: Colour,
    frame: Colour,
    storeys: u8,
    windows: u8,
    balconies: bool,
    /// Water instead of a street.
    water: bool,
}

const TOWN: Town = Town {
    sky: ([146, 184, 214], [226, 234, 236]),
    wall: [226, 196, 148],
    roof: [136, 78, 62],
    frame: WHITE,
    storeys: 4,
    windows: 5,
    balconies: true,
    water: false,
};
const HARBOUR: Town = Town {
    sky: ([98, 152, 196], [222, 232, 230]),
    wall: [238, 234, 224],
    roof: [96, 106, 116],
    frame: [70, 98, 118],
    storeys: 5,
    windows: 4,
    balconies: true,
    water: true,
};
const CANAL: Town = Town {
    sky: ([190, 198, 210], [244, 226, 202]),
    wall: [164, 92, 74],
    roof: [74, 70, 74],
    frame: [240, 236, 226],
    storeys: 4,
    windows: 4,
    balconies: false,
    water: true,
};

fn town(canvas: &mut Canvas, town: &Town) {
    let ground = 168.0;
    canvas.sky(ground, town.sky.0, town.sky.1);
    // The neighbours.
    canvas.fill((0.0, 74.0, 52.0, ground), [196, 186, 176]);
    canvas.fill((248.0, 66.0, WIDTH, ground), [204, 196, 182]);
    for (left, top) in [
        (8.0, 84.0),
        (28.0, 84.0),
        (8.0, 118.0),
        (28.0, 118.0),
        (258.0, 80.0),
        (278.0, 80.0),
        (258.0, 116.0),
        (278.0, 116.0),
    ] {
        canvas.window((left, top, left + 12.0, top + 20.0), WHITE);
    }
    canvas.veil((0.0, 74.0, 52.0, ground), SHADE, 0.12);
    let (left, right, eaves) = (52.0, 248.0, 46.0);
    canvas.shape(
        &[(left - 4.0, eaves), (left + 18.0, 20.0), (right - 18.0, 20.0), (right + 4.0, eaves)],
        town.roof,
        1.0,
    );
    canvas.shape(&[(150.0, 20.0), (right - 18.0, 20.0), (right + 4.0, eaves), (150.0, eaves)], SHADE, 0.14);
    canvas.fill((left, eaves, right, ground), town.wall);
    canvas.sweep((left - 4.0, eaves, right + 4.0, eaves + 3.0), WHITE, town.wall);
    let storey = (ground - eaves) / f32::from(town.storeys);
    let column = (right - left) / f32::from(town.windows);
    for level in 0..town.storeys {
        let top = eaves + storey * f32::from(level) + storey * 0.2;
        for place in 0..town.windows {
            let middle = left + column * (f32::from(place) + 0.5);
            let door = level + 1 == town.storeys && place == town.windows / 2;
            if door {
                canvas.fill((middle - 8.0, top - 2.0, middle + 8.0, ground), town.frame);
                canvas.sweep((middle - 6.0, top, middle + 6.0, ground), [62, 78, 70], [40, 52, 48]);
                canvas.disc((middle + 4.0, top + 14.0), (0.8, 0.8), [226, 196, 120], 1.0);
                continue;
            }
            canvas.window((middle - 7.0, top, middle + 7.0, top + storey * 0.56), town.frame);
            if town.balconies && place % 2 == 1 && level > 0 && level + 1 < town.storeys {
                let floor = top + storey * 0.66;
                canvas.fill((middle - 14.0, floor, middle + 14.0, floor + 2.5), [214, 208, 198]);
                canvas.veil((middle - 14.0, floor + 2.5, middle + 14.0, floor + 7.0), SHADE, 0.2);
                for bar in 0..15 {
                    let x = middle - 14.0 + f32::from(bar as u8) * 2.0;
                    canvas.fill((x - 0.25, floor - 9.0, x + 0.25, floor), [58, 62, 66]);
                }
                canvas.fill((middle - 14.0, floor - 9.6, middle + 14.0, floor - 8.6), [58, 62, 66]);
            }
        }
    }
    canvas.veil((right - 46.0, eaves, right, ground), SHADE, 0.07);
    if town.water {
        canvas.sweep((0.0, ground, WIDTH, HEIGHT), [112, 136, 148], [68, 92, 108]);
        canvas.veil((left, ground, right, 186.0), town.wall, 0.3);
        for line in 0..9 {
            let y = ground + 4.0 + f32::from(line as u8) * 3.4;
            let x = (f32::from(line as u8) * 61.0) % 220.0;
            canvas.veil((x, y, x + 70.0, y + 0.8), WHITE, 0.28);
        }
        canvas.fill((0.0, ground - 1.0, WIDTH, ground + 3.0), [150, 146, 140]);
    } else {
        canvas.sweep((0.0, ground, WIDTH, HEIGHT), [188, 184, 176], [128, 128, 126]);
        canvas.fill((0.0, ground + 9.0, WIDTH, ground + 11.0), [216, 212, 204]);
        canvas.tree(70.0, ground + 8.0, 62.0);
        canvas.tree(236.0, ground + 8.0, 54.0);
    }
}

fn cottage(canvas: &mut Canvas) {
    canvas.sky(140.0, [122, 168, 208], [232, 238, 234]);
    canvas.disc((40.0, 146.0), (110.0, 34.0), [136, 160, 116], 1.0);
    canvas.disc((270.0, 150.0), (120.0, 40.0), [120, 148, 104], 1.0);
    canvas.sweep((0.0, 138.0, WIDTH, HEIGHT), [134, 168, 96], [88, 128, 66]);
    let (left, right, eaves, ground) = (78.0, 228.0, 92.0, 154.0);
    canvas.fill((190.0, 34.0, 204.0, 70.0), [150, 118, 96]);
    canvas.shape(
        &[(left - 8.0, eaves), (104.0, 48.0), (206.0, 48.0), (right + 8.0, eaves)],
        [112, 96, 88],
        1.0,
    );
    canvas.shape(&[(left - 8.0, eaves), (104.0, 48.0), (120.0, 48.0), (100.0, eaves)], WHITE, 0.08);
    canvas.sweep((left, eaves, right, ground), [222, 208, 180], [204, 188, 158]);
    for row in 0..7 {
        let y = eaves + 6.0 + f32::from(row as u8) * 8.5;
        canvas.veil((left, y, right, y + 0.5), SHADE, 0.14);
        for stone in 0..8 {
            let x = left + f32::from(stone as u8) * 19.0 + if row % 2 == 0 { 4.0 } else { 13.0 };
            canvas.veil(
                (x, y, (x + 0.5).min(right), y + 8.5),
                SHADE,
                if y + 8.5 < ground { 0.14 } else { 0.0 },
            );
        }
    }
    canvas.veil((left, eaves, right, eaves + 4.0), SHADE, 0.3);
    for (x, top) in [(92.0, 104.0), (122.0, 104.0), (178.0, 104.0), (204.0, 104.0)] {
        canvas.window((x, top, x + 15.0, top + 20.0), WHITE);
    }
    canvas.fill((144.0, 110.0, 168.0, ground), WHITE);
    canvas.sweep((147.0, 113.0, 165.0, ground), [58, 92, 110], [42, 70, 88]);
    canvas.shape(&[(148.0, ground), (164.0, ground), (196.0, HEIGHT), (118.0, HEIGHT)], [214, 202, 180], 1.0);
    canvas.fill((0.0, 158.0, 112.0, 172.0), [184, 172, 150]);
    canvas.fill((204.0, 158.0, WIDTH, 172.0), [184, 172, 150]);
    canvas.veil((0.0, 169.0, 112.0, 174.0), SHADE, 0.2);
    canvas.veil((204.0, 169.0, WIDTH, 174.0), SHADE, 0.2);
    canvas.tree(40.0, 160.0, 88.0);
    canvas.tree(268.0, 160.0, 66.0);
    flowers(canvas, 176.0, &[14.0, 30.0, 52.0, 70.0, 92.0, 214.0, 236.0, 252.0, 280.0]);
}

fn flowers(canvas: &mut Canvas, y: f32, places: &[f32]) {
    let colours: [Colour; 3] = [[206, 92, 104], [240, 206, 104], [220, 180, 212]];
    for (x, colour) in places.iter().zip(colours.iter().cycle()) {
        canvas.disc((*x, y + 3.0), (7.0, 4.0), [78, 112, 60], 1.0);
        for (dx, dy) in [(-4.0, 0.0), (0.0, -2.0), (4.0, 1.0)] {
            canvas.disc((x + dx, y + dy), (1.8, 1.8), *colour, 1.0);
        }
    }
}

fn garden(canvas: &mut Canvas) {
    canvas.sky(96.0, [150, 190, 220], [232, 238, 232]);
    for (x, size) in [(20.0, 110.0), (84.0, 84.0), (230.0, 100.0), (284.0, 122.0)] {
        canvas.tree(x, 120.0, size);
    }
    canvas.fill((0.0, 92.0, WIDTH, 118.0), [166, 140, 116]);
    for board in 0..38 {
        let x = f32::from(board as u8) * 8.0;
        canvas.veil((x, 92.0, x + 0.7, 118.0), SHADE, 0.2);
    }
    canvas.sweep((0.0, 116.0, WIDTH, HEIGHT), [142, 176, 100], [86, 128, 64]);
    canvas.shape(&[(110.0, 116.0), (128.0, 116.0), (150.0, HEIGHT), (60.0, HEIGHT)], [206, 194, 172], 1.0);
    canvas.disc((214.0, 168.0), (46.0, 7.0), SHADE, 0.22);
    canvas.fill((212.0, 142.0, 216.0, 166.0), [86, 90, 92]);
    canvas.disc((214.0, 142.0), (34.0, 6.0), [232, 228, 218], 1.0);
    for x in [172.0, 250.0] {
        canvas.fill((x - 8.0, 134.0, x + 8.0, 137.0), [112, 82, 60]);
        canvas.fill((x - 8.0, 150.0, x + 8.0, 153.0), [112, 82, 60]);
        for leg in [x - 8.0, x + 6.0] {
            canvas.fill((leg, 134.0, leg + 2.0, 168.0), [96, 70, 52]);
        }
    }
    flowers(canvas, 122.0, &[10.0, 28.0, 46.0, 66.0, 86.0, 160.0, 184.0, 210.0, 236.0, 262.0, 288.0]);
}

/// A room to sit in.
struct Room {
    wall: (Colour, Colour),
    floor: (Colour, Colour),
    sofa: Colour,
    rug: Colour,
}

const WARM: Room = Room {
    wall: ([236, 228, 212], [224, 212, 192]),
    floor: ([176, 134, 94], [146, 104, 68]),
    sofa: [84, 112, 108],
    rug: [202, 168, 140],
};
const BRIGHT: Room = Room {
    wall: ([240, 242, 240], [226, 230, 230]),
    floor: ([206, 182, 150], [180, 152, 118]),
    sofa: [178, 112, 88],
    rug: [214, 218, 220],
};

/// Walls, boards on the floor, and a large window with what is outside.
fn shell(canvas: &mut Canvas, wall: (Colour, Colour), floor: (Colour, Colour), window: Box4) {
    canvas.sweep((0.0, 0.0, WIDTH, 140.0), wall.0, wall.1);
    canvas.sweep((0.0, 140.0, WIDTH, HEIGHT), floor.0, floor.1);
    for board in 0..15 {
        let x = f32::from(board as u8) * 22.0 - 6.0;
        let out = (x - 150.0) * 0.5;
        canvas.shape(
            &[(x, 140.0), (x + 0.6, 140.0), (x + out + 1.0, HEIGHT), (x + out, HEIGHT)],
            SHADE,
            0.16,
        );
    }
    canvas.fill((0.0, 136.0, WIDTH, 141.0), WHITE);
    let (left, top, right, bottom) = window;
    canvas.fill((left - 3.0, top - 3.0, right + 3.0, bottom + 3.0), WHITE);
    canvas.sweep(window, [182, 212, 232], [236, 240, 236]);
    for (x, r) in [(0.2, 13.0), (0.5, 17.0), (0.82, 12.0)] {
        let at = left + (right - left) * x;
        let r = f32::min(r, (right - left) * 0.18);
        canvas.disc((at, bottom - r * 0.9), (r, r * 0.9), [130, 164, 104], 1.0);
    }
    let middle = (left + right) / 2.0;
    canvas.fill((middle - 1.0, top, middle + 1.0, bottom), WHITE);
    // Daylight on the floor.
    canvas.shape(&[(left, 141.0), (right, 141.0), (right + 40.0, HEIGHT), (left + 10.0, HEIGHT)], WHITE, 0.2);
}

fn plant(canvas: &mut Canvas, x: f32, foot: f32) {
    for (dx, dy, colour) in [
        (-10.0, 40.0, LEAVES[0]),
        (10.0, 44.0, LEAVES[1]),
        (0.0, 54.0, LEAVES[2]),
        (-5.0, 30.0, LEAVES[1]),
        (7.0, 28.0, LEAVES[0]),
    ] {
        canvas.shape(
            &[(x, foot - 14.0), (x + dx - 5.0, foot - dy), (x + dx + 4.0, foot - dy - 8.0)],
            colour,
            1.0,
        );
    }
    canvas.shape(
        &[(x - 9.0, foot - 16.0), (x + 9.0, foot - 16.0), (x + 6.0, foot), (x - 6.0, foot)],
        [196, 116, 84],
        1.0,
    );
}

fn room(canvas: &mut Canvas, room: &Room) {
    shell(canvas, room.wall, room.floor, (28.0, 30.0, 108.0, 112.0));
    for x in [16.0, 108.0] {
        canvas.veil((x, 22.0, x + 14.0, 136.0), WHITE, 0.8);
        canvas.veil((x + 4.0, 22.0, x + 6.0, 136.0), SHADE, 0.08);
        canvas.veil((x + 9.0, 22.0, x + 11.0, 136.0), SHADE, 0.08);
    }
    canvas.fill((12.0, 19.0, 126.0, 22.0), [120, 96, 74]);
    canvas.disc((190.0, 178.0), (92.0, 14.0), room.rug, 1.0);
    canvas.veil((136.0, 152.0, 262.0, 158.0), SHADE, 0.3);
    let [r, g, b] = room.sofa;
    let darker = [mixed(r, 0, 0.18), mixed(g, 0, 0.18), mixed(b, 0, 0.18)];
    canvas.fill((140.0, 94.0, 258.0, 136.0), darker);
    canvas.fill((144.0, 98.0, 198.0, 126.0), room.sofa);
    canvas.fill((200.0, 98.0, 254.0, 126.0), room.sofa);
    canvas.sweep((134.0, 124.0, 264.0, 150.0), room.sofa, darker);
    canvas.fill((128.0, 108.0, 142.0, 152.0), darker);
    canvas.fill((256.0, 108.0, 270.0, 152.0), darker);
    canvas.shape(&[(150.0, 104.0), (172.0, 100.0), (176.0, 120.0), (154.0, 124.0)], [226, 200, 150], 1.0);
    for x in [138.0, 258.0] {
        canvas.fill((x - 1.5, 150.0, x + 1.5, 158.0), [70, 54, 44]);
    }
    canvas.fill((168.0, 34.0, 230.0, 78.0), [92, 76, 62]);
    canvas.sweep((171.0, 37.0, 227.0, 75.0), [186, 204, 206], [222, 190, 150]);
    canvas.shape(
        &[(171.0, 75.0), (190.0, 52.0), (204.0, 64.0), (214.0, 56.0), (227.0, 75.0)],
        [98, 122, 118],
        1.0,
    );
    plant(canvas, 284.0, 164.0);
    canvas.disc((176.0, 172.0), (30.0, 5.0), [126, 92, 66], 1.0);
    canvas.disc((176.0, 170.0), (30.0, 5.0), [158, 120, 88], 1.0);
    canvas.fill((184.0, 160.0, 192.0, 169.0), WHITE);
}

fn kitchen(canvas: &mut Canvas) {
    shell(
        canvas,
        ([238, 236, 228], [226, 222, 210]),
        ([190, 186, 178], [160, 156, 150]),
        (118.0, 34.0, 186.0, 84.0),
    );
    for (left, right) in [(14.0, 104.0), (200.0, 288.0)] {
        canvas.sweep((left, 22.0, right, 62.0), [104, 130, 126], [92, 116, 112]);
        let middle = (left + right) / 2.0;
        canvas.veil((middle - 0.4, 22.0, middle + 0.4, 62.0), SHADE, 0.4);
        canvas.fill((middle - 6.0, 54.0, middle - 3.0, 56.0), [226, 206, 160]);
        canvas.fill((middle + 3.0, 54.0, middle + 6.0, 56.0), [226, 206, 160]);
        canvas.veil((left, 62.0, right, 65.0), SHADE, 0.2);
    }
    for line in 0..4 {
        canvas.veil(
            (0.0, 68.0 + f32::from(line as u8) * 8.0, 116.0, 68.5 + f32::from(line as u8) * 8.0),
            SHADE,
            0.08,
        );
        canvas.veil(
            (188.0, 68.0 + f32::from(line as u8) * 8.0, WIDTH, 68.5 + f32::from(line as u8) * 8.0),
            SHADE,
            0.08,
        );
    }
    canvas.sweep((8.0, 100.0, 292.0, 158.0), [104, 130, 126], [78, 100, 98]);
    canvas.sweep((4.0, 95.0, 296.0, 101.0), [186, 140, 96], [158, 114, 74]);
    for door in 1..6 {
        let x = 8.0 + f32::from(door as u8) * 47.0;
        canvas.veil((x, 102.0, x + 0.8, 156.0), SHADE, 0.4);
        canvas.fill((x + 16.0, 108.0, x + 30.0, 109.6), [226, 206, 160]);
    }
    canvas.fill((202.0, 104.0, 240.0, 152.0), [44, 48, 52]);
    canvas.sweep((206.0, 116.0, 236.0, 146.0), [28, 30, 34], [64, 68, 72]);
    canvas.fill((206.0, 108.0, 236.0, 110.0), [190, 192, 192]);
    canvas.disc((152.0, 96.0), (20.0, 2.0), [150, 154, 156], 1.0);
    canvas.fill((150.0, 74.0, 152.0, 95.0), [176, 180, 182]);
    canvas.fill((150.0, 74.0, 162.0, 76.0), [176, 180, 182]);
    canvas.fill((40.0, 78.0, 52.0, 95.0), [214, 118, 88]);
    canvas.fill((56.0, 82.0, 66.0, 95.0), [232, 214, 178]);
    plant(canvas, 92.0, 95.0);
    canvas.veil((0.0, 158.0, WIDTH, 166.0), SHADE, 0.25);
}

fn attic(canvas: &mut Canvas) {
    shell(
        canvas,
        ([242, 240, 234], [230, 226, 216]),
        ([198, 164, 122], [166, 130, 90]),
        (128.0, 62.0, 172.0, 118.0),
    );
    for (outer, inner) in [(0.0, 96.0), (WIDTH, 204.0)] {
        canvas.shape(&[(outer, 0.0), (inner, 0.0), (outer, 104.0)], [250, 248, 244], 1.0);
        let lean = if outer > inner { -3.0 } else { 3.0 };
        canvas.shape(
            &[(inner, 0.0), (inner + lean, 0.0), (outer + lean, 107.0), (outer, 104.0)],
            [136, 98, 66],
            1.0,
        );
    }
    canvas.fill((0.0, 0.0, WIDTH, 5.0), [136, 98, 66]);
    canvas.shape(&[(24.0, 34.0), (50.0, 8.0), (62.0, 12.0), (34.0, 42.0)], [170, 206, 230], 1.0);
    // The piano.
    canvas.veil((196.0, 152.0, 280.0, 160.0), SHADE, 0.3);
    canvas.sweep((200.0, 92.0, 276.0, 152.0), [52, 42, 38], [34, 28, 26]);
    canvas.fill((198.0, 120.0, 280.0, 126.0), [64, 52, 46]);
    canvas.fill((202.0, 118.0, 276.0, 120.5), WHITE);
    for key in 0..24 {
        let x = 203.0 + f32::from(key as u8) * 3.0;
        canvas.fill((x, 118.0, x + 1.2, 119.6), SHADE);
    }
    canvas.shape(&[(224.0, 100.0), (252.0, 100.0), (250.0, 117.0), (226.0, 117.0)], WHITE, 0.9);
    canvas.fill((222.0, 140.0, 250.0, 146.0), [120, 66, 58]);
    for x in [224.0, 245.0] {
        canvas.fill((x, 146.0, x + 3.0, 164.0), [52, 42, 38]);
    }
    canvas.disc((120.0, 178.0), (70.0, 11.0), [176, 112, 96], 1.0);
    canvas.disc((120.0, 178.0), (58.0, 8.5), [196, 142, 120], 1.0);
    plant(canvas, 40.0, 164.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_are_small_pictures_of_their_own() {
        let all = [
            Photo::TownHouse,
            Photo::HarbourHouse,
            Photo::CanalHouse,
            Photo::Cottage,
            Photo::LivingRoom,
            Photo::BrightRoom,
            Photo::Kitchen,
            Photo::Attic,
            Photo::Garden,
        ];
        let jpegs: Vec<Vec<u8>> = all.iter().map(|photo| photo.jpeg()).collect();
        for jpeg in &jpegs {
            let size = imagesize::blob_size(jpeg).unwrap();
            assert_eq!((size.width, size.height), (600, 400));
            assert!(jpeg.len() < 80_000, "{}", jpeg.len());
            assert_eq!(jpegs.iter().filter(|other| *other == jpeg).count(), 1);
        }
    }
}
