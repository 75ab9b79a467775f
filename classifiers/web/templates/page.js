// Sends pictures to the server, two at a time, and shows what it answers. All texts of files are put
// in as texts, never as markup.
import { make, picture, scale, spectra } from "./drawings.js";

const AT_ONCE = 2; // requests
const OPENED = 3; // pictures of a drop that are explained without being asked
const KINDS = ["generated", "uncertain", "natural", "unreadable"];
const COLUMNS = ["path", "probability_generated", "verdict", "error"]; // as of classifiers.detect

const byId = (id) => document.getElementById(id);
const entries = []; // in the order in which they came: {file, name, box, found, error, explained}
const queue = [];
let running = 0;
let settings = null;

const ready = fetch("values.json").then((answer) => answer.json()).then((values) => {
  settings = values;
});

// Files that come --------------------------------------------------------------------------------

async function add(files) {
  await ready;
  const isFew = files.length <= OPENED;
  for (const file of files) {
    const entry = { file, name: file.path || file.name, wanted: isFew };
    entry.url = URL.createObjectURL(file);
    entry.box = emptyBox(entry);
    entries.push(entry);
    queue.push(entry);
    byId("results").append(entry.box);
  }
  count();
  for (let free = AT_ONCE - running; free > 0; free--) work();
}

async function work() {
  running++;
  while (queue.length) {
    const entry = queue.shift();
    await ask(entry, entry.wanted);
  }
  running--;
}

async function ask(entry, isExplained) {
  try {
    if (entry.file.size > settings.most_bytes) {
      throw new Error(`the file is larger than ${settings.most_bytes.toLocaleString("en")} bytes`);
    }
    const found = await post(isExplained ? "explain" : "score", entry.file);
    entry.found = found;
    entry.explained = isExplained;
  } catch (error) {
    if (entry.found) { // it could be scored, and not be explained
      entry.box.querySelector(".inside").replaceChildren(make("p", "error", error.message));
      return;
    }
    entry.error = error.message;
  }
  show(entry);
  count();
}

async function post(path, file) {
  for (;;) {
    let answer;
    try {
      answer = await fetch(path, { method: "POST", body: file });
    } catch {
      throw new Error("the server cannot be reached, or the file cannot be read");
    }
    if (answer.status === 503) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      continue;
    }
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.error);
    return value;
  }
}

// A picture's box --------------------------------------------------------------------------------

function emptyBox(entry) {
  const box = make("details", "picture waiting");
  const thumb = picture(entry.url, "", "thumb");
  thumb.addEventListener("error", () => { thumb.removeAttribute("src"); entry.isUnknown = true; });
  const summary = make("summary", "", thumb, make("span", "name", entry.name), make("span"),
    make("span", "verdict", "waiting"));
  box.append(summary);
  box.addEventListener("toggle", () => explain(entry));
  summary.addEventListener("click", (event) => {
    if (!entry.found) event.preventDefault(); // nothing is inside yet
  });
  return box;
}

function show(entry) {
  const { box, found } = entry;
  if (!box.isConnected) return; // cleared meanwhile
  const summary = box.querySelector("summary");
  const [thumb, name] = summary.children;
  if (!found) {
    box.className = "picture unreadable";
    summary.replaceChildren(thumb, name, make("span"), make("span", "verdict", "unreadable"),
      make("p", "error", entry.error));
    return;
  }
  box.className = `picture ${found.verdict}`;
  const verdict = make("span", "verdict", found.verdict,
    make("span", "probability", `P(generated) ${found.probability_generated.toFixed(4)}`));
  summary.replaceChildren(thumb, name, scale(found, settings.thresholds), verdict);
  if (entry.explained) {
    if (entry.isUnknown) thumb.src = found.seen;
    box.querySelector(".inside")?.remove();
    box.append(inside(entry));
    box.open = true;
  }
}

async function explain(entry) {
  if (!entry.box.open || entry.explained || entry.isAsked || !entry.found) return;
  entry.isAsked = true;
  entry.box.append(make("div", "inside", make("p", "meaning small", "Looking closer ...")));
  await ask(entry, true);
}

function inside(entry) {
  const { found } = entry;
  const panels = make("div", "panels", whole(entry),
    panel(settings.patches ? "The central patch" : "What the detector sees", found.seen));
  if (found.map) {
    panels.append(panel(found.map_is_empty
      ? "Where it sees a generator (HiResCAM): nowhere"
      : "Where it sees a generator (HiResCAM); yellow is the most in this picture", found.map));
  }
  const charts = make("div", "charts");
  if (found.spectrum) charts.append(...spectra(found.spectrum, settings.spectra));
  else charts.append(make("p", "small", "This detector's folder keeps no average spectra."));
  return make("div", "inside", make("p", "meaning", meaning(found)), panels, charts,
    facts(found.facts));
}

