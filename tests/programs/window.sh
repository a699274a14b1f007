#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# matte-window under a display of its own, used as people do who press keys, hear a screen reader, or look:
# by keys, by AT-SPI, and on pictures of the screen. What it does is asked of matte-camera, whose camera is
# a still of the presenter. MATTE_SCREENSHOTS names a folder for the pictures of docs/window.md. Prints TAP
# lines.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../common/session.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../common/tap.sh"
window=${MATTE_WINDOW:-$TARGET/release/matte-window}
program=${MATTE_CAMERA:-$TARGET/release/matte-camera}
for built in "$program" "$window"; do [ -x "$built" ] || die "there is no $built: cargo build --release, also in window/"; done
PATIENCE=${PATIENCE:-$((240 * ${MATTE_PATIENCE:-1}))}
about="window: " logs=("$work/window.log" "$work/state/matte/camera.log")
here=$ROOT/tests/programs
name=io.github.gst_plugin_matte.Camera path=/io/github/gst_plugin_matte/Camera interface=io.github.gst_plugin_matte.Camera1

clip=$(presenter_clip) || die "no clip: run scripts/deps.sh demo"
gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! $PRESENTER ! identity eos-after=20 ! videoconvert \
    ! pngenc ! multifilesink location="$work/still.png"
# As a package installs them: programs beside each other, translations and backgrounds in share.
mkdir -p "$work/usr/bin" "$work/usr/share/matte/backgrounds"
cp "$program" "$window" "$work/usr/bin/"
cp "$ROOT/docs/pictures/room.jpg" "$work/usr/share/matte/backgrounds/"
"$ROOT/scripts/release/translations.sh" "$work/usr/share/locale"
export XDG_DATA_HOME=$work/data XDG_DATA_DIRS=$work/usr/share:/usr/local/share:/usr/share
export GSK_RENDERER=cairo LC_ALL=C.UTF-8 LANGUAGE=en GTK_THEME=Adwaita
unset WAYLAND_DISPLAY DISPLAY
start_pipewire
mkdir -p "$XDG_CONFIG_HOME/matte"
cat >"$XDG_CONFIG_HOME/matte/camera.toml" <<TOML
source = "filesrc location=$work/still.png ! pngdec ! imagefreeze is-live=true ! video/x-raw,framerate=30/1"
size = "640x480"
TOML

# --- without a display ----------------------------------------------------------------------------------
blind() { # what DISPLAY is
    local said status=0
    said=$(DISPLAY=$1 "$work/usr/bin/matte-window" 2>&1) || status=$?
    echo "$status: $said"
    [ $status = 1 ] && grep -q "matte-window: There is no display: " <<<"$said"
}
check "without a display: says so, and ends" blind ""
check "with a display that does not answer: says so, and ends" blind :987
version() { [[ $("$work/usr/bin/matte-window" --version) = "matte-window "[0-9]* ]]; }
check "tells its version without a display" version
helps() { [[ $(LANGUAGE=de "$work/usr/bin/matte-window" --help) = *"Version ausgeben"* ]]; }
check "helps in German" helps

