// SPDX-License-Identifier: MPL-2.0

//! Two WebM files become one: each packet of the first one's video gets a packet of the second one's
//! beside it.

use super::ebml::{self, Head, UNKNOWN, children, leading, put, put_head, put_unsigned, unsigned};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114d_9b74;
const SEEK: u32 = 0x4dbb;
const SEEK_ID: u32 = 0x53ab;
const SEEK_POSITION: u32 = 0x53ac;
const VOID: u32 = 0xec;
const CUES: u32 = 0x1c53_bb6b;
const CUE_POINT: u32 = 0xbb;
const CUE_TIME: u32 = 0xb3;
const CUE_POSITIONS: u32 = 0xb7;
const CUE_TRACK: u32 = 0xf7;
const CUE_CLUSTER: u32 = 0xf1;
const INFO: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const TRACK_NUMBER: u32 = 0xd7;
const TRACK_TYPE: u32 = 0x83;
const VIDEO_TYPE: u64 = 1;
const MAX_ADDITION: u32 = 0x55ee;
const VIDEO: u32 = 0xe0;
const ALPHA_MODE: u32 = 0x53c0;
const CLUSTER: u32 = 0x1f43_b675;
const TIMESTAMP: u32 = 0xe7;
const SIMPLE_BLOCK: u32 = 0xa3;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const REFERENCE: u32 = 0xfb;
const ADDITIONS: u32 = 0x75a1;
const MORE: u32 = 0xa6;
const ADDITION_ID: u32 = 0xee;
const ADDITIONAL: u32 = 0xa5;
/// The number of the addition that is alpha.
const ALPHA: u64 = 1;
/// The flag of a simple block that no other frame is needed for.
const KEY_FRAME: u8 = 0x80;

/// What keeps two files from becoming one.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file of another structure than GStreamer's muxer gives.
    #[error("{0} is missing or somewhere else")]
    Structure(&'static str),
    /// The streams do not belong together.
    #[error("{0} frames of colours, {1} of alpha")]
    Count(usize, usize),
}

/// The children of a file's segment, one after the other.
struct Segment {
    file: BufReader<File>,
    header: Vec<u8>,
}

impl Segment {
    fn open(path: &Path) -> Result<Self, MergeError> {
        let mut file = BufReader::new(File::open(path)?);
        let first = ebml::head(&mut file)?.filter(|head| head.id == EBML);
        let first = first.ok_or(MergeError::Structure("the header"))?;
        let header = ebml::content(&mut file, first)?;
        let second = ebml::head(&mut file)?.filter(|head| head.id == SEGMENT);
        second.ok_or(MergeError::Structure("the segment"))?;
        Ok(Self { file, header })
    }

    fn next(&mut self) -> Result<Option<(Head, Vec<u8>)>, MergeError> {
        let Some(head) = ebml::head(&mut self.file)? else {
            return Ok(None);
        };
        let content = ebml::content(&mut self.file, head)?;
        Ok(Some((head, content)))
    }
}

/// The packets of a file that has one stream.
struct Packets {
    segment: Segment,
    waiting: VecDeque<Vec<u8>>,
    count: usize,
}

impl Packets {
    fn next(&mut self) -> Result<Option<Vec<u8>>, MergeError> {
        while self.waiting.is_empty() {
            let Some((head, content)) = self.segment.next()? else {
                return Ok(None);
            };
            if head.id != CLUSTER {
                continue;
            }
            for (id, content) in children(&content)? {
                let block = match id {
                    SIMPLE_BLOCK => Some(content),
                    BLOCK_GROUP => child(content, BLOCK)?,
                    _ => None,
                };
                if let Some(block) = block {
                    self.waiting.push_back(Block::of(block)?.packet.to_vec());
                }
            }
        }
        self.count += 1;
        Ok(self.waiting.pop_front())
    }
}

/// A block, taken apart.
struct Block<'a> {
    track: u64,
    /// Since its cluster, in the file's steps.
    time: i16,
    flags: u8,
    packet: &'a [u8],
}

impl<'a> Block<'a> {
    fn of(content: &'a [u8]) -> Result<Self, MergeError> {
        let (track, rest) = leading(content)?;
        let &[high, low, flags, ref packet @ ..] = rest else {
            return Err(MergeError::Structure("a block's beginning"));
        };
        Ok(Self {
            track,
            time: i16::from_be_bytes([high, low]),
            flags,
            packet,
        })
    }
}