function meaning({ probability_generated: p, verdict }) {
  const { generated, uncertain } = settings.thresholds;
  const rate = 100 * p;
  const words = rate > 99 ? "more than 99" : rate < 1 ? "fewer than 1" : `about ${Math.round(rate)}`;
  const share = settings.prior === 0.5 ? "half" : `${+(100 * settings.prior).toPrecision(3)} %`;
  const between = verdict === "uncertain"
    ? ` It lies between ${uncertain.toPrecision(4)} and ${generated.toPrecision(4)}: uncertain.` : "";
  return `Of 100 pictures like those of the training with this score, ${words} `
    + `${words === "about 1" ? "is" : "are"} generated, if ${share} of all that come in are.${between}`;
}

/* The whole picture, what the detector does not see of it in the shade. */
function whole(entry) {
  const shown = entry.isUnknown ? entry.found.seen : entry.url;
  const image = picture(shown, "the picture");
  const frame = make("div", "whole", image);
  image.addEventListener("load", () => {
    const { naturalWidth: width, naturalHeight: height } = image;
    const side = settings.patches ? settings.side : Math.min(width, height);
    if (entry.isUnknown || (side === width && side === height)) return;
    frame.style.aspectRatio = `${width} / ${height}`;
    frame.style[width > height ? "width" : "height"] = "100%";
    const part = make("div", "seen-part");
    part.style.left = `${50 * (width - side) / width}%`;
    part.style.top = `${50 * (height - side) / height}%`;
    part.style.width = `${100 * side / width}%`;
    part.style.height = `${100 * side / height}%`;
    frame.append(part);
  });
  const centre = settings.patches ? "central patch" : "central square";
  const words = entry.isUnknown
    ? `This browser cannot show the file; this is its ${centre}`
    : settings.patches
      ? `The picture and its ${centre}, one of the ${settings.patches} that are looked at`
      : `The picture; what lies outside the ${centre} is not looked at`;
  return make("figure", "", make("div", "square", frame), make("figcaption", "", words));
}

function panel(words, source) {
  return make("figure", "", make("div", "square", picture(source, words, "cells")),
    make("figcaption", "", words));
}

function facts(rows) {
  const list = make("dl", "tree");
  for (const [name, value] of rows) list.append(make("dt", "", name), make("dd", "", value));
  return list;
}

// All pictures -----------------------------------------------------------------------------------

function kindOf(entry) {
  return entry.found ? entry.found.verdict : entry.error ? "unreadable" : "";
}

function count() {
  const of = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  for (const entry of entries) if (kindOf(entry)) of[kindOf(entry)]++;
  const done = Object.values(of).reduce((sum, n) => sum + n, 0);
  const parts = KINDS.filter((kind) => of[kind]).map((kind) => `${of[kind]} ${kind}`);
  if (done < entries.length) parts.push(`${entries.length - done} waiting`);
  const noun = entries.length === 1 ? "picture" : "pictures";
  byId("counts").textContent = `${entries.length} ${noun}: ${parts.join(", ")}`;
  byId("bar").hidden = !entries.length;
  if (byId("sort").getAttribute("aria-pressed") === "true" && done === entries.length) arrange();
}

function arrange() {
  const isSorted = byId("sort").getAttribute("aria-pressed") === "true";
  const score = (entry) => entry.found?.logit ?? -Infinity;
  const order = isSorted ? [...entries].sort((a, b) => score(b) - score(a)) : entries;
  byId("results").append(...order.map((entry) => entry.box));
}

function save() {
  const quoted = (value) => /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const rows = entries.filter(kindOf).map((entry) => [entry.name,
    entry.found ? `${entry.found.probability_generated}` : "", entry.found?.verdict ?? "",
    entry.error ?? ""]);
  const text = [COLUMNS, ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "found.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

function clear() {
  for (const entry of entries) URL.revokeObjectURL(entry.url);
  entries.length = queue.length = 0;
  byId("results").replaceChildren();
  count();
}

// Dropped folders --------------------------------------------------------------------------------

/* The files below what was dropped, those of a folder in the order of their names. */
async function filesBelow(item) {
  if (item.isFile) {
    const file = await new Promise((resolve, reject) => item.file(resolve, reject));
    file.path = item.fullPath.replace(/^\//, "");
    return [file];
  }
  const reader = item.createReader(), items = [];
  for (;;) { // a hundred at a time
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    items.push(...some);
  }
  items.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const found = [];
  for (const each of items) if (!each.name.startsWith(".")) found.push(...await filesBelow(each));
  return found;
}

async function dropped(transfer) {
  const items = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!items.length) return [...transfer.files];
  return (await Promise.all(items.map(filesBelow))).flat();
}

byId("files").addEventListener("change", (event) => {
  add([...event.target.files]);
  event.target.value = "";
});
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("over", name === "dragenter" || name === "dragover");
  });
}
document.addEventListener("drop", async (event) => add(await dropped(event.dataTransfer)));
document.addEventListener("paste", (event) => add([...event.clipboardData.files]));
byId("sort").addEventListener("click", (event) => {
  const isOn = event.target.getAttribute("aria-pressed") !== "true";
  event.target.setAttribute("aria-pressed", isOn);
  arrange();
});
byId("save").addEventListener("click", save);
byId("clear").addEventListener("click", clear);
byId("address").textContent = location.origin;
