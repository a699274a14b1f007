// SPDX-License-Identifier: MPL-2.0

//! Frames out of a pipe, whole ones, in a thread of their own.

use gtk::glib;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::thread;

/// Frames of so many bytes, as long as the pipe is open and somebody takes them. One that nobody
/// has taken yet stops the next ones, which the other side leaves out then.
pub fn read(pipe: OwnedFd, bytes: usize) -> async_channel::Receiver<glib::Bytes> {
    let (give, take) = async_channel::bounded(1);
    thread::spawn(move || {
        let mut pipe = File::from(pipe);
        loop {
            let mut frame = vec![0; bytes];
            let read = pipe.read_exact(&mut frame);
            if read.is_err() || give.send_blocking(glib::Bytes::from_owned(frame)).is_err() {
                return;
            }
        }
    });
    take
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn frames_are_whole_and_the_pipe_is_closed_with_the_last_taker() {
        let (read_end, write_end) = std::io::pipe().expect("there are pipes");
        let frames = read(read_end.into(), 6);
        let mut write_end = write_end;
        write_end.write_all(b"abcdefghi").expect("it is read");
        let frame = frames.recv_blocking().expect("one is whole");
        assert_eq!(&*frame, b"abcdef");
        write_end.write_all(b"jkl").expect("it is read");
        let frame = frames.recv_blocking().expect("one more is whole");
        assert_eq!(&*frame, b"ghijkl");
        drop(frames);
        // The reader sees it with the next frame.
        while write_end.write_all(b"abcdef").is_ok() {}
    }
}
