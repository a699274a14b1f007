// SPDX-License-Identifier: MPL-2.0

//! The program on the session bus: an object with the interface `io.github.gst_plugin_matte.Camera1`
//! (`docs/dbus.md`). GLib's own D-Bus is used: the main loop is there, and needs no second one.

mod error;
mod interface;
mod looks;
mod names;
mod request;
mod status;
mod values;
mod work;

pub use error::{Refusal, RemoteError};
pub use request::Request;
pub use status::Status;
pub use values::name_of;

use futures_channel::mpsc;
use gst::glib;
use gst::glib::prelude::*;
use interface::{Call, INTERFACE, Interface, PROPERTIES};
use names::PATH;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Tells the bus how the program is; clones are the same.
#[derive(Clone, Default)]
pub struct Remote {
    status: Rc<RefCell<Status>>,
    bus: Rc<RefCell<Option<gio::DBusConnection>>>,
    /// How often the picture was hidden.
    hides: Rc<Cell<u64>>,
}

impl Remote {
    /// The picture was hidden: whoever asked for it before does not get it.
    pub fn hidden(&self) {
        self.hides.set(self.hides.get() + 1);
    }

    /// The program is like this now.
    pub fn tell(&self, status: Status) {
        let changes = status.changes(&self.status.borrow());
        self.status.replace(status);
        let bus = self.bus.borrow();
        if let Some((bus, changes)) = bus.as_ref().zip(changes) {
            let none = Vec::<String>::new().to_variant();
            let told = glib::Variant::tuple_from_iter([INTERFACE.to_variant(), changes, none]);
            // After the bus's end nobody hears it.
            let _ = bus.emit_signal(None, PATH, PROPERTIES, "PropertiesChanged", Some(&told));
        }
    }

    /// Goes on the bus, says under which name, and sends what is asked for there to the program.
    /// Says, too, when the bus has ended.
    ///
    /// # Errors
    /// If there is no bus, or no name is free.
    pub async fn serve(
        self,
        requests: mpsc::UnboundedSender<Request>,
        say: fn(&str),
    ) -> Result<(), RemoteError> {
        let bus = gio::bus_get_future(gio::BusType::Session).await?;
        // Otherwise the bus's end would be that of the program.
        bus.set_exit_on_close(false);
        bus.connect_closed(move |_, _, _| say("the session bus has ended: goes on without it"));
        let (calls, mut called) = mpsc::unbounded::<Call>();
        // Without functions of their own, properties come as calls, which can be refused in words.
        bus.register_object(PATH, &interface::info()?)
            .method_call(move |_, _, _, interface, method, parameters, invocation| {
                let call = Call {
                    interface: interface.unwrap_or_default().into(),
                    method: method.into(),
                    parameters,
                    invocation,
                };
                // It is answered as long as the program runs.
                let _ = calls.unbounded_send(call);
            })
            .build()?;
        let name = names::take(&bus).await?;
        self.bus.replace(Some(bus));
        say(&format!("on the session bus as {name}"));
        let interface = Interface::new(self.status, self.hides, requests);
        while let Ok(call) = called.recv().await {
            interface.take(call);
        }
        Ok(())
    }
}
