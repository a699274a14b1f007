// SPDX-License-Identifier: MPL-2.0

//! Stand-in for the types of `frame::sample` until that branch is merged.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorLayout {
    Nchw,
    Nhwc,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelOrder {
    Rgb,
    Bgr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementType {
    F32,
    F16,
    U8,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TensorSpec {
    pub width: usize,
    pub height: usize,
    pub layout: TensorLayout,
    pub order: ChannelOrder,
    pub element: ElementType,
    pub scale: [f32; 3],
    pub bias: [f32; 3],
}

impl TensorSpec {
    pub const fn elements(&self) -> usize {
        3 * self.width * self.height
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Half(pub u16);

#[derive(Debug)]
pub enum TensorMut<'a> {
    F32(&'a mut [f32]),
    F16(&'a mut [Half]),
    U8(&'a mut [u8]),
}
