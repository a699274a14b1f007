// SPDX-License-Identifier: MPL-2.0

//! Kinds of pictures that the system decodes, by gdk-pixbuf.
//!
//! Why gdk-pixbuf, and why it is opened at run time: it is where distributions register their
//! decoders of AVIF, HEIC, JPEG XL and SVG, it hands out colour profiles (GStreamer's element for
//! it does not), it tells a picture's size before it takes memory, and in newer versions its
//! loaders (glycin) run in a sandbox. If it is missing, everything else works.
//!
//! Its decoders are C and C++ in this process. They get only files whose first bytes say their
//! kind, whose sizes were looked at before, and a limited time.
//!
//! This is the only code of the plugin's pictures that is `unsafe`: calls of C functions, whose
//! types are those of gdk-pixbuf's documented interface, stable since 2.4.
#![allow(unsafe_code)]

use super::error::{OpenError, SystemError};
use super::kind::SystemKind;
use super::limits::{MAX_BYTES, MAX_SIDE};
use gst::glib::{ffi, gobject_ffi};
use image::RgbaImage;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Names of the library, most likely first.
const LIBRARIES: &[&str] = if cfg!(target_os = "macos") {
    &[
        "libgdk_pixbuf-2.0.0.dylib",
        "/opt/homebrew/lib/libgdk_pixbuf-2.0.0.dylib",
    ]
} else if cfg!(windows) {
    &["gdk_pixbuf-2.0-0.dll", "libgdk_pixbuf-2.0-0.dll"]
} else {
    &["libgdk_pixbuf-2.0.so.0"]
};

/// How long a decoder may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How many decoders may run at a time, those that never came back included.
const MOST: usize = 4;
/// Sides of drawings are at least this long, so that they are sharp behind any usual video.
const SHARP: f64 = 1920.0;

/// A picture as the system has decoded it.
#[derive(Debug)]
pub(super) struct Decoded {
    /// Straight red, green, blue and alpha.
    pub image: RgbaImage,
    /// The file's ICC profile.
    pub icc: Option<Vec<u8>>,
    /// The size that the file names, if the picture was drawn larger.
    pub own_size: Option<(u32, u32)>,
}

macro_rules! functions {
    ($($name:ident: fn($($arg:ty),*) $(-> $result:ty)?;)+) => {
        /// The functions of gdk-pixbuf.
        #[derive(Debug, Clone, Copy)]
        struct Gdk { $($name: unsafe extern "C" fn($($arg),*) $(-> $result)?,)+ }

        impl Gdk {
            fn of(library: &libloading::Library) -> Result<Self, libloading::Error> {
                // SAFETY: name and type of each function are those of gdk-pixbuf's documentation,
                // and the library is never unloaded.
                unsafe {
                    Ok(Self {
                        $($name: *library.get(concat!("gdk_pixbuf_", stringify!($name)).as_bytes())?,)+
                    })
                }
            }
        }
    };
}

functions! {
    loader_new_with_mime_type: fn(*const c_char, *mut *mut ffi::GError) -> *mut gobject_ffi::GObject;
    loader_write: fn(*mut gobject_ffi::GObject, *const u8, usize, *mut *mut ffi::GError) -> ffi::gboolean;
    loader_close: fn(*mut gobject_ffi::GObject, *mut *mut ffi::GError) -> ffi::gboolean;
    loader_set_size: fn(*mut gobject_ffi::GObject, c_int, c_int);
    loader_get_pixbuf: fn(*mut gobject_ffi::GObject) -> *mut c_void;
    get_width: fn(*const c_void) -> c_int;
    get_height: fn(*const c_void) -> c_int;
    get_rowstride: fn(*const c_void) -> c_int;
    get_n_channels: fn(*const c_void) -> c_int;
    get_bits_per_sample: fn(*const c_void) -> c_int;
    get_pixels: fn(*const c_void) -> *const u8;
    get_option: fn(*const c_void, *const c_char) -> *const c_char;
}

/// gdk-pixbuf, opened once and never closed: types that it has registered stay.
fn gdk() -> Result<Gdk, SystemError> {
    static GDK: OnceLock<Result<Gdk, OpenError>> = OnceLock::new();
    match GDK.get_or_init(open) {
        Ok(gdk) => Ok(*gdk),
        Err(error) => Err(SystemError::Open(error)),
    }
}