fn child(content: &[u8], id: u32) -> io::Result<Option<&[u8]>> {
    let children = children(content)?;
    let found = children.into_iter().find(|(own, _)| *own == id);
    Ok(found.map(|(_, content)| content))
}

/// The file that becomes of both.
struct Merged {
    file: BufWriter<File>,
    /// Where the segment's content begins, from which positions are counted.
    begin: u64,
    at: u64,
    /// The video's track.
    track: u64,
    /// The time of the last frame of the video.
    last: Option<i64>,
    cues: Vec<u8>,
    /// Where the elements are that readers look for.
    places: Vec<(u32, u64)>,
}

/// Writes the first file with the second one's video as the alpha of its own.
///
/// # Errors
/// If they are not as GStreamer writes them, or do not belong together.
pub fn merge(colours: &Path, alpha: &Path, to: &Path) -> Result<(), MergeError> {
    let mut colours = Segment::open(colours)?;
    let mut alpha = Packets {
        segment: Segment::open(alpha)?,
        waiting: VecDeque::new(),
        count: 0,
    };
    let mut merged = Merged::begin(to, &colours.header)?;
    let mut frames = 0;
    while let Some((head, content)) = colours.next()? {
        match head.id {
            // Positions change: they are made anew.
            SEEK_HEAD | CUES | VOID => (),
            TRACKS => merged.tracks(&content)?,
            CLUSTER => merged.cluster(&content, &mut alpha, &mut frames)?,
            id => merged.element(id, &content)?,
        }
    }
    while alpha.next()?.is_some() {}
    match frames == alpha.count {
        true => merged.end(),
        false => Err(MergeError::Count(frames, alpha.count)),
    }
}

/// Bytes of the seek head: three entries.
const SEEK_HEAD_SIZE: usize = 12 + 3 * (10 + 10 + 4 + 10 + 8);

