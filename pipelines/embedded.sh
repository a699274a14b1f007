#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# A small board (Cortex-A53 to A76): the camera's own format, the fast preset, the board's encoder.
#
#   pipelines/embedded.sh CAMERA [OUT]
#
#   CAMERA  libcamera   libcamerasrc (Raspberry Pi and others), NV12
#           nv12        v4l2src, raw NV12
#           dmabuf      v4l2src, raw NV12 in DMABuf memory: the driver's buffers are read where they are
#           mjpeg       v4l2src, MJPEG: what USB cameras send at 720p and above
#   OUT     window (default), rtp (H.264 to $HOST:$PORT), or a file, NAME.mkv
#
# WIDTH, HEIGHT, FPS (640, 480, 30), BACKGROUND (color, the cheapest), ENCODER (the first one
# found).
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
camera=${1:?which camera? libcamera, nv12, dmabuf or mjpeg} out=${2:-window}
size="width=${WIDTH:-640},height=${HEIGHT:-480},framerate=${FPS:-30}/1"
device=${CAMERA:-/dev/video0}

case $camera in
    libcamera) head="${MATTE_SOURCE:-libcamerasrc} ! video/x-raw,format=NV12,$size" ;;
    nv12) head="${MATTE_SOURCE:-v4l2src device=$device} ! video/x-raw,format=NV12,$size" ;;
    dmabuf) head="${MATTE_SOURCE:-v4l2src device=$device io-mode=dmabuf} ! video/x-raw,format=NV12,$size" ;;
    mjpeg) head="${MATTE_SOURCE:-v4l2src device=$device} ! image/jpeg,$size ! jpegdec" ;;
    *) die "unknown camera '$camera' (known: libcamera, nv12, dmabuf, mjpeg)" ;;
esac

# The first encoder that is there; hardware encoders come first.
encoder() {
    local line
    while read -r line; do
        if [ -n "${ENCODER:-}" ]; then
            [ "${line%% *}" = "$ENCODER" ] || continue
        elif ! gst-inspect-1.0 --exists "${line%% *}"; then
            continue
        fi
        echo "$line"
        return
    done <<'END'
v4l2h264enc extra-controls="controls,repeat_sequence_header=1" ! video/x-h264,level=(string)4
mpph264enc
nvv4l2h264enc
vah264enc
x264enc tune=zerolatency speed-preset=ultrafast
openh264enc
END
    die "no H.264 encoder here: install GStreamer's ugly plugins (x264enc) or the board's own"
}
case $out in
    window) tail="videoconvert ! ${MATTE_SINK:-autovideosink}" ;;
    rtp)
        tail="videoconvert ! $(encoder) ! h264parse ! rtph264pay config-interval=1 pt=96 \
            ! ${MATTE_SINK:-udpsink host=${HOST:-127.0.0.1} port=${PORT:-5004}}"
        ;;
    *.mkv) tail="videoconvert ! $(encoder) ! h264parse ! matroskamux ! filesink location=$out" ;;
    *) die "unknown output '$out' (window, rtp, or a file NAME.mkv)" ;;
esac
# The network sees every second frame. Queues let camera and encoder run on other cores.
launch "$head ! queue max-size-buffers=2 leaky=downstream \
    ! mattebackground preset=fast background=${BACKGROUND:-color} interval=2 ! queue max-size-buffers=2 ! $tail"
