// SPDX-License-Identifier: MPL-2.0

//! Finds matte-camera on the session bus, starts it if it does not run, and follows it until it
//! ends.

use crate::camera::{BUS_NAME, CallError, Camera, INTERFACE, PATH};
use crate::launch::{LaunchError, launch};
use crate::status::{Changes, Status};
use crate::texts::tr_with;
use futures_util::future::{Either, select};
use futures_util::{StreamExt, pin_mut};
use gtk::gio;
use zbus::fdo::{self, DBusProxy, NameOwnerChangedStream};
use zbus::{Connection, MatchRule, MessageStream};

/// What is told about matte-camera.
pub enum News {
    /// It runs, and is like this.
    Found(Camera, Status),
    /// It is like this now.
    Changed(Status),
    /// It does not run, or has ended; why.
    Gone(Option<LinkError>),
}

/// Why matte-camera cannot be driven.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no session bus, or it has ended.
    #[error("{}", tr_with("The session bus: {why}", &[("why", &.0.to_string())]))]
    Bus(#[from] zbus::Error),
    /// It cannot be started, or has ended at once.
    #[error(transparent)]
    Launch(#[from] LaunchError),
}

impl From<fdo::Error> for LinkError {
    fn from(error: fdo::Error) -> Self {
        Self::Bus(error.into())
    }
}

/// Tells everything about matte-camera. Where it does not run, it is started, and again each time
/// that somebody asks for it.
pub async fn follow(tell: impl Fn(News), again: async_channel::Receiver<()>) {
    loop {
        let why = follow_once(&tell).await.err();
        tell(News::Gone(why));
        if again.recv().await.is_err() {
            return;
        }
    }
}

async fn follow_once(tell: &impl Fn(News)) -> Result<(), LinkError> {
    let bus = Connection::session().await?;
    let names = DBusProxy::new(&bus).await?;
    // From now on, so that no change is missed.
    let mut owners = names.receive_name_owner_changed().await?;
    let owner = match running(&names).await? {
        Some(name) => name,
        None => start(&mut owners).await?,
    };
    let owner = names.get_name_owner(owner.as_str().try_into().map_err(zbus::Error::from)?);
    let owner = owner.await?.to_string();
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .sender(owner.as_str())?
        .path(PATH)?
        .interface("org.freedesktop.DBus.Properties")?
        .member("PropertiesChanged")?
        .build();
    let mut signals = MessageStream::for_match_rule(rule, &bus, None).await?;
    let camera = Camera::new(&bus, &owner);
    let mut status = Status::default();
    status.apply(
        camera
            .properties()
            .await
            .map_err(|CallError(error)| error)?,
    );
    tell(News::Found(camera, status.clone()));
    loop {
        match select(signals.next(), owners.next()).await {
            Either::Left((Some(signal), _)) => {
                let body = signal?.body();
                let (interface, changes, _): (&str, Changes, Vec<&str>) = body.deserialize()?;
                if interface == INTERFACE {
                    status.apply(changes);
                    tell(News::Changed(status.clone()));
                }
            }
            Either::Right((Some(change), _)) => {
                let change = change.args()?;
                let is_gone = change.new_owner.is_none();
                if is_gone && change.name.as_str() == owner {
                    return Ok(());
                }
            }
            // The bus has ended.
            Either::Left((None, _)) | Either::Right((None, _)) => return Ok(()),
        }
    }
}

/// The name of a matte-camera that runs, the first one's first.
async fn running(names: &DBusProxy<'_>) -> Result<Option<String>, LinkError> {
    let all = names.list_names().await?;
    let ours = all.iter().map(|name| name.as_str()).filter(|name| {
        let rest = name.strip_prefix(BUS_NAME);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(".Instance"))
    });
    Ok(ours.min().map(Into::into))
}

/// Starts it, and waits until it is on the bus.
async fn start(owners: &mut NameOwnerChangedStream) -> Result<String, LinkError> {
    let (ended, end) = async_channel::bounded(1);
    // Files may take their time.
    let launched = gio::spawn_blocking(move || launch(ended)).await;
    launched.unwrap_or(Err(LaunchError::Ended(None)))?;
    let comes = async {
        while let Some(change) = owners.next().await {
            let args = change.args()?;
            if args.name.as_str().starts_with(BUS_NAME) && args.new_owner.is_some() {
                return Ok(args.name.to_string());
            }
        }
        Err(zbus::Error::InputOutput(std::sync::Arc::new(
            std::io::ErrorKind::ConnectionAborted.into(),
        )))
    };
    pin_mut!(comes);
    let ends = end.recv();
    pin_mut!(ends);
    match select(comes, ends).await {
        Either::Left((name, _)) => Ok(name?),
        Either::Right((why, _)) => Err(why.unwrap_or(LaunchError::Ended(None)).into()),
    }
}