/// Opens the first library that is there; the error is that of the last name.
fn open() -> Result<Gdk, OpenError> {
    // SAFETY: a library of the system, whose start-up code does nothing but register types.
    let load = |name: &&str| unsafe { libloading::Library::new(*name) };
    let [others @ .., last] = LIBRARIES else {
        unreachable!("the list has names")
    };
    let found = others.iter().find_map(|name| load(name).ok());
    let library = match found {
        Some(library) => library,
        None => load(last).map_err(OpenError::Library)?,
    };
    let functions = Gdk::of(&library)?;
    std::mem::forget(library);
    Ok(functions)
}

/// Decodes a file of a kind.
///
/// # Errors
/// [`SystemError`] says what is missing, or wrong with the file.
pub(super) fn decode(bytes: Vec<u8>, kind: &'static SystemKind) -> Result<Decoded, SystemError> {
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    let gdk = gdk()?;
    if RUNNING.fetch_add(1, Ordering::AcqRel) >= MOST {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
        return Err(SystemError::Busy(MOST));
    }
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        let result = Loader::new(gdk, kind).and_then(|mut loader| loader.decode(&bytes));
        RUNNING.fetch_sub(1, Ordering::AcqRel);
        let _ = sender.send(result);
    };
    let spawned = thread::Builder::new()
        .name("matte-decoder".into())
        .spawn(work);
    if let Err(error) = spawned {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
        return Err(SystemError::NoThread(error));
    }
    match receiver.recv_timeout(TIMEOUT) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(SystemError::Timeout(TIMEOUT.as_secs())),
        Err(RecvTimeoutError::Disconnected) => Err(SystemError::Panicked),
    }
}

/// What the callback for a picture's size sees.
struct Sizes {
    gdk: Gdk,
    drawing: bool,
    huge: bool,
    own: Option<(u32, u32)>,
}

/// A `GdkPixbufLoader`.
struct Loader {
    gdk: Gdk,
    object: *mut gobject_ffi::GObject,
    drawing: bool,
    open: bool,
}

