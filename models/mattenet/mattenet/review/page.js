// SPDX-License-Identifier: MPL-2.0
"use strict";
const $ = id => document.getElementById(id), body = document.body;
const BACKS = [[60, 200, 60], [255, 255, 255], [0, 0, 0], null]; // null: the picture itself, darkened
const RED = [230, 0, 40], WHITE = [255, 255, 255]; // side by side: one of them stands out on any clothes
const PATIENCE = 30000; // ms for one decision to be saved
let list = [], tagNames = [], at = 0, back = 0, showConfidence = true, shown = null, saving = false;
const undo = [];           // numbers and what they were before
const unsaved = new Set(); // numbers whose last decision could not be saved
const loaded = new Map();  // number -> promise of [picture, matte, confidence]
const version = new Map(); // number -> how often its label was corrected since the page was loaded

function image(url) {
  return new Promise((done, fail) => {
    const img = new Image();
    img.onload = () => done(img);
    img.onerror = () => fail(new Error(url + " cannot be shown"));
    img.src = url;
  });
}

function load(n) {
  if (!loaded.has(n)) {
    const views = Promise.all(["picture", "matte", "confidence"].map(k => image(`/${k}/${n}` + (version.has(n) ? `?${version.get(n)}` : ""))));
    loaded.set(n, views);
    views.catch(() => loaded.delete(n)); // the next look tries again
  }
  if (loaded.size > 60) for (const k of loaded.keys()) { if (Math.abs(k - n) > 20) loaded.delete(k); }
  return loaded.get(n);
}

function draw(canvas, width, height, paint) {
  canvas.width = width; canvas.height = height;
  paint(canvas.getContext("2d", { willReadFrequently: true }));
}

function pixels(img, width, height) {
  const c = document.createElement("canvas");
  draw(c, width, height, g => g.drawImage(img, 0, 0, width, height));
  return c.getContext("2d").getImageData(0, 0, width, height);
}

function paint([picture, matte, confidence]) {
  const w = picture.naturalWidth, h = picture.naturalHeight;
  draw($("picture"), w, h, g => g.drawImage(picture, 0, 0));
  draw($("matte"), w, h, g => g.drawImage(matte, 0, 0, w, h));
  const rgb = pixels(picture, w, h), a = pixels(matte, w, h).data, c = pixels(confidence, w, h).data, p = rgb.data;
  const stripe = Math.max(1, w / 150, h / 150); // px, so that stripes look the same whatever the picture's size
  for (let y = 0, i = 0; y < h; y++) for (let x = 0; x < w; x++, i += 4) {
    const t = a[i] / 255, doubt = showConfidence ? 1 - c[i] / 255 : 0, band = Math.floor((x + y) / stripe) % 4;
    const ink = band === 0 ? RED : band === 1 ? WHITE : null; // two bands of four leave the overlay visible
    for (let k = 0; k < 3; k++) {
      const b = BACKS[back] ? BACKS[back][k] : p[i + k] * .25;
      const v = p[i + k] * t + b * (1 - t);
      p[i + k] = ink ? v + (ink[k] - v) * .9 * doubt : v;
    }
  }
  draw($("overlay"), w, h, g => g.putImageData(rgb, 0, 0));
}

function blank() {
  shown = null;
  delete body.dataset.shown;
  for (const c of document.querySelectorAll("canvas")) c.width = c.width;
}

function say(text) {
  $("message").textContent = text;
  $("unsaved").textContent = unsaved.size ? "NOT SAVED: " + [...unsaved].map(n => `${n + 1} ${list[n].name}`).join(", ") : "";
}

function head() {
  const e = list[at], keep = list.filter(x => x.decision === "keep").length, drop = list.filter(x => x.decision === "drop").length;
  const unused = document.createElement("span");
  unused.id = "unused";
  unused.textContent = e.unless_kept && e.decision !== "keep" ? `not used: ${e.unless_kept} · ` : "";
  $("where").replaceChildren(`${at + 1} / ${list.length} · score ${e.score.toFixed(3)} · `, unused, `${e.folder} · ${e.name}`);
  $("where").title = `${e.folder}/${e.name}`;
  $("decision").textContent = e.decision || "undecided";
  body.dataset.decision = e.decision || "";
  $("count").textContent = `${keep} kept, ${drop} dropped, ${list.length - keep - drop} open`;
  document.querySelector("#bar .keep").style.width = 100 * keep / list.length + "%";
  document.querySelector("#bar .drop").style.width = 100 * drop / list.length + "%";
}

function tags() {
  $("tags").replaceChildren(...tagNames.map((tag, k) => {
    const button = document.createElement("button");
    button.innerHTML = `<kbd>${k + 1}</kbd> `;
    button.append(tag);
    button.ariaPressed = list[at].tags.includes(tag);
    button.onclick = () => { button.blur(); toggleTag(k); };
    return button;
  }));
}

const hash = e => "#" + encodeURI(`${e.folder}/${e.name}`);
let remember = 0; // the timer that notes the place: browsers refuse to at the rate of a key held down

