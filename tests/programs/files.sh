#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# matte-camera convert with files of many kinds, made here. Each output is decoded to its end: streams,
# frames, times, alpha. Prints TAP lines.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"
. "$ROOT/scripts/env.sh"

program=$TARGET/release/matte-camera
[ -x "$program" ] || die "matte-camera is not built: cargo build --release"
clip=$(presenter_clip) || die "no clip: run scripts/deps.sh demo"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
. "$ROOT/tests/common/tap.sh"
about="convert " logs=(said)

# --- clips -------------------------------------------------------------------------------------------
launch_quietly() { timeout 120 gst-launch-1.0 -q "$@"; }
# One picture of a person, 320x240, its face in the middle; two seconds of it.
nth_frame 19 still.png filesrc location="$clip" ! decodebin ! $PRESENTER ! videoscale ! video/x-raw,width=320,height=240
still="filesrc location=still.png ! pngdec ! imagefreeze num-buffers=40 ! video/x-raw,framerate=20/1 ! videoconvert ! video/x-raw,format=I420"
tone="audiotestsrc num-buffers=88 samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=2 ! audioconvert"
printf '1\n00:00:00,500 --> 00:00:01,000\n<i>Hello</i> & you\n\n2\n00:00:01,200 --> 00:00:01,800\nBye\n' >words.srt
h264="x264enc speed-preset=ultrafast ! h264parse"
launch_quietly $still ! $h264 ! mp4mux ! filesink location=silent.mp4
launch_quietly mp4mux name=m ! filesink location=sound.mp4 $still ! taginject tags=title=Test ! $h264 ! queue ! m. \
    $tone ! taginject tags=language-code=en ! avenc_aac ! aacparse ! queue ! m. \
    $tone ! taginject tags=language-code=de ! avenc_aac ! aacparse ! queue ! m.
launch_quietly matroskamux name=m ! filesink location=words.mkv $still ! $h264 ! queue ! m. \
    filesrc location=words.srt ! subparse ! queue ! m.subtitle_0 $tone ! vorbisenc ! queue ! m.
launch_quietly $still ! identity drop-probability=0.4 ! $h264 ! matroskamux ! filesink location=uneven.mkv
launch_quietly $still ! videoconvert ! video/x-raw,format=I420_10LE \
    ! x265enc speed-preset=ultrafast log-level=none ! h265parse ! mp4mux ! filesink location=ten.mp4
launch_quietly $still ! x265enc speed-preset=ultrafast log-level=none ! h265parse ! mp4mux ! filesink location=eight.mp4
launch_quietly $still ! videobox bottom=-1 right=-1 ! vp9enc deadline=1 cpu-used=8 ! webmmux ! filesink location=odd.webm
launch_quietly $still ! vp8enc deadline=1 ! webmmux ! filesink location=vp8.webm
launch_quietly $still ! avenc_mpeg4 ! mp4mux ! filesink location=mpeg4.mp4
launch_quietly avimux name=m ! filesink location=jpeg.avi $still ! jpegenc ! queue ! m. $tone ! lamemp3enc ! queue ! m.
launch_quietly mpegtsmux name=m ! filesink location=stream.ts $still ! $h264 ! queue ! m. $tone ! avenc_aac ! aacparse ! queue ! m.
launch_quietly matroskamux name=m ! filesink location=raw.mkv $still ! queue ! m. $tone ! audio/x-raw,format=S16LE ! queue ! m.
launch_quietly $tone ! vorbisenc ! oggmux ! filesink location=sound.ogg
convert still.png still.jpg
head -c $(($(stat -c %s silent.mp4) / 2)) silent.mp4 >cut.mp4
launch_quietly $still ! $h264 ! matroskamux ! filesink location=whole.mkv
head -c $(($(stat -c %s whole.mkv) / 2)) whole.mkv >cut.mkv
: >empty.mp4
# As phones do: the frames lie on their side, and the track's matrix turns them by 90 degrees.
launch_quietly $still ! videoflip video-direction=90l ! $h264 ! mp4mux ! filesink location=turned.mp4
/usr/bin/python3 - <<'PYTHON'
import pathlib, struct
path = pathlib.Path("turned.mp4")
data = bytearray(path.read_bytes())
at = data.index(b"tkhd") + 4 + 40
one = 1 << 16
struct.pack_into(">9i", data, at, 0, one, 0, -one, 0, 0, 240 * one, 0, 1 << 30)
path.write_bytes(data)
PYTHON
# A file with chapters: GStreamer's Python cannot make them, so they are put in before the first cluster.
launch_quietly $still ! $h264 ! matroskamux streamable=true ! filesink location=open.mkv
/usr/bin/python3 - <<'PYTHON'
import pathlib