# --- opened -------------------------------------------------------------------------------------------------
start display Xvfb -noreset -displayfd 4 -screen 0 1000x700x24 4>"$work/display-number"
wait_for "$PATIENCE" test -s "$work/display-number" || fail "no display"
DISPLAY=:$(cat "$work/display-number")
export DISPLAY
call() { gdbus call --session --timeout 120 --dest $name --object-path $path --method "$@"; }
get() { call org.freedesktop.DBus.Properties.Get $interface "$1"; }
set_to() { call org.freedesktop.DBus.Properties.Set $interface "$1" "<$2>" >/dev/null; }
# Reads all of it: a reader that has seen enough would end the writer by SIGPIPE.
has() { grep -F -- "$1" >/dev/null; }
is() { get "$1" | has "$2"; }
becomes() { wait_for "$PATIENCE" is "$@" || { get "$1" && false; }; }
use() { /usr/bin/python3 "$here/atspi.py" matte-window "$@"; }
soon() { wait_for "$PATIENCE" use "$@" || use "$@"; }
unlike() { ! use "$@"; }
picture() { # name
    import -window root "$work/$1.png"
    if [ -n "${MATTE_SCREENSHOTS:-}" ]; then cp "$work/$1.png" "$MATTE_SCREENSHOTS/$1.png"; fi
}
open_window() { start window "$work/usr/bin/matte-window"; opened=$started; }
# Another one can be opened when this one is no longer on the bus.
close_window() { kill "$opened" && { await_end "$opened" || true; }; }
# What the bus would start is another program.
mkdir -p "$XDG_DATA_HOME/dbus-1/services"
printf '[D-BUS Service]\nName=%s\nExec=/bin/false\n' $name >"$XDG_DATA_HOME/dbus-1/services/$name.service"
gdbus call --session --dest org.freedesktop.DBus --object-path / --method org.freedesktop.DBus.ReloadConfig >/dev/null
open_window
check "starts the matte-camera beside it, which does not run" eval "becomes Enabled '(<true>,)' && becomes Background \"'blur'\""
check "is opened without a tray" wait_for "$PATIENCE" grep -q "No symbol in the tray" "$work/window.log"
camera=$(gdbus call --session --dest org.freedesktop.DBus --object-path / --method org.freedesktop.DBus.GetConnectionUnixProcessID $name | grep -o '[0-9]*,' | tr -d ,)
is_open() { find "/proc/$camera/fd" -lname "$work/still.png" | has /; }
is_closed() { ! is_open; }
check "shows the camera's picture, and what it costs" soon says "% of a processor core, "
face() { # The preview has the person's skin, which nothing else in the window has.
    picture seen && convert "$work/seen.png" -fill black +fuzz -fuzz 12% +opaque '#b98a78' -fill white -opaque '#b98a78' \
        -format '%[fx:mean*w*h]' info: | awk '{ print; exit !($1 > 400) }'
}
check "the person is in the preview" wait_for "$PATIENCE" face
check "everything that can be used has a name" use unnamed
use list >"$work/names"
labelled() {
    local label
    for label in "Blurred room" Colour room "No effect: the room is seen" "Blur strength" "Edge softness" "Edge outward" \
        "Background light on you" Steadiness "Camera on" Preview Camera "Look for cameras again" Save; do
        grep -q ": $label\$" "$work/names" || { echo "no $label" && cat "$work/names" && return 1; }
    done
}
check "names of all that matters" labelled

# --- used -----------------------------------------------------------------------------------------------------
check "the tile of what is shown is chosen" soon checked "Blurred room"
picks() { use press Colour && becomes Background "'color'" && soon checked Colour && unlike checked "Blurred room"; }
check "a tile chooses the background" picks
pictured() { use press room && becomes Background "'picture'" && is Picture "$work/usr/share/matte/backgrounds/room.jpg" && soon checked room; }
check "a picture chooses itself" pictured
slides() { use set "Blur strength" 80 && becomes BlurStrength 80.0 && use set "Edge softness" 2.5 && becomes Properties "'feather': '2.5" && use set "Background light on you" 0.3 && becomes Properties "'light-wrap': '0.3"; }
stands() { [ "$(use value "$1")" = "$2" ]; }
softness=$(use value "Edge softness") || fail "no slider"
check "sliders set what they are called" slides
resets() { # Where it stood before anybody set it.
    call $interface.ResetProperty feather && wait_for "$PATIENCE" stands "Edge softness" "$softness" && [ "$softness" != 2.5 ] &&
        use set "Edge softness" 2.5 && becomes Properties "'feather': '2.5"
}
check "a slider goes back when its property is reset" resets
begins() { [[ $(use value Steadiness) = 0.8* ]]; }
check "a slider begins where the element is" begins
told() { set_to BlurStrength 25.0 && wait_for "$PATIENCE" stands "Blur strength" 25.0 && set_to Background "'blur'" && soon checked "Blurred room"; }
check "shows what others set" told
off() { use press "No effect: the room is seen" && becomes Properties "'enabled': 'false'" && use press room && becomes Properties "'enabled': 'true'" && becomes Background "'picture'"; }
check "the effect goes off, and on with the next background" off
switches() { use press "Camera on" && becomes Enabled '<false>' && wait_for "$PATIENCE" is_closed && soon says "Off: others see a dark picture" && use press "Camera on" && becomes Enabled '<true>' && wait_for "$PATIENCE" is_open; }
check "the switch closes and opens the camera" switches
unseen() { use press Preview && wait_for "$PATIENCE" is_closed && soon says "Your camera is closed" && use press Preview && wait_for "$PATIENCE" is_open; }
check "without the preview the camera is closed" unseen
# Without a window manager, somebody must give the window the focus.
focus() { xdotool windowfocus --sync "$(xdotool search --onlyvisible --name "$1" | tail -1)"; }
tabs() { # The key leads to everything that can be used, and back to where it began.
    local at begun count=0
    focus "Matte Camera" && xdotool key alt+b && soon focused "Blur strength"
    at="Blur strength" begun=
    while [ "$at" != "$begun" ] && [ $((count += 1)) -le 40 ]; do
        echo "$at" | tee -a "$work/visited"
        xdotool key Tab && wait_for "$PATIENCE" moved "$at" || return 1
        at=$(use focus) begun="Blur strength"
    done
    diff <(sort <<<"${usable// | /$'\n'}") <(sort -u "$work/visited")
}
moved() { [ "$(use focus)" != "$1" ]; }
usable="Blur strength | Edge softness | Edge outward | Background light on you | Steadiness | Blurred room | Colour | room"
usable+=" | No effect: the room is seen | Add a picture… | Colour: | Camera: | Look for cameras again | Camera on | Save | Preview"
check "the key Tab leads to everything" tabs
keys() {
    local before
    focus "Matte Camera" && before=$(get BlurStrength) &&
        xdotool key alt+b && soon focused "Blur strength" && xdotool key Right Right && becomes BlurStrength 27.0 && echo "before: $before" &&
        xdotool key alt+o && becomes Enabled '<false>' && xdotool key alt+o && becomes Enabled '<true>'
}
check "keys move a slider and the switch" keys
saves() { use press Save && wait_for "$PATIENCE" grep -q '^blur-strength = 27' "$XDG_CONFIG_HOME/matte/camera.toml"; }
check "saves" saves
soon says "% of a processor core, " >/dev/null || true
picture window
check "the person is in front of the picture" face

