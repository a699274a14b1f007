// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn dark_pictures_come_only_while_no_frames_do() {
    gst::init().expect("GStreamer is there");
    let size = Size {
        width: 16,
        height: 16,
    };
    let distributor = FrameDistributor::new(size, 30);
    let pipeline = gst::parse::launch("appsrc name=in ! appsink name=out sync=false")
        .expect("it is right")
        .downcast::<gst::Pipeline>()
        .expect("it is a pipeline");
    let part = |name| pipeline.by_name(name).expect("it is named");
    distributor.add(part("in").downcast().expect("it is an appsrc"));
    let out: gst_app::AppSink = part("out").downcast().expect("it is an appsink");
    pipeline.set_state(gst::State::Playing).expect("it plays");
    let next = || {
        let sample = out.try_pull_sample(gst::ClockTime::from_mseconds(500));
        sample.map(|sample| {
            let map = sample.buffer().expect("it has one").map_readable();
            map.expect("it is memory")[0]
        })
    };
    distributor.push_dark();
    assert_eq!(next(), Some(DARK[0]));
    distributor.push(&gst::Buffer::from_slice(vec![200u8; 16 * 16 * 2]));
    assert_eq!(next(), Some(200));
    distributor.push_dark();
    assert_eq!(next(), None);
    distributor.forget();
    distributor.push_dark();
    assert_eq!(next(), Some(DARK[0]));
    pipeline.set_state(gst::State::Null).expect("it stops");
}
