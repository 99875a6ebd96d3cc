//! Filters for images: pixels of red, green and blue, one byte each, row by row.

mod generated;

use generated::{Filter, Module};

const CHANNELS: usize = 3;

struct ImageFilter;

impl Module for ImageFilter {
    fn apply(pixels: Vec<u8>, width: u32, filters: Vec<Filter>) -> Result<Vec<u8>, String> {
        let row = width as usize * CHANNELS;
        if row == 0 || pixels.len() % row != 0 {
            return Err(format!(
                "{} bytes are no rows of {width} pixels",
                pixels.len()
            ));
        }
        Ok(filters
            .iter()
            .fold(pixels, |pixels, filter| filtered(pixels, row, *filter)))
    }

    fn histogram(pixels: Vec<u8>) -> Result<Vec<u32>, String> {
        let mut counts = vec![0; 256];
        for pixel in pixels.chunks_exact(CHANNELS) {
            counts[usize::from(brightness(pixel))] += 1;
        }
        Ok(counts)
    }
}

fn filtered(mut pixels: Vec<u8>, row: usize, filter: Filter) -> Vec<u8> {
    match filter {
        Filter::Grayscale => each_pixel(&mut pixels, brightness),
        Filter::Threshold(least) => {
            each_pixel(
                &mut pixels,
                |pixel| {
                    if brightness(pixel) < least {
                        0
                    } else {
                        255
                    }
                },
            )
        }
        Filter::Invert => pixels
            .iter_mut()
            .for_each(|channel| *channel = 255 - *channel),
        // Casting a float to an integer stops at the integer's bounds.
        Filter::Brightness(factor) => {
            for channel in &mut pixels {
                *channel = (f32::from(*channel) * factor).round() as u8;
            }
        }
        Filter::Blur(radius) => return blurred(&pixels, row, radius as usize),
    }
    pixels
}

/// Sets all channels of each pixel to one value.
fn each_pixel(pixels: &mut [u8], value: impl Fn(&[u8]) -> u8) {
    for pixel in pixels.chunks_exact_mut(CHANNELS) {
        let value = value(pixel);
        pixel.fill(value);
    }
}

/// The luma of ITU-R BT.601, in thousandths.
fn brightness(pixel: &[u8]) -> u8 {
    let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
    ((red * 299 + green * 587 + blue * 114 + 500) / 1000) as u8
}

/// The mean of the pixels in a square, as far as it lies in the image: first along rows, then along columns.
fn blurred(pixels: &[u8], row: usize, radius: usize) -> Vec<u8> {
    let mut along_rows = vec![0; pixels.len()];
    for start in (0..pixels.len()).step_by(row) {
        for channel in 0..CHANNELS {
            let line = (start + channel..start + row).step_by(CHANNELS);
            mean(pixels, &mut along_rows, line, radius);
        }
    }
    let mut along_columns = vec![0; pixels.len()];
    for column in 0..row {
        let line = (column..pixels.len()).step_by(row);
        mean(&along_rows, &mut along_columns, line, radius);
    }
    along_columns
}

/// Sets the bytes of a line to the means of those up to `radius` away, in time that does not depend on the radius.
fn mean(
    from: &[u8],
    to: &mut [u8],
    line: impl ExactSizeIterator<Item = usize> + Clone,
    radius: usize,
) {
    let length = line.len();
    let (mut ahead, mut behind) = (line.clone(), line.clone());
    let (mut sum, mut first, mut end) = (0, 0, 0);
    for (index, at) in line.enumerate() {
        while end < length.min(index.saturating_add(radius).saturating_add(1)) {
            sum += ahead.next().map_or(0, |at| u64::from(from[at]));
            end += 1;
        }
        while first < index.saturating_sub(radius) {
            sum -= behind.next().map_or(0, |at| u64::from(from[at]));
            first += 1;
        }
        let count = (end - first) as u64;
        to[at] = ((sum + count / 2) / count) as u8;
    }
}

generated::export!(ImageFilter);