# --- cameras ---------------------------------------------------------------------------------------------------
# Down or Up. Keys that come before the list is open are lost: try it again.
line() { focus "Matte Camera" && xdotool key Escape alt+m space "$1" Return; }
next() { use press "Look for cameras again" && line Down && is Camera "'Webcam'"; }
comes() { plug blue && wait_for "$PATIENCE" next && becomes OpenCamera "'Webcam'"; }
check "a camera that has come can be chosen by keys" comes
first() { line Up && use says "First camera"; }
keeps() { # The choice waits for other changes when the list comes.
    start calls /usr/bin/python3 "$here/calls.py" 15*SetProperty:threads:1 15*SetProperty:threads:2
    wait_for "$PATIENCE" first && use press "Look for cameras again" && await_end "$started" && cat "$work/calls.log" &&
        becomes Camera "''" && soon says "First camera" && set_to BlurStrength 27.0 && is Camera "''"
}
check "the list's refresh does not undo a choice" keeps
unplug
call $interface.ResetProperty threads >/dev/null

# --- what goes wrong -----------------------------------------------------------------------------------------
lost() { set_to Camera "'/dev/video987'" && soon says "No picture: no camera '/dev/video987'"; }
check "says why there is no picture" lost
picture window-trouble
dead() { use off Save && use off "Camera on" && use off "Look for cameras again"; }
dies() { kill "$camera" && soon says "matte-camera has ended." && dead && use press "Start matte-camera" && becomes Enabled '<true>' && soon says "% of a processor core" && ! dead; }
check "says that matte-camera has ended, and starts it again" dies
closes() {
    focus "Matte Camera" && xdotool key ctrl+w && wait_for "$PATIENCE" gone && becomes Watched false
}
gone() { ! kill -0 "$opened"; }
check "closed, and matte-camera goes on" closes
own=$XDG_DATA_HOME/matte/backgrounds
mkdir -p "$own"
echo "no picture" >"$own/torn.jpg"
broken() { # It cannot start: its settings are wrong.
    call $interface.Quit >/dev/null
    cp "$XDG_CONFIG_HOME/matte/camera.toml" "$work/right.toml"
    echo 'rate = 1000' >"$XDG_CONFIG_HOME/matte/camera.toml"
    open_window
    soon says "rate is 1000: 1 to 240 frames per second" || return 1
    cp "$work/right.toml" "$XDG_CONFIG_HOME/matte/camera.toml"
    use press "Start matte-camera" && soon says "% of a processor core"
}
check "says why matte-camera does not start" broken
torn() { soon checked room && use press torn && soon says "Not possible: picture $own/torn.jpg" && soon checked room && is Picture "/room.jpg"; }
check "says why a picture cannot be shown, and what was there stays" torn
rm "$own/torn.jpg"
close_window

