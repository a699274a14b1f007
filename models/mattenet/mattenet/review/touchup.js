// SPDX-License-Identifier: MPL-2.0
// Corrects the matte of the picture that is shown: a brush, an eraser, a mark for what cannot be trusted.
// What a stroke does to the label is worked out by the server (mattenet/review/touchup.py), so that the page
// shows what training gets; here it is only outlined while it is drawn.
"use strict";
const COLOURS = { subject: "#4caf6d", background: "#e05a4f", ignore: "#e0b04f" };
const SMALLEST = 0.002, LARGEST = 0.2; // radius of the brush, shares of the longer side
let mode = "subject", area = false, radius = 0.012, scale = 1, stroke = null, moving = null;

const editing = () => body.classList.contains("edit");
const size = () => [$("overlay").width, $("overlay").height];

function edit(on) {
  if (on && body.dataset.shown !== String(at)) return say("was not shown yet: nothing to correct");
  if (!on && stroke) return;
  body.classList.toggle("edit", on);
  zoom(false);
  if (on) fit(); else for (const c of [$("overlay"), $("ink")]) c.removeAttribute("style");
  tools();
}

function tools() {
  for (const b of document.querySelectorAll("[data-mode]")) b.ariaPressed = b.dataset.mode === mode;
  $("area").ariaPressed = area;
  $("radius").textContent = (radius * Math.max(...size())).toFixed(1) + " px";
  $("strokes").textContent = `${list[at].strokes.length} strokes`;
}

// Shows the picture at `to` screen pixels a pixel; the point at (x, y) of the stage stays where it is.
function zoomTo(to, x, y) {
  const stage = $("stage"), before = scale, [w, h] = size();
  scale = Math.min(32, Math.max(0.25, to));
  for (const c of [$("overlay"), $("ink")]) { c.style.width = w * scale + "px"; c.style.height = h * scale + "px"; }
  [$("ink").width, $("ink").height] = [w, h].map(n => Math.round(n * Math.min(4, Math.max(1, scale)))); // a finer pen than the pixels
  stage.scrollLeft = (stage.scrollLeft + x) * scale / before - x;
  stage.scrollTop = (stage.scrollTop + y) * scale / before - y;
}

function fit() {
  const { offsetWidth, offsetHeight } = $("stage"), [w, h] = size(); // bars that zooming brought do not count
  zoomTo(Math.min(offsetWidth / w, offsetHeight / h), 0, 0);
}

// Where a pointer is: shares of width and height.
function pointerAt(event) {
  const box = $("overlay").getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

function drawInk(pointer) {
  const ink = $("ink"), g = ink.getContext("2d"), longer = Math.max(ink.width, ink.height);
  g.clearRect(0, 0, ink.width, ink.height);
  g.strokeStyle = g.fillStyle = COLOURS[mode];
  g.lineJoin = g.lineCap = "round";
  if (stroke) {
    g.globalAlpha = 0.6;
    g.lineWidth = 2 * radius * longer;
    g.beginPath();
    for (const [x, y] of stroke.points) g.lineTo(x * ink.width, y * ink.height);
    if (stroke.points.length === 1) g.lineTo(stroke.points[0][0] * ink.width + 0.01, stroke.points[0][1] * ink.height);
    if (area) { g.closePath(); g.fill(); }
    g.stroke();
  }
  g.globalAlpha = 1;
  g.lineWidth = Math.max(1, longer / 600);
  g.beginPath();
  g.arc(pointer[0] * ink.width, pointer[1] * ink.height, Math.max(1, radius * longer), 0, 7);
  g.stroke();
}

async function saveStrokes(strokes) {
  const n = at;
  if (!await post("/touchup", n, { strokes })) return;
  version.set(n, (version.get(n) || 0) + 1);
  loaded.delete(n);
  if (at !== n) return;
  await show(n);
  tools();
}

function unstroke() {
  const strokes = list[at].strokes;
  if (!strokes.length) return say("no stroke to undo");
  saveStrokes(strokes.slice(0, -1));
}

const choose = word => { mode = word; tools(); };
const sizeBrush = by => { radius = Math.min(LARGEST, Math.max(SMALLEST, radius * by)); tools(); };
const zoomBy = by => zoomTo(scale * by, $("stage").clientWidth / 2, $("stage").clientHeight / 2);
const EDIT_KEYS = {
  1: () => choose("subject"), 2: () => choose("background"), 3: () => choose("ignore"),
  a: () => { area = !area; tools(); }, "[": () => sizeBrush(1 / 1.25), "]": () => sizeBrush(1.25),
  u: unstroke, backspace: unstroke, "+": () => zoomBy(1.25), "-": () => zoomBy(0.8), 0: fit,
  b: () => KEYS.b(), c: () => KEYS.c(), e: () => edit(false), escape: () => edit(false),
};

function editKey(event) {
  const act = EDIT_KEYS[event.key.toLowerCase()];
  if (!act || stroke) return;
  event.preventDefault();
  if (!event.repeat || "[]+-".includes(event.key)) act();
}

const stage = $("stage");
stage.addEventListener("pointerdown", event => {
  if (!editing() || stroke) return;
  event.preventDefault();
  stage.setPointerCapture(event.pointerId);
  if (event.button === 1) { moving = [event.clientX, event.clientY]; return; }
  if (event.button || saving) return;
  stroke = { mode, radius, points: [pointerAt(event)], area };
  drawInk(pointerAt(event));
});
stage.addEventListener("pointermove", event => {
  if (!editing()) return;
  if (moving) {
    stage.scrollLeft -= event.clientX - moving[0];
    stage.scrollTop -= event.clientY - moving[1];
    moving = [event.clientX, event.clientY];
    return;
  }
  // All places since the last event: a fast hand draws no polygon.
  if (stroke) for (const e of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
    const [x, y] = pointerAt(e).map(v => Math.min(2, Math.max(-1, v)));
    stroke.points.push([x, y]);
  }
  drawInk(pointerAt(event));
});
stage.addEventListener("pointerup", async () => {
  moving = null;
  if (!stroke) return;
  const done = stroke;
  stroke = null;
  await saveStrokes([...list[at].strokes, done]);
});
stage.addEventListener("pointercancel", () => { stroke = moving = null; });
stage.addEventListener("wheel", event => {
  if (!editing()) return;
  event.preventDefault();
  const box = stage.getBoundingClientRect();
  zoomTo(scale * (event.deltaY < 0 ? 1.25 : 0.8), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });
for (const b of document.querySelectorAll("[data-mode]")) b.onclick = () => { b.blur(); choose(b.dataset.mode); };
$("area").onclick = () => { $("area").blur(); EDIT_KEYS.a(); };
$("unstroke").onclick = () => { $("unstroke").blur(); unstroke(); };
