// SPDX-License-Identifier: MPL-2.0

//! The symbol in the desktop's tray, as a StatusNotifierItem.

use crate::texts::tr;
use ksni::menu::{CheckmarkItem, StandardItem};
use ksni::{Handle, MenuItem, OfflineReason, ToolTip, TrayMethods};

/// What somebody wants who uses the symbol, and whether they can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The window.
    Open,
    /// The camera on, or off.
    Enable(bool),
    /// The end of the window; the camera goes on.
    Quit,
    /// Nothing: the tray has come, or has gone, and the symbol with it.
    Shown(bool),
}

/// The symbol; its menu is in the user's language.
pub struct Tray {
    /// Whether viewers get the camera's picture; None without matte-camera.
    pub enabled: Option<bool>,
    wishes: async_channel::Sender<Wish>,
}

impl Tray {
    fn wish(&self, wish: Wish) {
        // Nobody is there to hear it only at the end.
        let _ = self.wishes.try_send(wish);
    }
}

impl ksni::Tray for Tray {
    fn id(&self) -> String {
        "matte-window".into()
    }

    fn title(&self) -> String {
        tr("Matte Camera")
    }

    fn icon_name(&self) -> String {
        "io.github.gst_plugin_matte.Camera".into()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: tr("Matte Camera"),
            description: match self.enabled {
                Some(true) => tr("The camera is on"),
                Some(false) => tr("The camera is off: others see a dark picture"),
                None => tr("matte-camera does not run"),
            },
            ..ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.wish(Wish::Open);
    }

    fn watcher_online(&self) {
        self.wish(Wish::Shown(true));
    }

    fn watcher_offline(&self, _reason: OfflineReason) -> bool {
        self.wish(Wish::Shown(false));
        // It may come back.
        true
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let open = StandardItem {
            label: tr("_Open the window"),
            activate: Box::new(|tray: &mut Self| tray.wish(Wish::Open)),
            ..StandardItem::default()
        };
        let enabled = self.enabled.unwrap_or(false);
        let switch = CheckmarkItem {
            label: tr("_Camera on"),
            enabled: self.enabled.is_some(),
            checked: enabled,
            activate: Box::new(move |tray: &mut Self| tray.wish(Wish::Enable(!enabled))),
            ..CheckmarkItem::default()
        };
        let quit = StandardItem {
            label: tr("_Quit the window"),
            activate: Box::new(|tray: &mut Self| tray.wish(Wish::Quit)),
            ..StandardItem::default()
        };
        vec![open.into(), switch.into(), MenuItem::Separator, quit.into()]
    }
}

/// Shows the symbol. `wishes` come from threads of their own.
///
/// # Errors
/// If the desktop has no tray.
pub async fn show(wishes: async_channel::Sender<Wish>) -> Result<Handle<Tray>, ksni::Error> {
    let tray = Tray {
        enabled: None,
        wishes,
    };
    tray.spawn().await
}