# --- a tray, and German --------------------------------------------------------------------------------------
mkfifo "$work/orders"
exec 5<>"$work/orders"
start_tray() { input=$work/orders start tray /usr/bin/python3 "$here/tray.py" && tray=$started; }
start_tray
export LANGUAGE=de
open_window
trayed() { wait_for "$PATIENCE" grep -q '^item ' "$work/tray.log"; }
check "is in the tray" trayed
answer() { # order: the tray's next line
    local lines
    lines=$(wc -l <"$work/tray.log")
    echo "$1" >&5
    wait_for "$PATIENCE" bash -c "[ \$(wc -l <'$work/tray.log') -gt $lines ]" && tail -1 "$work/tray.log"
}
menu_is() { answer menu | has "$1"; }
check "its menu is in German" wait_for "$PATIENCE" menu_is "Fenster ö_ffnen | _Kamera an:on | - | Fenster _beenden"
by_tray() { answer "press _Kamera an" && becomes Enabled '<false>' && wait_for "$PATIENCE" menu_is "_Kamera an |" && answer "press _Kamera an" && becomes Enabled '<true>'; }
check "the tray switches the camera" by_tray
check "the window is in German" soon says "% eines Prozessorkerns, "
check "everything in German has a name" use unnamed
wait_for "$PATIENCE" face || true
picture window-de
shown() { xdotool search --onlyvisible --name "Matte-Kamera"; }
hidden() { ! shown; }
hides() {
    focus "Matte-Kamera" && xdotool key ctrl+w && wait_for "$PATIENCE" hidden && kill -0 "$opened" && wait_for "$PATIENCE" closed_now &&
        answer activate && wait_for "$PATIENCE" shown
}
closed_now() { is OpenCamera "(<''>,)"; }
check "closed, it stays in the tray with the camera closed, and comes back" hides
vanishes() { # The desktop's tray, while the window is only there.
    focus "Matte-Kamera" && xdotool key ctrl+w && wait_for "$PATIENCE" hidden && kill -0 "$opened" &&
        kill "$tray" && wait_for "$PATIENCE" shown
}
check "comes back when the tray has gone" vanishes
activates() { answer activate | has activated; }
returns() { # It takes the symbol again, and the window can be closed to it.
    # Its answer comes after that of the tray, so that the window knows of the tray by then.
    start_tray && wait_for "$PATIENCE" grep -q '^item ' "$work/tray.log" && wait_for "$PATIENCE" activates &&
        focus "Matte-Kamera" && xdotool key ctrl+w && wait_for "$PATIENCE" hidden && kill -0 "$opened" &&
        wait_for "$PATIENCE" activates && wait_for "$PATIENCE" shown
}
check "goes to a tray that has come back" returns
quits() { answer "press Fenster _beenden" && wait_for "$PATIENCE" gone && await_end "$opened" && becomes Watched false; }
check "ends by the tray" quits
export LANGUAGE=es
open_window
check "the window is in Spanish" soon says "% de un núcleo del procesador, "
close_window
alone() { # Without matte-camera, in words of the user.
    mkdir -p "$work/alone" && cp "$window" "$work/alone/" && call $interface.Quit >/dev/null
    LANGUAGE=de PATH=/usr/bin:/bin MATTE_LOCALEDIR=$work/usr/share/locale start window-alone "$work/alone/matte-window"
    opened=$started
    soon says "matte-camera lässt sich nicht starten: "
}
check "says in German that there is no matte-camera" alone
close_window
complains() { ! grep -h -e panicked -e CRITICAL -e Gtk-WARNING "$work"/window*.log "$work/state/matte/camera.log"; }
check "panics nowhere, and GTK complains nowhere" complains
echo "# $passed passed, $failed failed"
[ $failed = 0 ]
