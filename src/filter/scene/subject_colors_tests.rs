// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::plane::NEUTRAL;
use crate::filter::scene::chroma_size;
use crate::filter::testing::disc;

#[test]
fn near_the_subject_its_colours_are_known() {
    let (width, height) = (128, 72);
    let matte = disc(width, height, (40.0, 36.0), 20.0, 1.0);
    let mut luma = Plane::new(width, height);
    luma.data_mut().fill(0.9);
    for (luma, matte) in luma.data_mut().iter_mut().zip(matte.data()) {
        *luma = if *matte > 0.5 { 0.3 } else { *luma };
    }
    let (columns, rows) = chroma_size((width, height));
    let mut chroma = [(); 2].map(|()| Plane::new(columns, rows));
    chroma.iter_mut().for_each(|c| c.data_mut().fill(NEUTRAL));
    let colors = Colors {
        luma: &luma,
        chroma: chroma.each_ref(),
    };
    let mut subject = SubjectColors::default();
    subject.update(crate::simd::level(), colors, &matte);
    let ask = |place: (usize, usize)| {
        let (mut out, mut widths) = ([0.0; SEGMENT], [0.0; SEGMENT]);
        let colored = Colored::load(colors, place);
        subject.differences(place, &colored, (&mut out, &mut widths));
        (out[0], widths[0])
    };
    // In the subject, beside it in the wall's colour, and far away.
    assert!(ask((40, 36)).0 < 0.01);
    assert!(ask((56, 16)).0 > 100.0);
    assert_eq!(ask((120, 8)), (FAR, FAR_VOLUME));
}
