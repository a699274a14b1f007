// SPDX-License-Identifier: MPL-2.0

use super::*;

fn packed() -> impl Iterator<Item = (PixelLayout, Packing)> {
    let all = PixelLayout::ALL.iter().copied();
    all.filter_map(|layout| Some((layout, layout.info().packing?)))
}

/// What is taken apart and put together is what it was, at every level and width.
#[test]
fn rows_come_back_as_they_were() {
    for (layout, packing) in packed() {
        for width in 1..70 {
            let (bytes, _) = layout.info().plane_extent(0, width, 1);
            let noise: Vec<u8> = (0..bytes).map(|i| (i * 151 + i * i * 7) as u8).collect();
            let mut clean = Vec::new();
            for level in crate::simd::levels() {
                let mut samples = vec![0; layout.info().row_bytes(0, width)];
                unpack_row(level, packing, &noise, &mut samples);
                let mut row = vec![0xff; bytes];
                pack_row(level, packing, &samples, &mut row);
                // Bits of no sample are 0 from here on.
                let mut again = vec![0; samples.len()];
                unpack_row(level, packing, &row, &mut again);
                assert_eq!(again, samples, "{layout:?} {width}");
                let mut twice = vec![0; bytes];
                pack_row(level, packing, &again, &mut twice);
                assert_eq!(twice, row, "{layout:?} {width}");
                clean.push(row);
            }
            assert!(clean.windows(2).all(|w| w[0] == w[1]), "{layout:?}");
        }
    }
}

#[test]
fn every_code_value_comes_back_and_the_ends_are_the_ends() {
    for (layout, packing) in packed() {
        let fields = match &packing {
            Packing::Pixels16(fields) => &fields[..],
            Packing::Pixels32(fields) => &fields[..],
            Packing::Tens => continue,
        };
        let info = layout.info();
        let opaque = match packing {
            Packing::Pixels32(fields) => fields[3].with(0, u32::MAX),
            _ => 0,
        };
        for (index, (c, field)) in info.components.iter().zip(fields).enumerate() {
            for value in 0..=field.top() {
                let bytes = info.plane_extent(0, 1, 1).0;
                let rest = if index == 3 { 0 } else { opaque };
                let word = (value << field.at | rest).to_le_bytes();
                let mut samples = [0; 8];
                let samples = &mut samples[..info.row_bytes(0, 1).next_multiple_of(4)];
                unpack_row(crate::simd::level(), packing, &word[..bytes], samples);
                let code = match info.sample_bytes() {
                    1 => u32::from(samples[c.offset]),
                    _ => u32::from(info.word().code([samples[c.offset], samples[c.offset + 1]])),
                };
                let exact = f64::from(value) * f64::from(info.top()) / f64::from(field.top());
                assert_eq!(code, exact.round() as u32, "{layout:?} {value}");
                let mut row = vec![0; bytes];
                pack_row(crate::simd::level(), packing, samples, &mut row);
                assert_eq!(row, word[..bytes], "{layout:?} {value}");
            }
        }
    }
}

#[test]
fn what_rounds_to_alpha_0_is_black() {
    let packing = PixelLayout::Rgb10a2Le.info().packing.unwrap();
    let packed = |alpha: u16| {
        let samples: Vec<u8> = [700u16, 800, 900, alpha]
            .iter()
            .flat_map(|code| code.to_le_bytes())
            .collect();
        let mut row = [0xff; 4];
        pack_row(crate::simd::level(), packing, &samples, &mut row);
        u32::from_le_bytes(row)
    };
    let colors = 700 | 800 << 10 | 900 << 20;
    assert_eq!(packed(1), 0);
    assert_eq!(packed(170), 0);
    assert_eq!(packed(171), colors | 1 << 30);
    assert_eq!(packed(1023), colors | 3 << 30);
    // What came in with alpha 0 stays what it is.
    assert_eq!(packed(0), colors);
}

/// The order of samples in memory, as SMPTE's and GStreamer's pages have it: U Y V, Y U Y, ...
#[test]
fn known_words() {
    let word = |a: u32, b: u32, c: u32| (a | b << 10 | c << 20).to_le_bytes();
    let row = [word(100, 1, 200), word(2, 101, 3), word(201, 4, 102)].concat();
    let mut samples = [0; 18];
    unpack_row(crate::simd::level(), Packing::Tens, &row, &mut samples);
    let codes: Vec<u16> = samples
        .as_chunks::<2>()
        .0
        .iter()
        .map(|b| u16::from_le_bytes(*b))
        .collect();
    assert_eq!(codes, [100, 1, 200, 2, 101, 3, 201, 4, 102]);
    let red = |layout: PixelLayout| {
        let mut samples = vec![0; layout.info().row_bytes(0, 1)];
        samples.resize(8, 0);
        let row = match layout.info().packing {
            Some(packing) => {
                let word = 0xf800_u32.to_le_bytes();
                unpack_row(crate::simd::level(), packing, &word[..2], &mut samples[..4]);
                samples
            }
            None => samples,
        };
        row[..3].to_vec()
    };
    assert_eq!(red(PixelLayout::Rgb16), [255, 0, 0]);
    assert_eq!(red(PixelLayout::Bgr16), [0, 0, 255]);
}
