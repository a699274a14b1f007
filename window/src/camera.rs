// SPDX-License-Identifier: MPL-2.0

//! A running matte-camera, by its interface on the session bus.

use crate::status::Changes;
use serde::de::DeserializeOwned;
use std::os::fd::OwnedFd;
use zbus::Connection;
use zbus::zvariant::{DynamicType, OwnedFd as BusFd, Type, Value};

/// The first matte-camera's name; others have it as the beginning of theirs.
pub const BUS_NAME: &str = "io.github.gst_plugin_matte.Camera";
/// Where its object is.
pub const PATH: &str = "/io/github/gst_plugin_matte/Camera";
/// Its interface.
pub const INTERFACE: &str = "io.github.gst_plugin_matte.Camera1";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Why a call was in vain, in matte-camera's words.
#[derive(Debug, thiserror::Error)]
#[error("{}", words(.0))]
pub struct CallError(#[from] pub zbus::Error);

fn words(error: &zbus::Error) -> String {
    match error {
        zbus::Error::MethodError(_, Some(words), _) => words.clone(),
        other => other.to_string(),
    }
}

type Result<T> = std::result::Result<T, CallError>;

/// A running matte-camera; clones are the same.
#[derive(Debug, Clone)]
pub struct Camera {
    bus: Connection,
    owner: String,
}

impl Camera {
    /// The one that a connection to the bus belongs to.
    pub fn new(bus: &Connection, owner: &str) -> Self {
        Self {
            bus: bus.clone(),
            owner: owner.into(),
        }
    }

    async fn call<T: DeserializeOwned + Type>(
        &self,
        interface: &str,
        method: &str,
        body: &(impl serde::Serialize + DynamicType),
    ) -> Result<T> {
        let owner = Some(self.owner.as_str());
        let answer = self
            .bus
            .call_method(owner, PATH, Some(interface), method, body);
        Ok(answer.await?.body().deserialize()?)
    }

    /// All properties of the interface.
    pub async fn properties(&self) -> Result<Changes> {
        self.call(PROPERTIES, "GetAll", &INTERFACE).await
    }

    /// Sets a property of the interface.
    pub async fn set(&self, property: &str, value: Value<'_>) -> Result<()> {
        let body = (INTERFACE, property, value);
        self.call(PROPERTIES, "Set", &body).await
    }

    /// Names and device files of all cameras.
    pub async fn cameras(&self) -> Result<Vec<(String, String)>> {
        self.call(INTERFACE, "ListCameras", &()).await
    }

    /// What a property of mattebackground is.
    pub async fn element_property(&self, name: &str) -> Result<String> {
        let (value, _, _): (String, f64, f64) = self.call(INTERFACE, "GetProperty", &name).await?;
        Ok(value)
    }

    /// Sets a property of mattebackground.
    pub async fn set_element_property(&self, name: &str, value: &str) -> Result<()> {
        self.call(INTERFACE, "SetProperty", &(name, value)).await
    }

    /// A pipe with frames of a size, BGRA.
    pub async fn open_preview(&self, width: i32, height: i32) -> Result<OwnedFd> {
        let size = (width, height);
        let (pipe, _): (BusFd, String) = self.call(INTERFACE, "OpenPreview", &size).await?;
        Ok(pipe.into())
    }

    /// Switches the picture of viewers on or off.
    pub async fn enable(&self, enabled: bool) -> Result<()> {
        self.set("Enabled", enabled.into()).await
    }

    /// Switches the effect on or off.
    pub async fn set_effect(&self, on: bool) -> Result<()> {
        let text = if on { "true" } else { "false" };
        self.set_element_property("enabled", text).await
    }

    /// Saves the settings, and says in which file.
    pub async fn save(&self) -> Result<String> {
        self.call(INTERFACE, "Save", &()).await
    }

    /// Sets several properties of the interface one by one, until one is refused.
    pub async fn set_all(&self, values: Vec<(&str, Value<'_>)>) -> Result<()> {
        for (property, value) in values {
            self.set(property, value).await?;
        }
        Ok(())
    }
}
