#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Makes tests/data/pictures anew: one colour in each kind of file that the plugin's own tests cannot write.

Wants avifenc (libavif-bin), heif-enc (libheif-examples), cjxl (libjxl-tools) and Pillow. Files are
made from nothing but numbers here, and are CC0. Encoders of other versions write other bytes; the
tests look at pixels.
"""

import hashlib
import io
import struct
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageCms

FOLDER = Path(__file__).resolve().parent
COLOR = (230, 120, 40)
# COLOR in Display P3, by the matrices of CSS Color 4.
IN_P3 = (216, 126, 61)
SIZE = (64, 48)


def run(*command):
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def profile_of_inks():
    """A printer for which red ink (magenta and yellow) is Lab 50, 60, 40, and the rest is paper of less light."""
    lab = lambda l, a, b: bytes((round(l * 255 / 100), a + 128, b + 128))
    table = b""
    for corner in range(16):
        c, m, y, k = (corner >> 3) & 1, (corner >> 2) & 1, (corner >> 1) & 1, corner & 1
        table += lab(50, 60, 40) if (c, m, y, k) == (0, 1, 1, 0) else lab(100 - 24 * (c + m + y + k), 0, 0)
    identity = b"".join(struct.pack(">i", v << 16) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    ramp = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + ramp * 4 + table + ramp * 3
    text = b"text\0\0\0\0CC0\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"inks\0" + bytes(4 + 4 + 2 + 1 + 67)
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    tags = {b"desc": description, b"cprt": text, b"wtpt": white, b"A2B0": lut, b"A2B1": lut}
    offset = 128 + 4 + 12 * len(tags)
    index, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        index += name + struct.pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQIiii4s44s", offset + len(body), b"none", 0x02400000, b"prtr", b"CMYK", b"Lab ",
        2026, 1, 1, 0, 0, 0, b"acsp", b"none", 0, b"none", b"none", 0, 1, 63190, 65536, 54061, b"none", bytes(44))
    return head + index + body


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    plain, wide = FOLDER / "plain.png", FOLDER / "wide.png"
    Image.new("RGB", SIZE, COLOR).save(plain)
    Image.new("RGB", SIZE, IN_P3).save(wide)
    run(
        "avifenc", "--min", "0", "--max", "4", "-y", "444", plain, FOLDER / "color.avif")
    run("avifenc", "--min", "0", "--max", "4", "-y", "444", "--cicp", "12/13/6", wide, FOLDER / "wide.avif")
    run("heif-enc", "-q", "95", "-p", "chroma=444", plain, "-o", FOLDER / "color.heic")
    run("cjxl", "-d", "0", plain, FOLDER / "color.jxl")
    (FOLDER / "color.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48">'
        '<rect width="64" height="48" fill="#e67828"/></svg>\n')
    icc = profile_of_inks()
    inks = Image.new("CMYK", SIZE, (0, 255, 255, 0))
    inks.save(FOLDER / "inks.jpg", quality=95, icc_profile=icc)
    srgb = ImageCms.createProfile("sRGB")
    shown = ImageCms.profileToProfile(
        inks, ImageCms.ImageCmsProfile(io.BytesIO(icc)), srgb, renderingIntent=1, outputMode="RGB")
    print("inks.jpg is to be shown as", shown.getpixel((32, 24)), file=sys.stderr)
    plain.unlink()
    wide.unlink()
    for file in sorted(FOLDER.iterdir()):
        print(f"| `pictures/{file.name}` | {hashlib.sha256(file.read_bytes()).hexdigest()} |")


main()