async function show(n) {
  const mine = at = n;
  head();
  tags();
  clearTimeout(remember);
  remember = setTimeout(() => history.replaceState(null, "", hash(list[at])), 150);
  if (body.dataset.shown !== String(mine)) blank();
  try {
    const found = await load(mine);
    if (mine === at) { shown = found; paint(found); body.dataset.shown = mine; }
  } catch (error) { if (mine === at) { blank(); say(error.message + "; decide or come back to try again"); } }
  for (let k = 1; k <= 6 && mine + k < list.length; k++) load(mine + k).catch(() => {});
}

function move(step) {
  const n = at + step;
  if (n < 0) return say("first picture");
  if (n >= list.length) return say("last picture");
  say("");
  show(n);
}

// True when what is posted about picture n is in the file. One at a time, and the page claims nothing before that.
async function post(path, n, what) {
  if (saving) { say("still saving the last decision"); return false; }
  saving = true;
  let failure = "";
  try {
    const r = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ number: n, name: `${list[n].folder}/${list[n].name}`, ...what }), signal: AbortSignal.timeout(PATIENCE) });
    if (!r.ok) throw new Error(await r.text());
    Object.assign(list[n], what);
    unsaved.delete(n);
  } catch (error) {
    failure = error.message + "; try again";
    unsaved.add(n);
  }
  saving = false;
  say(failure || at === n ? failure : $("message").textContent); // somebody who has moved on has read another
  if (failure && at !== n) show(n);
  return !failure;
}

async function save(n, decision) {
  if (!await post("/decide", n, { decision: decision || "undecided" })) return false;
  list[n].decision = decision;
  return true;
}

async function toggleTag(k) {
  const n = at, tag = tagNames[k], has = list[n].tags;
  if (!tag) return;
  await post("/tag", n, { tags: has.includes(tag) ? has.filter(t => t !== tag) : [...has, tag] });
  tags();
}

async function decide(decision) {
  if (body.dataset.shown !== String(at)) { say("was not shown yet: nothing decided"); show(at); return; }
  const n = at, before = list[n].decision;
  if (!await save(n, decision)) return;
  if (before !== decision) undo.push([n, before]);
  head();
  if (at !== n) return;
  const open = list.filter(e => !e.decision).length;
  if (!open) say("all decided");
  else if (n === list.length - 1) say(`last picture; N goes to the ${open} open`);
  if (n < list.length - 1) show(n + 1);
}

async function goBack() {
  const last = undo[undo.length - 1];
  if (!last) return say("nothing to undo since this page was loaded");
  if (await save(last[0], last[1])) { undo.pop(); show(last[0]); }
}

function nextOpen() {
  const from = list.findIndex((e, n) => n > at && !e.decision);
  const any = from >= 0 ? from : list.findIndex(e => !e.decision);
  if (any < 0) return say("all decided");
  if (any === at) return say("no other picture is open");
  say(any < at ? "from the start again" : "");
  show(any);
}

function go(text) {
  const value = text.trim().replace(",", ".");
  if (!value) return;
  const n = /^\d+$/.test(value) ? value - 1 : list.findIndex(e => e.score >= Number(value));
  if (!list[n]) return say(`no picture ${value}: numbers go to ${list.length}, scores to ${list[list.length - 1].score.toFixed(3)}`);
  say("");
  show(n);
}

const zoom = on => body.classList.toggle("zoom", on);
const MOVES = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
const KEYS = {
  k: () => decide("keep"), d: () => decide("drop"), u: goBack, backspace: goBack, n: nextOpen, " ": nextOpen,
  g: () => { $("target").value = ""; $("jump").showModal(); }, z: () => zoom(), escape: () => zoom(false),
  b: () => { back = (back + 1) % BACKS.length; if (shown) paint(shown); },
  e: () => edit(true),
  c: () => { showConfidence = !showConfidence; $("legend").hidden = !showConfidence; if (shown) paint(shown); },
};
addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("jump").open || !list.length) return;
  const step = MOVES[event.key], act = KEYS[event.key.toLowerCase()];
  if (editing()) return editKey(event);
  if (/^[1-9]$/.test(event.key) && !event.repeat) return toggleTag(event.key - 1);
  if (step || act) event.preventDefault();
  if (step) move(step);
  else if (act && !event.repeat) act(); // a key held down decides one picture
});
// A button keeps no focus: Space and Enter would press it again.
for (const [id, key] of [["keep", "k"], ["drop", "d"], ["undo", "u"]]) $(id).onclick = event => { event.currentTarget.blur(); if (list.length) KEYS[key](); };
$("overlay").onclick = () => { if (!editing()) zoom(); };
$("jump").onsubmit = () => go($("target").value);
const place = () => list.findIndex(e => hash(e) === location.hash);
addEventListener("hashchange", () => { const n = place(); if (n >= 0) show(n); });

fetch("/list").then(r => r.ok ? r.json() : r.text().then(text => { throw new Error(text); })).then(found => {
  list = found.pictures;
  tagNames = Object.keys(found.tags);
  const open = list.findIndex(e => !e.decision), from = place(); // resume
  if (open < 0) say("all decided");
  show(from >= 0 ? from : found.start ?? Math.max(open, 0));
}).catch(error => { $("message").textContent = "no list of pictures: " + error.message; });