impl Loader {
    fn new(gdk: Gdk, kind: &SystemKind) -> Result<Self, SystemError> {
        let mut problem = String::new();
        for mime in kind.mime {
            let mime = CString::new(*mime).expect("no NUL");
            let mut error = ptr::null_mut();
            // SAFETY: a C string, and a place for the error.
            let object = unsafe { (gdk.loader_new_with_mime_type)(mime.as_ptr(), &mut error) };
            if !object.is_null() {
                return Ok(Self {
                    gdk,
                    object,
                    drawing: kind.name == "SVG",
                    open: true,
                });
            }
            problem = take(error);
        }
        Err(SystemError::NoDecoder(problem))
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<Decoded, SystemError> {
        let mut sizes = Sizes {
            gdk: self.gdk,
            drawing: self.drawing,
            huge: false,
            own: None,
        };
        let data: *mut Sizes = &mut sizes;
        let name = c"size-prepared";
        let mut error = ptr::null_mut();
        // SAFETY: the callback has the signal's type; `sizes` outlives the loader's work, since the
        // signal is disconnected below and comes only while bytes are written or the loader closed.
        let fed = unsafe {
            let callback: unsafe extern "C" fn(
                *mut gobject_ffi::GObject,
                c_int,
                c_int,
                *mut c_void,
            ) = size_prepared;
            let callback =
                std::mem::transmute::<*const (), unsafe extern "C" fn()>(callback as *const ());
            let id = gobject_ffi::g_signal_connect_data(
                self.object,
                name.as_ptr(),
                Some(callback),
                data.cast(),
                None,
                0,
            );
            let mut fed =
                (self.gdk.loader_write)(self.object, bytes.as_ptr(), bytes.len(), &mut error)
                    != ffi::GFALSE;
            self.open = false;
            let to = if fed { &raw mut error } else { ptr::null_mut() };
            fed &= (self.gdk.loader_close)(self.object, to) != ffi::GFALSE;
            gobject_ffi::g_signal_handler_disconnect(self.object, id);
            fed
        };
        if sizes.huge {
            if !error.is_null() {
                take(error);
            }
            return Err(SystemError::Huge);
        }
        if !fed {
            return Err(SystemError::Decoder(take(error)));
        }
        self.take_picture(sizes.own)
    }

    fn take_picture(&self, own_size: Option<(u32, u32)>) -> Result<Decoded, SystemError> {
        let gdk = self.gdk;
        // SAFETY: the pixbuf belongs to the loader, which lives until the end; what is read of its
        // pixels is what width, height, channels and stride say, the last row without its padding.
        unsafe {
            let pixbuf = (gdk.loader_get_pixbuf)(self.object);
            if pixbuf.is_null() {
                return Err(SystemError::NoPicture);
            }
            let side = |value: c_int| u32::try_from(value).unwrap_or(0);
            let (width, height) = (
                side((gdk.get_width)(pixbuf)),
                side((gdk.get_height)(pixbuf)),
            );
            if is_huge(width, height) {
                return Err(SystemError::Huge);
            }
            let channels = side((gdk.get_n_channels)(pixbuf)) as usize;
            let stride = side((gdk.get_rowstride)(pixbuf)) as usize;
            let (pixels, row) = ((gdk.get_pixels)(pixbuf), width as usize * channels);
            if !matches!(channels, 3 | 4)
                || (gdk.get_bits_per_sample)(pixbuf) != 8
                || width == 0
                || height == 0
                || stride < row
                || pixels.is_null()
            {
                return Err(SystemError::Pixels);
            }
            let mut image = RgbaImage::new(width, height);
            for (y, out) in image.chunks_exact_mut(4 * width as usize).enumerate() {
                let from = std::slice::from_raw_parts(pixels.add(y * stride), row);
                for (out, from) in out.chunks_exact_mut(4).zip(from.chunks_exact(channels)) {
                    out[3] = 255;
                    out[..channels].copy_from_slice(from);
                }
            }
            let icc = (gdk.get_option)(pixbuf, c"icc-profile".as_ptr());
            let icc = (!icc.is_null()).then(|| {
                let mut length = 0;
                let decoded = ffi::g_base64_decode(icc, &mut length);
                let bytes = std::slice::from_raw_parts(decoded, length).to_vec();
                ffi::g_free(decoded.cast());
                bytes
            });
            Ok(Decoded {
                image,
                icc,
                own_size,
            })
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // SAFETY: the object is this loader's own.
        unsafe {
            if self.open {
                (self.gdk.loader_close)(self.object, ptr::null_mut());
            }
            gobject_ffi::g_object_unref(self.object);
        }
    }
}

/// Called with a picture's size before memory is taken for its pixels.
unsafe extern "C" fn size_prepared(
    loader: *mut gobject_ffi::GObject,
    width: c_int,
    height: c_int,
    data: *mut c_void,
) {
    // SAFETY: `data` is what `decode` has connected, and nobody else looks at it meanwhile.
    let sizes = unsafe { &mut *data.cast::<Sizes>() };
    let (wide, high) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let side = |value: c_int| u32::try_from(value).unwrap_or(0);
    if is_huge(side(width), side(height)) {
        sizes.huge = true;
        // Loaders take this for a reason to stop; those that do not make a small picture.
        // SAFETY: the loader is the one that calls.
        unsafe { (sizes.gdk.loader_set_size)(loader, 0, 0) };
        return;
    }
    let scale = SHARP / wide.max(high);
    if sizes.drawing && scale > 1.0 && width > 0 && height > 0 {
        sizes.own = Some((side(width), side(height)));
        let scaled = |side: f64| (side * scale).round().max(1.0) as c_int;
        // SAFETY: as above.
        unsafe { (sizes.gdk.loader_set_size)(loader, scaled(wide), scaled(high)) };
    }
}

fn is_huge(width: u32, height: u32) -> bool {
    let bytes = 4 * u64::from(width) * u64::from(height);
    width > MAX_SIDE || height > MAX_SIDE || bytes > MAX_BYTES
}

/// The words of an error, which is freed.
fn take(error: *mut ffi::GError) -> String {
    if error.is_null() {
        return "no reason".into();
    }
    // SAFETY: an error that a function has given us, with its text.
    unsafe {
        let text = (*error).message;
        let words = if text.is_null() {
            "no reason".into()
        } else {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        };
        ffi::g_error_free(error);
        words
    }
}