impl Merged {
    fn begin(path: &Path, header: &[u8]) -> Result<Self, MergeError> {
        let mut bytes = Vec::new();
        put(&mut bytes, EBML, header);
        put_head(&mut bytes, SEGMENT, UNKNOWN);
        let begin = bytes.len() as u64;
        // The place of the seek head.
        bytes.resize(bytes.len() + SEEK_HEAD_SIZE, 0);
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(&bytes)?;
        Ok(Self {
            file,
            begin,
            at: SEEK_HEAD_SIZE as u64,
            track: 0,
            last: None,
            cues: Vec::new(),
            places: Vec::new(),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), MergeError> {
        self.file.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn element(&mut self, id: u32, content: &[u8]) -> Result<(), MergeError> {
        if [INFO, TRACKS, CUES].contains(&id) {
            self.places.push((id, self.at));
        }
        let mut bytes = Vec::with_capacity(content.len() + 12);
        put(&mut bytes, id, content);
        self.write(&bytes)
    }

    /// The tracks; that of the video says that it has alpha.
    fn tracks(&mut self, content: &[u8]) -> Result<(), MergeError> {
        let mut tracks = Vec::new();
        for (id, entry) in children(content)? {
            let kind = child(entry, TRACK_TYPE)?.map(unsigned);
            if id != TRACK_ENTRY || kind != Some(VIDEO_TYPE) {
                put(&mut tracks, id, entry);
                continue;
            }
            let mut changed = Vec::new();
            for (id, content) in children(entry)? {
                match id {
                    TRACK_NUMBER => self.track = unsigned(content),
                    MAX_ADDITION => continue,
                    VIDEO => {
                        let mut video = Vec::new();
                        for (id, content) in children(content)? {
                            if id != ALPHA_MODE {
                                put(&mut video, id, content);
                            }
                        }
                        put_unsigned(&mut video, ALPHA_MODE, 1);
                        put(&mut changed, VIDEO, &video);
                        continue;
                    }
                    _ => (),
                }
                put(&mut changed, id, content);
            }
            put_unsigned(&mut changed, MAX_ADDITION, ALPHA);
            put(&mut tracks, TRACK_ENTRY, &changed);
        }
        match self.track {
            0 => Err(MergeError::Structure("the video's track")),
            _ => self.element(TRACKS, &tracks),
        }
    }

    fn cluster(
        &mut self,
        content: &[u8],
        alpha: &mut Packets,
        frames: &mut usize,
    ) -> Result<(), MergeError> {
        let children = children(content)?;
        let time = children.iter().find(|(id, _)| *id == TIMESTAMP);
        let time = time.map(|(_, content)| unsigned(content));
        let time = time.ok_or(MergeError::Structure("a cluster's time"))? as i64;
        let place = self.at;
        let mut cluster = Vec::with_capacity(content.len() * 2);
        for (id, content) in children {
            let (block, is_key) = match id {
                SIMPLE_BLOCK => (content, Block::of(content)?.flags & KEY_FRAME != 0),
                BLOCK_GROUP => {
                    let block = child(content, BLOCK)?.ok_or(MergeError::Structure("a block"))?;
                    (block, child(content, REFERENCE)?.is_none())
                }
                _ => {
                    put(&mut cluster, id, content);
                    continue;
                }
            };
            let parts = Block::of(block)?;
            if parts.track != self.track {
                put(&mut cluster, id, content);
                continue;
            }
            let now = time + i64::from(parts.time);
            let packet = alpha.next()?;
            let packet = packet.ok_or(MergeError::Count(*frames + 1, alpha.count))?;
            *frames += 1;
            let before = self.last.replace(now);
            let reference = (!is_key).then(|| before.map_or(-1, |before| before - now));
            let mut group = group(block, &packet, reference);
            if id == BLOCK_GROUP {
                others(&mut group, content)?;
            }
            put(&mut cluster, BLOCK_GROUP, &group);
            if is_key {
                self.cue(now, place);
            }
        }
        self.element(CLUSTER, &cluster)
    }

    /// Readers find a time at a place.
    fn cue(&mut self, time: i64, place: u64) {
        let mut positions = Vec::new();
        put_unsigned(&mut positions, CUE_TRACK, self.track);
        put_unsigned(&mut positions, CUE_CLUSTER, place);
        let mut point = Vec::new();
        put_unsigned(&mut point, CUE_TIME, time.max(0) as u64);
        put(&mut point, CUE_POSITIONS, &positions);
        put(&mut self.cues, CUE_POINT, &point);
    }

    /// Writes what is known at the end only.
    fn end(mut self) -> Result<(), MergeError> {
        let cues = std::mem::take(&mut self.cues);
        self.element(CUES, &cues)?;
        let mut seeks = Vec::new();
        for (id, place) in &self.places {
            let mut seek = Vec::new();
            put(&mut seek, SEEK_ID, &id.to_be_bytes());
            put_unsigned(&mut seek, SEEK_POSITION, *place);
            put(&mut seeks, SEEK, &seek);
        }
        let mut head = Vec::new();
        put(&mut head, SEEK_HEAD, &seeks);
        if head.len() != SEEK_HEAD_SIZE {
            return Err(MergeError::Structure("info, tracks or cues"));
        }
        self.file.seek(SeekFrom::Start(self.begin - 8))?;
        self.file.write_all(&(1 << 56 | self.at).to_be_bytes())?;
        self.file.write_all(&head)?;
        self.file.flush()?;
        Ok(())
    }
}

/// A block with the alpha beside it. Only groups hold additions; they say by a reference that they
/// need another frame.
fn group(block: &[u8], alpha: &[u8], reference: Option<i64>) -> Vec<u8> {
    let mut more = Vec::new();
    put_unsigned(&mut more, ADDITION_ID, ALPHA);
    put(&mut more, ADDITIONAL, alpha);
    let mut additions = Vec::new();
    put(&mut additions, MORE, &more);
    let mut group = Vec::with_capacity(block.len() + alpha.len() + 64);
    let mut block = block.to_vec();
    // The flag is one of simple blocks; the track's number has one byte, as there are few.
    if let Some(flags) = block.get_mut(3) {
        *flags &= !KEY_FRAME;
    }
    put(&mut group, BLOCK, &block);
    put(&mut group, ADDITIONS, &additions);
    if let Some(reference) = reference {
        put(&mut group, REFERENCE, &reference.to_be_bytes());
    }
    group
}

/// What a group says beside the block: how long it lasts.
fn others(group: &mut Vec<u8>, content: &[u8]) -> io::Result<()> {
    for (id, content) in children(content)? {
        if ![BLOCK, ADDITIONS, REFERENCE].contains(&id) {
            put(group, id, content);
        }
    }
    Ok(())
}
