# SPDX-License-Identifier: MPL-2.0
SUMMARY = "GStreamer plugin that separates people from their background in live video"
DESCRIPTION = "Blur the room, put a picture or another video behind the person, or take the matte, \
               on the processor alone and in the camera's own pixel format."
HOMEPAGE = "https://github.com/gst-plugin-matte/matte"
BUGTRACKER = "https://github.com/gst-plugin-matte/matte/issues"
SECTION = "multimedia"
LICENSE = "MPL-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=815ca599c9df247a0c7f619bab123dad"

SRC_URI = "git://github.com/gst-plugin-matte/matte.git;protocol=https;branch=main;tag=v${PV}"
# Written by scripts/release/crates.py: every crate of Cargo.lock with its checksum.
require gst-plugin-matte-crates.inc

# Rust 1.92 or newer: of the layer itself, or of meta-rust-bin on older releases.
inherit cargo pkgconfig

DEPENDS += "gstreamer1.0 gstreamer1.0-plugins-base"

# PACKAGECONFIG:append = " analytics" needs GStreamer 1.26 and puts upstream's metas on frames, too.
PACKAGECONFIG ??= ""
CARGO_BUILD_FLAGS += "--package gst-plugin-matte"
PACKAGECONFIG[analytics] = ",,gstreamer1.0-plugins-bad"
CARGO_BUILD_FLAGS += "${@bb.utils.contains('PACKAGECONFIG', 'analytics', '--features v1_26', '', d)}"

# The class would install the library where programs look for theirs.
do_install() {
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/libgstmatte.so \
        ${D}${libdir}/gstreamer-1.0/libgstmatte.so
}

FILES:${PN} += "${libdir}/gstreamer-1.0/libgstmatte.so"
# Used where it is there; without it the plugin runs its networks by itself.
RRECOMMENDS:${PN} = "onnxruntime"