def element(name, content):
    return bytes.fromhex(name) + (1 << 56 | len(content)).to_bytes(8, "big") + content

def chapter(number, title, start, stop):
    text = element("80", element("85", title) + element("437c", b"eng"))
    times = element("91", start.to_bytes(8, "big")) + element("92", stop.to_bytes(8, "big"))
    return element("b6", element("73c4", bytes([number])) + times + text)

second = 10**9
edition = element("45bc", b"\1") + chapter(1, b"First", 0, second) + chapter(2, b"Second", second, 2 * second)
data = pathlib.Path("open.mkv").read_bytes()
at = data.index(bytes.fromhex("1f43b675"))
pathlib.Path("chapters.mkv").write_bytes(data[:at] + element("1043a770", element("45b9", edition)) + data[at:])
PYTHON

# --- what the checks are made of ---------------------------------------------------------------------
converts() { timeout 120 "$program" convert "$@" >said 2>&1 </dev/null || { cat said; return 1; }; }
fast() { converts "$@" --set preset=fast; }
has() { # file, then lines that must be among those of streams.py, as patterns
    local found line
    found=$(/usr/bin/python3 "$ROOT/tests/programs/streams.py" "$1") || { echo "$found"; return 1; }
    echo "$found"
    for line in "${@:2}"; do
        grep -qE "^$line" <<<"$found" || { echo "missing: $line"; return 1; }
    done
}
has_no() { # file, then patterns
    local found line
    found=$(/usr/bin/python3 "$ROOT/tests/programs/streams.py" "$1") || return 1
    for line in "${@:2}"; do
        ! grep -qE "^$line" <<<"$found" || { echo "there: $line"; return 1; }
    done
}
said() { cat said; grep -qF -- "$1" said; }
refuses() { # words of the message, arguments
    local status=0
    timeout 60 "$program" convert "${@:2}" >said 2>&1 </dev/null || status=$?
    cat said
    [ $status = 1 ] && [ "$(wc -l <said)" -le 6 ] && grep -qF -- "$1" said && ! grep -qE "panicked|CRITICAL" said
}
leaves_nothing() { ! find . -name '.*.part' -o -name '.*.alpha' -o -name '.*.both' | grep . && ! [ -e "$1" ]; }
frame() { nth_frame 10 "$2" filesrc location="$1" ! decodebin ! videoconvert ! video/x-raw,format=RGBA; } # file, picture
every_frame() { # fragment, tolerance: its 40 frames with alpha
    /usr/bin/python3 "$ROOT/tests/programs/alpha.py" "$1" 40 "$2" $wall $face
}
channel() { convert "$1" -format "%[fx:int(255*p{$2}.$3+.5)]" info:; } # picture, x,y, r g b or a
near() { # picture x,y R G B [tolerance]
    local most=${6:-12} value difference channels=(r g b) index=0
    for value in "$3" "$4" "$5"; do
        difference=$(($(channel "$1" "$2" "${channels[index]}") - value))
        echo "$1 $2 ${channels[index]}: off by $difference"
        [ "${difference#-}" -le "$most" ] || return 1
        index=$((index + 1))
    done
}
# The face as it was, the wall green.
face=160,115 wall=300,12
face_color=$(convert still.png -format "%[fx:int(255*p{$face}.r+.5)] %[fx:int(255*p{$face}.g+.5)] %[fx:int(255*p{$face}.b+.5)]" info:)
is_replaced() {
    frame "$1" seen.png || return 1
    # shellcheck disable=SC2086  # three numbers
    near seen.png "$wall" 0 128 0 && near seen.png "$face" $face_color 24
}
all_frames="video 320x240 I420 40 frames, 0.0"

