// SPDX-License-Identifier: MPL-2.0

//! The bytes of a picture. A file stays open while its picture is in use, so that an animation can
//! be read again from its start after the file was replaced by another.

use std::fs::File;
use std::io::{BufReader, Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A file or bytes in memory; clones read the same.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// An open file. Readers share its handle, and each seeks before it reads.
    File(Arc<Mutex<File>>),
    /// Bytes in memory.
    Bytes(Arc<[u8]>),
}

impl Source {
    /// Opens a plain file.
    pub fn open(path: &Path) -> Result<Self> {
        // Opening a pipe would wait for a writer.
        if !std::fs::metadata(path)?.is_file() {
            let problem = "expected a plain file";
            return Err(Error::new(ErrorKind::InvalidInput, problem));
        }
        Ok(Self::File(Arc::new(Mutex::new(File::open(path)?))))
    }

    /// Reads from the start.
    pub fn reader(&self) -> BufReader<Reader> {
        BufReader::with_capacity(
            1 << 16,
            Reader {
                source: self.clone(),
                at: 0,
            },
        )
    }

    /// The first bytes.
    pub fn head(&self, most: usize) -> Result<Vec<u8>> {
        let mut head = Vec::with_capacity(most);
        self.reader().take(most as u64).read_to_end(&mut head)?;
        Ok(head)
    }

    /// All bytes; none if there are more than `most`.
    pub fn whole(&self, most: u64) -> Result<Option<Vec<u8>>> {
        if self.len()? > most {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.reader().take(most + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= most).then_some(bytes))
    }

    fn len(&self) -> Result<u64> {
        match self {
            Self::File(file) => {
                let file = file.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(file.metadata()?.len())
            }
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }
}

/// A place in a source.
#[derive(Debug)]
pub(super) struct Reader {
    source: Source,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = match &self.source {
            Source::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(self.at))?;
                file.read(buffer)?
            }
            Source::Bytes(bytes) => {
                let start = usize::try_from(self.at).unwrap_or(usize::MAX);
                (&bytes[start.min(bytes.len())..]).read(buffer)?
            }
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.source.len()?.checked_add_signed(by),
        };
        let problem = "a place before the file's start";
        self.at = place.ok_or_else(|| Error::new(ErrorKind::InvalidInput, problem))?;
        Ok(self.at)
    }
}
