#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""A WHIP server for one stream, by aiortc: what examples/webrtc/whip.py is tested with.

usage: whip_server.py OUT.png

Prints its address. Takes a stream with the token "secret", saves its 30th frame, and ends when the
session is deleted.
"""
import asyncio
import sys

from aiohttp import web
from aiortc import RTCPeerConnection, RTCSessionDescription

FRAMES = 30
TOKEN = "Bearer secret"


class Server:
    def __init__(self, out: str):
        self.out, self.peer, self.ended, self.saving = out, None, asyncio.Event(), None

    async def offered(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != TOKEN or request.content_type != "application/sdp":
            return web.Response(status=401)
        self.peer = RTCPeerConnection()
        self.peer.on("track", self.track)
        # As the client of DTLS, which an answer makes it, aiortc takes no certificate of RSA, which
        # GStreamer's is: it shall wait for the other to begin.
        offer = (await request.text()).replace("a=setup:actpass", "a=setup:active")
        await self.peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        return web.Response(status=201, text=self.peer.localDescription.sdp, content_type="application/sdp",
                            headers={"Location": "/session/1"})

    def track(self, track):
        self.saving = asyncio.ensure_future(self.save(track))

    async def save(self, track):
        for _ in range(FRAMES):
            frame = await track.recv()
        frame.to_image().save(self.out)
        print(f"{FRAMES} frames of {frame.width}x{frame.height}", flush=True)

    async def deleted(self, _) -> web.Response:
        await self.peer.close()
        self.ended.set()
        return web.Response()


async def main():
    server = Server(sys.argv[1])
    app = web.Application()
    app.router.add_post("/whip", server.offered)
    app.router.add_delete("/session/1", server.deleted)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/whip", flush=True)
    await server.ended.wait()
    await runner.cleanup()
    print("the session was deleted", flush=True)


asyncio.run(main())