# --- kinds of files ----------------------------------------------------------------------------------
silent() { fast silent.mp4 out.mp4 --color green && has out.mp4 "coded video/x-h264" "$all_frames" && is_replaced out.mp4; }
check "without sound" silent
sound() {
    fast sound.mp4 sound-out.mp4 --color green &&
        has sound-out.mp4 "coded video/x-h264" "$all_frames" "sound 2.0[0-9]* s, 44100 Hz" "tag language-code=de" \
            "tag language-code=en" "tag title=Test" && is_replaced sound-out.mp4 &&
        [ "$(/usr/bin/python3 "$ROOT/tests/programs/streams.py" sound-out.mp4 | grep -c "^coded audio/mpeg,4")" = 2 ] &&
        said "sound: AAC, as it is"
}
check "with two sound tracks, as they are" sound
same_sound() { # the packets of the first sound track, byte by byte
    local file
    for file in sound.mp4 sound-out.mp4; do
        launch_quietly filesrc location=$file ! qtdemux name=d d.audio_0 ! filesink location=$file.aac || return 1
    done
    cmp sound.mp4.aac sound-out.mp4.aac
}
check "sound is not coded again" same_sound
into() { # input, output, patterns...
    fast "$1" "$2" --color green && has "$2" "video 320x240 [A-Z0-9_]* 40 frames" "${@:3}" && is_replaced "$2"
}
check "to mov" into sound.mp4 out.mov "coded video/x-h264" "coded audio/mpeg,4"
check "to m4v" into sound.mp4 out.m4v "coded video/x-h264" "coded audio/mpeg,4"
check "to mkv" into sound.mp4 out.mkv "coded video/x-h264" "coded audio/mpeg,4"
check "to ts" into sound.mp4 out.ts "coded video/x-h264" "coded audio/mpeg,4"
check "to webm: VP9 and Opus stand in" into sound.mp4 out.webm "coded video/x-vp9" "coded audio/x-opus" "sound 2.0"
check "says what stands in" said "-> VP9 (vp9enc)"
check "from ts" into stream.ts from-ts.mp4 "coded video/x-h264" "coded audio/mpeg,4"
check "VP8 stays" into vp8.webm out-vp8.webm "coded video/x-vp8"
check "MPEG-4 becomes H.264" into mpeg4.mp4 out-mpeg4.mp4 "coded video/x-h264"
check "JPEG stays, from avi" into jpeg.avi out-jpeg.mov "coded image/jpeg" "coded audio/mpeg,1"
check "uncompressed video becomes H.264" into raw.mkv out-raw.mkv "coded video/x-h264" "coded audio/x-raw"
check "from the sound of a camera to AAC" into raw.mkv out-raw.mp4 "coded video/x-h264" "coded audio/mpeg,4"
ten() {
    fast ten.mp4 out-ten.mp4 --color green && has out-ten.mp4 "coded video/x-h264" "video 320x240 I420_10LE 40 frames" &&
        is_replaced out-ten.mp4
}
check "10 bits stay 10 bits" ten
hevc() { fast eight.mp4 out-eight.mp4 --color green && has out-eight.mp4 "coded video/x-h264" "$all_frames" && is_replaced out-eight.mp4; }
check "H.265 becomes H.264" hevc
odd() { fast odd.webm out-odd.webm --color green && has out-odd.webm "coded video/x-vp9" "video 321x241 I420 40 frames"; }
check "odd sizes stay in VP9" odd
odd_even() {
    fast odd.webm out-odd.mkv --color green && has out-odd.mkv "coded video/x-vp9" "video 321x241 I420 40 frames" &&
        fast odd.webm out-odd.mp4 --color green && has out-odd.mp4 "coded video/x-h264" "video 320x240 I420 40 frames" &&
        said "without its last row and column"
}
check "odd sizes in another file" odd_even
times() { /usr/bin/python3 "$ROOT/tests/programs/streams.py" --times "$1"; }
uneven() { # output: all frames, each at its time
    fast uneven.mkv "$1" --color green && times uneven.mkv >before && times "$1" >after && paste before after &&
        [ "$(wc -l <before)" = "$(wc -l <after)" ] && [ "$(wc -l <before)" -lt 40 ] &&
        paste before after | awk '{ d = $1 - $2; if (d > 2 || d < -2) exit 1 }'
}
for name in uneven-out.mkv uneven-out.mp4 uneven-out.mov uneven-out.webm uneven-out.ts; do
    check "a varying frame rate stays: $name" uneven $name
