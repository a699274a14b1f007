# SPDX-License-Identifier: MPL-2.0
# A desktop's camera portal without a desktop; sourced, not run, after session.sh: a display, PipeWire
# and xdg-desktop-portal, which gives programs the cameras whose role is Camera. Nobody is there to be
# asked, so that the permission is stored beforehand.
# shellcheck shell=bash
: "${work:?is a folder of the test}"

start_portal() { # starts PipeWire, too
    start display Xvfb -noreset -displayfd 4 -screen 0 1280x800x24 4>"$work/display"
    wait_for 60 test -s "$work/display" || fail "no display"
    DISPLAY=:$(cat "$work/display")
    # Services that D-Bus starts get these.
    export DISPLAY XDG_CURRENT_DESKTOP=GNOME XDG_DATA_HOME=$work/data GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1
    start_pipewire
    local store=org.freedesktop.impl.portal.PermissionStore
    gdbus call --session --dest $store --object-path /org/freedesktop/impl/portal/PermissionStore \
        --method $store.SetPermission devices true camera "" "['yes']" >/dev/null ||
        fail "the portal's permissions cannot be stored"
    wait_for 120 portal_answers || fail "the camera portal does not answer"
}
portal_answers() {
    gdbus call --session --dest org.freedesktop.portal.Desktop --object-path /org/freedesktop/portal/desktop \
        --method org.freedesktop.DBus.Properties.Get org.freedesktop.portal.Camera version
}
