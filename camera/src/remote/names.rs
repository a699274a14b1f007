// SPDX-License-Identifier: MPL-2.0

//! How the program is called on the session bus.

use super::RemoteError;
use gst::glib::prelude::*;

/// The first program's name.
pub const BUS_NAME: &str = "io.github.gst_plugin_matte.Camera";
/// Where every program's object is.
pub const PATH: &str = "/io/github/gst_plugin_matte/Camera";
/// More programs than anybody starts.
const MOST: u32 = 100;
/// The bus's own numbers: wait for no name that another program has.
const DO_NOT_QUEUE: u32 = 4;
const PRIMARY_OWNER: u32 = 1;

/// The name of the n-th program, from 1.
fn name(number: u32) -> String {
    match number {
        1 => BUS_NAME.into(),
        number => format!("{BUS_NAME}.Instance{number}"),
    }
}

/// Takes the first name that no other program has.
///
/// # Errors
/// If there is none, or the bus is gone.
pub async fn take(bus: &gio::DBusConnection) -> Result<String, RemoteError> {
    let wanted = <(u32,)>::static_variant_type();
    for name in (1..=MOST).map(name) {
        let answer = bus.call_future(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "RequestName",
            Some(&(&name, DO_NOT_QUEUE).to_variant()),
            Some(&wanted),
            gio::DBusCallFlags::NONE,
            -1,
        );
        if answer.await?.get() == Some((PRIMARY_OWNER,)) {
            return Ok(name);
        }
    }
    Err(RemoteError::NoName(BUS_NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_right_on_a_bus() {
        assert_eq!(name(1), "io.github.gst_plugin_matte.Camera");
        let name = name(2);
        assert_eq!(name, "io.github.gst_plugin_matte.Camera.Instance2");
        assert!(gio::dbus_is_name(&name));
    }
}