done
turned() {
    has turned.mp4 "video 240x320" "tag image-orientation=rotate-90" &&
        fast turned.mp4 upright.mp4 --color green && has upright.mp4 "$all_frames" &&
        has_no upright.mp4 "tag image-orientation" && is_replaced upright.mp4 && said "upright"
}
check "a turned clip becomes upright" turned
turned_by_hand() {
    fast turned.mp4 by-hand.mp4 --color green --rotate 0 && has by-hand.mp4 "video 240x320 I420 40 frames" &&
        has_no by-hand.mp4 "tag image-orientation"
}
check "unless the tag is overridden" turned_by_hand
words() { # output
    fast words.mkv "$1" --color green && has "$1" "$all_frames" "text 0.500 to 1.000 s: Hello &(amp;)? you" "text 1.200 to 1.800 s: Bye"
}
for name in words-out.mkv words-out.webm words-out.mp4 words-out.mov; do
    check "subtitles: $name" words $name
done
left_out() { fast words.mkv words-out.ts --color green && has words-out.ts "$all_frames" && said "subtitles: text/x-raw, left out"; }
check "subtitles are left out, and it says so" left_out
chapters() {
    has chapters.mkv "chapters First 0.0, Second 1.0" && fast chapters.mkv chapters-out.mkv --color green &&
        has chapters-out.mkv "chapters First 0.0, Second 1.0" "$all_frames" && said "chapters: as they are"
}
check "chapters" chapters
no_chapters() { fast chapters.mkv chapters-out.mp4 --color green && said "chapters: left out"; }
check "chapters are left out, and it says so" no_chapters
video_behind() {
    launch_quietly videotestsrc num-buffers=10 pattern=blue ! video/x-raw,width=320,height=240,framerate=20/1 ! x264enc \
        ! mp4mux ! filesink location=blue.mp4
    fast sound.mp4 behind.mp4 --video blue.mp4 && has behind.mp4 "$all_frames" "sound 2.0" && frame behind.mp4 seen.png &&
        near seen.png $wall 0 0 255
}
check "a shorter video behind the person, again and again" video_behind

