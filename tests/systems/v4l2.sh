#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# matte-camera and mattebackground with real video devices: vivid is the camera, v4l2loopback the
# virtual one. Loads kernel modules, so scripts/systems/test-v4l2.sh runs it in a virtual machine.
# Prints TAP lines.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common/session.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/viewer.sh"
program=$TARGET/release/matte-camera
about="V4L2: " logs=("$work"/{by-path,camera,color,webcam,by-hand,person}.log)
# Emulated, a frame takes a second or so: small pictures, few of them.
SIZE=320x180
VIEW_WIDTH=320
VIEW_SOURCE="v4l2src device=/dev/video10"
export XDG_CONFIG_HOME=$work/config

device_of() { # the driver's name for a device
    local entry
    for entry in /sys/class/video4linux/video*; do
        if grep -q "$1" "$entry/name"; then echo "/dev/${entry##*/}" && return; fi
    done
    return 1
}

check "without the module: says how to load it" says "sudo modprobe v4l2loopback" --output auto
# As the documents say, without sudo.
loads() {
    local line
    line=$(grep -h -o 'modprobe v4l2loopback .*' "$ROOT/docs/camera.md") && echo "$line" && $line &&
        [ "$(cat /sys/class/video4linux/video10/name)" = Matte ]
}
check "loopback device, by the line of the documents" loads
modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0x0
camera_file=$(device_of vivid) || die "vivid has made no camera"
echo "# Linux $(uname -r), $(gst-launch-1.0 --version | head -1), v4l2loopback $(cat /sys/module/v4l2loopback/version), camera $camera_file"

lists() {
    local said
    said=$("$program" --list) && echo "$said" && grep -q "vivid.*$camera_file\|$camera_file.*vivid" <<<"$said" &&
        sed -n '/^outputs/,$p' <<<"$said" | grep -q /dev/video10
}
# As in a container: nobody has told the devices apart.
by_path() {
    start by-path "$program" --no-keys --always --output /dev/video10 --size $SIZE --device "$camera_file"
    local by_path=$started
    wait_for "$PATIENCE" grep -q "camera on: vivid" "$work/by-path.log" && view first &&
        until_seen eval "newest first && ! near first 300 20 37 37 37" && leave &&
        kill "$by_path" && wait "$by_path"
}
check "without udev: the camera by its path" by_path
check "without udev: lists the camera and the loopback device" lists
/usr/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --subsystem-match=video4linux --settle
check "lists the camera and the loopback device" lists
check "the camera as output is refused" says "not a loopback device" --output "$camera_file"

# --- matte-camera -----------------------------------------------------------------------------------
mkfifo "$work/keys"
exec 3<>"$work/keys"
input=$work/keys start camera "$program" --output /dev/video10 --size $SIZE --rate 10 --color '#2e7d5b' \
    --set transition-ms=0 --set preset=fast
camera=$started
opened() { find "/proc/$camera/fd" -lname "$camera_file" | grep -q .; }
closed() { ! opened; }
sleeps() { wait_for "$PATIENCE" said "published as /dev/video10" && wait_for "$PATIENCE" said "nobody looks" && closed && ! said "camera on"; }
check "camera closed while nobody looks" sleeps
wakes() {
    view color
    wait_for "$PATIENCE" opened && echo "the camera is open" && wait_for "$PATIENCE" said "camera on: vivid" &&
        shows color 300 20 46 125 91 && shows color 20 160 46 125 91
}
check "picks the camera for a reader, and replaces the background" wakes
changes() {
    printf p >&3 && wait_for "$PATIENCE" said "no picture is named" && printf 'h' >&3 && shows color 300 20 37 37 37 &&
        wait_for "$PATIENCE" closed && printf 'h' >&3 && shows color 300 20 46 125 91 && opened
}
check "hides and shows by a key while the reader looks" changes
closes() { leave && wait_for "$PATIENCE" closed && wait_for "$PATIENCE" said "camera off"; }
check "closes the camera when the reader has gone" closes
again() { view again && wait_for "$PATIENCE" opened && shows again 300 20 46 125 91 && closes; }
check "wakes a second time" again
ends() { printf q >&3 && wait_for "$PATIENCE" bash -c "! kill -0 $camera" && wait "$camera"; }
check "ends by a key" ends
exec 3>&-

# --- the line without matte-camera, with a person --------------------------------------------------------------
# A second loopback device is the camera here: it shows the presenter. The converter cannot use the
# sink's buffers, which imagefreeze would offer it.
still=$ROOT/docs/pictures/input.jpg
reloads() { rmmod v4l2loopback && modprobe v4l2loopback video_nr=10,11 card_label=Matte,Webcam exclusive_caps=1,1; }
check "nothing holds the device at the end" reloads
start webcam gst-launch-1.0 filesrc location="$still" ! jpegdec ! videoconvertscale \
    ! video/x-raw,format=YUY2,width=320,height=240,colorimetry=bt601 ! imagefreeze is-live=true \
    ! video/x-raw,framerate=4/1 ! identity drop-allocation=true ! v4l2sink device=/dev/video11 sync=false
captures() { v4l2-ctl -d "$1" --all | grep -q 'Video Capture'; } # device: somebody writes to it
by_hand() {
    local line
    line=$(grep -h '^gst-launch-1.0 v4l2src .*v4l2sink' "$ROOT/docs/camera.md") && echo "$line" || return 1
    line=${line/v4l2src/v4l2src device=/dev/video11}
    # What the camera shows, before anybody else looks: on the way here the picture has changed
    # format twice.
    wait_for "$PATIENCE" captures /dev/video11 && timeout "$PATIENCE" gst-launch-1.0 -q v4l2src device=/dev/video11 num-buffers=1 \
        ! videoconvertscale ! "$(view_caps)" ! filesink location="$work/still.rgb" && [ -s "$work/still.rgb" ] || return 1
    # shellcheck disable=SC2086  # a line of words
    start by-hand ${line/mattebackground/mattebackground background=color color=0xff2e7d5b}
    wait_for "$PATIENCE" captures /dev/video10 && view person || return 1
    shows person 300 20 46 125 91 && face_is_there person
}
# Forehead, cheek and chin as the camera sees them.
face_is_there() { # name
    local x y r g b
    for place in "130 60" "125 120" "122 160"; do
        read -r x y <<<"$place" && read -r r g b <<<"$(pixel "$work/still.rgb" "$x" "$y")"
        near "$1" "$x" "$y" "$r" "$g" "$b" || return 1
    done
}
check "mattebackground to v4l2sink: the person stays, the background changes" by_hand
check "devices that others feed are left alone" says "another program feeds /dev/video10, /dev/video11" --output auto
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
