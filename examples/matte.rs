// SPDX-License-Identifier: MPL-2.0

//! The raw matte of one picture, without GStreamer: `matte MODEL.onnx PICTURE MATTE.png
//! [PASSES [PROVIDER]]`.
//!
//! Says what it knows and guesses about the model. Recurrent models see the picture PASSES times.

use std::error::Error;
use std::time::Instant;

use gstmatte::frame::{Colorimetry, FrameFormat, FrameRef, GrayImage, PixelLayout, Range, Sampler};
use gstmatte::model::{ModelSource, Network, Options, ProviderRequest, SessionOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, model, picture, output, rest @ ..] = &arguments[..] else {
        return Err("usage: matte MODEL.onnx PICTURE MATTE.png [PASSES [PROVIDER]]".into());
    };
    let passes: usize = rest.first().map_or(Ok(1), |text| text.parse())?;
    let picture = image::open(picture)?.to_rgb8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let session = SessionOptions {
        provider: ProviderRequest::parse(rest.get(1).map_or("cpu", String::as_str))?,
        ..SessionOptions::default()
    };
    let options = Options {
        session,
        stream: Some((width, height)),
        ..Options::default()
    };
    let start = Instant::now();
    let mut network = Network::load(&ModelSource::File(model.into()), &options)?;
    let about = network.descriptor();
    println!("{}, loaded in {:.0?}", about.name, start.elapsed());
    for (key, value) in [
        ("licence", about.licence.as_deref()),
        ("source", about.source.as_deref()),
    ] {
        println!("{key}: {}", value.unwrap_or("unknown"));
    }
    println!("runs on: {}", network.active_provider());
    println!("input: {:?}", network.input_spec());
    println!("output: {:?}", network.output());
    for guess in &about.guesses {
        println!("guessed: {guess}");
    }
    for warning in network.warnings() {
        println!("warning: {warning}");
    }
    let color = Colorimetry {
        range: Range::Full,
        ..Colorimetry::default()
    };
    let planes = [(picture.as_raw().as_slice(), 3 * width)];
    let frame = FrameRef::new(PixelLayout::Rgb, color, width, height, &planes)?;
    let level = gstmatte::simd::level();
    let mut sampler = Sampler::new(FrameFormat::from(&frame), network.input_spec(), level)?;
    let mut matte = GrayImage::default();
    for _ in 0..passes {
        sampler.sample(&frame, network.input_mut())?;
        let start = Instant::now();
        network.run()?;
        println!("ran in {:.1?}", start.elapsed());
    }
    network.decode(&mut matte)?;
    let (width, height) = (matte.width() as u32, matte.height() as u32);
    image::save_buffer(output, matte.data(), width, height, image::ColorType::L8)?;
    println!("{output}: {width}x{height}");
    Ok(())
}