# --- with alpha ----------------------------------------------------------------------------------------
alpha() { # picture, tolerance: transparent and black where the wall is, whole where the face is
    local wall_alpha face_alpha
    wall_alpha=$(channel "$1" $wall a) face_alpha=$(channel "$1" $face a)
    echo "alpha of the wall $wall_alpha, of the face $face_alpha"
    # shellcheck disable=SC2086  # three numbers
    [ "$wall_alpha" -le "$2" ] && [ "$face_alpha" -ge $((255 - $2)) ] && near "$1" $wall 0 0 0 && near "$1" $face $face_color 24
}
transparent() { # output, tolerance, patterns...
    fast sound.mp4 "$1" --transparent && has "$1" "video 320x240 [A-Z0-9_]* 40 frames" "${@:3}" && every_frame "filesrc location=$1 ! decodebin" "$2" && frame "$1" seen.png && alpha seen.png "$2"
}
check "ProRes 4444" transparent alpha.mov 3 "coded video/x-prores" "video 320x240 A444_10LE" "coded audio/mpeg,4"
check "FFV1" transparent alpha.mkv 0 "coded video/x-ffv" "video 320x240 BGRA" "coded audio/mpeg,4"
check "WebM: two streams of VP9" transparent alpha.webm 6 "coded video/x-vp9" "video 320x240 A420" "coded audio/x-opus"
seeks() { # from a cue in the middle on, colours and alpha together
    /usr/bin/python3 - alpha.webm <<'PYTHON'
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch(f"filesrc location={sys.argv[1]} ! decodebin ! video/x-raw,format=A420 ! fakesink name=f sync=false")
pipeline.set_state(Gst.State.PAUSED)
pipeline.get_state(60 * Gst.SECOND)
assert pipeline.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE, 15 * Gst.SECOND // 10)
assert pipeline.get_state(60 * Gst.SECOND)[0] == Gst.StateChangeReturn.SUCCESS
buffer = pipeline.get_by_name("f").get_property("last-sample").get_buffer()
assert 1.4 <= buffer.pts / Gst.SECOND <= 1.55, buffer.pts
alpha = buffer.extract_dup(320 * 240 * 3 // 2, 320 * 240)
assert alpha[12 * 320 + 300] <= 6 and alpha[115 * 320 + 160] >= 249, (alpha[12 * 320 + 300], alpha[115 * 320 + 160])
pipeline.set_state(Gst.State.NULL)
PYTHON
}
check "WebM is read from its middle" seeks
pictures() {
    fast silent.mp4 "pictures/%05d.png" --transparent && [ "$(find pictures -type f | wc -l)" = 40 ] &&
        every_frame "multifilesrc location=pictures/%05d.png start-index=1 stop-index=40 caps=image/png,framerate=20/1 \
            ! pngdec" 0 && alpha pictures/00010.png 0
}
check "a row of PNG" pictures
again() {
    refuses "pictures/00001.png is there already: --force replaces it" silent.mp4 "pictures/%05d.png" --transparent &&
        fast cut.mkv "pictures/%05d.png" --transparent --force && [ "$(find pictures -type f | wc -l)" -lt 40 ]
}
check "a row is replaced as a whole" again
jpegs() { fast silent.mp4 "jpegs/face-%d.jpg" --color green && [ "$(find jpegs -name 'face-*.jpg' | wc -l)" = 40 ]; }
check "a row of JPEG" jpegs
picture() { fast still.png me.png --transparent && alpha me.png 0 && fast still.jpg me.jpg --color green && near me.jpg $wall 0 128 0; }
check "a picture" picture
matte() { fast silent.mp4 matte.mkv --matte && frame matte.mkv seen.png && near seen.png $wall 0 0 0 && near seen.png $face 255 255 255; }
check "the matte alone" matte
check "no alpha in mp4" refuses "mp4 holds no alpha" silent.mp4 none.mp4 --transparent

# --- what is refused -----------------------------------------------------------------------------------
check "no input" refuses "nowhere.mp4: there is no such file" nowhere.mp4 new.mp4
check "a folder as input" refuses "not a file" . new.mp4
check "sound only" refuses "sound.ogg: no video stream, only Vorbis" sound.ogg new.mp4
check "a text as input" refuses "words.srt" words.srt new.mp4
check "an empty file" refuses "empty.mp4" empty.mp4 new.mp4
check "an unknown end of the name" refuses "the end of the name is none of mp4" silent.mp4 new.xyz
check "no end of the name" refuses "the end of the name is none of mp4" silent.mp4 new
check "a folder that is not there" refuses "No such file" silent.mp4 nowhere/new.mp4
check "an output that is there" refuses "out.mp4 is there already: --force replaces it" silent.mp4 out.mp4
ln -f silent.mp4 hard.mp4
ln -sf silent.mp4 soft.mp4
check "the input as output" refuses "same file" silent.mp4 silent.mp4 --force
check "a hard link to the input" refuses "same file" silent.mp4 hard.mp4 --force
check "a symbolic link to the input" refuses "same file" silent.mp4 ./soft.mp4 --force
check "one picture for many frames" refuses "out/%05d.png" silent.mp4 new.png
check "a video of a picture" refuses "still picture" still.png new.mp4
check "two numbers" refuses "%05d" silent.mp4 "%d-%d.png"
check "a number of another kind" refuses "%05d" silent.mp4 "%s.png"
check "an encoder that is not there" refuses "nosuchenc" silent.mp4 new.mp4 --encoder nosuchenc
check "an encoder for other files" refuses "mp4 does not hold" silent.mp4 new.mp4 --encoder theoraenc
check "an encoder without alpha" refuses "takes no alpha" silent.mp4 new.mkv --encoder x264enc --transparent
check "an encoder that gets no alpha" refuses "no alpha reaches x264enc" silent.mp4 new.mkv \
    --encoder "videoconvert ! x264enc" --transparent
check "an unknown property" refuses "no property 'beauty'" silent.mp4 new.mp4 --set beauty=1
check "a model that is not there" refuses "/nowhere.onnx" silent.mp4 new.mp4 --set model=/nowhere.onnx
check "two backgrounds" refuses "cannot be used with" silent.mp4 new.mp4 --transparent --color green
cut() { refuses "cut.mp4" cut.mp4 new.mp4; }
check "a file without its index" cut
check "after all of them nothing is left" leaves_nothing new.mp4
kept() { cp silent.mp4 old.mp4; refuses "cut.mp4" cut.mp4 old.mp4 --force && cmp silent.mp4 old.mp4; }
check "a failure leaves what was there" kept
replaced() { fast sound.mp4 old.mp4 --force --color green && has old.mp4 "sound 2.0" && leaves_nothing new.mp4; }
check "--force replaces" replaced
is_cut() { fast cut.mkv cut-out.mkv --color green && said "it is cut off" && has cut-out.mkv "coded video/x-h264"; }
check "a file that is cut off" is_cut
encoder() { fast silent.mp4 own.mkv --color green --encoder "x264enc bitrate=300 ! h264parse" && has own.mkv "coded video/x-h264" "$all_frames"; }
check "an encoder of one's own" encoder

# --- never the room --------------------------------------------------------------------------------------
hidden() {
    converts silent.mp4 hidden.mp4 --color green --set "model=$ROOT/tests/models/nan.onnx" && has hidden.mp4 "$all_frames" &&
        frame hidden.mp4 seen.png && near seen.png $wall 0 128 0 && near seen.png $face 0 128 0
}
check "a network that fails shows nothing of the room" hidden

# --- on a terminal, and signals ------------------------------------------------------------------------
check "no progress without a terminal" bash -c "! grep -q 'real time' said"
terminal() {
    script -qec "'$program' convert long.mkv terminal.mkv --color green --set preset=fast" seen.txt >/dev/null </dev/null
    tr '\r' '\n' <seen.txt | tail -5
    grep -qE '[0-9]+ %  0:[0-9]+ of 0:(19|20), .* times real time, 0:[0-9]+ left' seen.txt
}
launch_quietly videotestsrc num-buffers=400 pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=20/1 \
    ! $h264 ! matroskamux ! filesink location=long.mkv
check "progress on a terminal" terminal
is_written() { [ -s "$(compgen -G ".$1.*.part" | head -1)" ]; }
stopped_by() { # SIGNAL FILE: whether it says by its exit status that it was stopped
    "$program" convert long.mkv "$2" --color green --set preset=fast >said 2>&1 </dev/null &
    local program_id=$! status=0 tries=0
    until is_written "$2" || [ $((tries += 1)) -gt 600 ]; do sleep 0.1; done
    kill -"$1" $program_id
    wait $program_id || status=$?
    cat said
    [ $status = 130 ]
}
interrupted() {
    stopped_by INT stopped.mkv && said "stopped: stopped.mkv ends after" &&
        has stopped.mkv "coded video/x-h264" "video 320x240" &&
        has_no stopped.mkv "video 320x240 I420 400 frames" && leaves_nothing new.mp4
}
check "Ctrl-C ends the file where it is" interrupted
terminated() { stopped_by TERM gone.mkv && leaves_nothing gone.mkv; }
check "SIGTERM leaves nothing" terminated
check "its words are those of the document" bash -c "grep -o '^matte-camera convert .*' '$ROOT/docs/files.md' \
    | grep -o -- '--[a-z-]*' | sort -u | while read -r option; do '$program' convert --help | grep -q -- \"\$option\" || exit 1; done"
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
