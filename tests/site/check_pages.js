// Runs in a page of its own, which opens every page under test in a frame 390 pixels wide and looks at it.
// `pages` and `files` (absolute paths) and `scheme` come from check_pages. Results are written to the console:
// "CHECK wrong PAGE: WHAT", "CHECK opened N" as a sign of life, and last of all "CHECK done COUNTS".
"use strict";

const frame = document.querySelector("iframe");
const known = new Set([...pages, ...files].map((path) => new URL("file://" + encodeURI(path)).href));
const ids = new Map();  // page -> the places in it that a link can name
const links = [];       // [page, target, place]
const neighbours = new Map();
const counts = {pages: 0, links: 0, images: 0, formulas: 0, texts: 0, blocks: 0, heads: 0};

const short = (address) => decodeURI(address.split("/").pop());
const wrong = (page, what) => console.log("CHECK wrong " + short(page) + ": " + what.replace(/\s+/g, " ").slice(0, 300));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function open(address) {
  await new Promise((resolve) => {
    frame.onload = resolve;
    frame.src = address;
  });
  const page = frame.contentDocument;
  if (page.querySelector('script[src="site.js"]')) {  // it says when the formulas are drawn
    for (let waited = 0; page.documentElement.dataset.formulas !== "drawn"; waited += 5) {
      if (waited > 20000) return wrong(address, "the page's script did not come to its end");
      await pause(5);
    }
  }
}

function checkLinks(address, page) {
  for (const element of page.querySelectorAll("[href], [src], [data], [srcset], [poster], form[action]")) {
    const isLink = element.tagName === "A";
    for (const name of ["href", "src", "data", "srcset", "poster", "action"]) {
      const text = element.getAttribute(name);
      if (text === null || text.startsWith("data:")) continue;
      const target = new URL(text, address);
      if (target.protocol === "file:") {
        const place = decodeURIComponent(target.hash.slice(1));
        target.hash = "";
        links.push([address, target.href, place]);
      } else if (!isLink || !/^(https?|mailto):$/.test(target.protocol)) {
        wrong(address, name + " leads outside: " + text);
      }
    }
  }
  ids.set(address, new Set([...page.querySelectorAll("[id], a[name]")].flatMap((e) => [e.id, e.getAttribute("name")])));
  const sides = page.querySelectorAll("ul.pages li");
  if (sides.length === 2) neighbours.set(address, [...sides].map((li) => li.querySelector("a")?.href));
}

function checkImages(address, page) {
  for (const image of page.images) {
    ++counts.images;
    if (!image.complete || image.naturalWidth === 0) wrong(address, "no image: " + image.getAttribute("src"));
    if (!image.alt.trim()) wrong(address, "an image without words for those who cannot see it: " + image.src);
  }
}

// Text that a reader sees and that is no code and no drawn formula.
function* proseNodes(page) {
  const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim()) continue;
    if (node.parentElement.closest("script, style, noscript, title, code, tt, pre, .fragment, .katex, svg")) continue;
    yield node;
  }
}

function checkFormulas(address, page) {
  counts.formulas += page.querySelectorAll(".katex").length;
  for (const bad of page.querySelectorAll(".katex-error")) wrong(address, "formula not drawn: " + bad.textContent);
  const raw = /\\[()[\]]|\\f[$[\](){}]|\\(frac|sqrt|text|math|sum|begin|left|cdot|top)|\$[^\s$][^$]*\$|```/;
  for (const node of proseNodes(page)) {
    if (raw.test(node.data)) wrong(address, "formula or fence left raw: " + node.data.trim());
    if (/<\/?(tt|code|em|b|a|span)\b/.test(node.data)) wrong(address, "tag left raw: " + node.data.trim());
  }
}

function checkWidth(address, page) {
  const root = page.documentElement;
  if (root.scrollWidth <= root.clientWidth) return;
  const widest = [...page.body.querySelectorAll("*")]
    .filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1)
    .filter((e) => {  // what scrolls by itself does no harm
      let around = e.parentElement;
      while (around && frame.contentWindow.getComputedStyle(around).overflowX === "visible") around = around.parentElement;
      return !around;
    })
    .map((e) => e.tagName + "." + e.className + " to " + Math.round(e.getBoundingClientRect().right));
  wrong(address, root.scrollWidth + " pixels wide in a window of " + root.clientWidth + ": " + widest.slice(0, 4).join(", "));
}

function luminance([r, g, b]) {
  const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
}
const colour = (text) => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);

// WCAG's contrast of every kind of text against what is behind it: 4.5 to 1.
function checkContrast(address, page) {
  const view = frame.contentWindow;
  const seen = new Set();
  for (const node of proseNodes(page)) {
    const element = node.parentElement;
    const key = [element, element.parentElement].map((e) => e.tagName + "." + e.className).join(" ");
    if (seen.has(key) || !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    seen.add(key);
    ++counts.texts;
    let behind = element;
    let back = [0, 0, 0, 0];
    for (; behind && (back[3] ?? 1) < 1; behind = behind.parentElement) back = colour(view.getComputedStyle(behind).backgroundColor);
    if ((back[3] ?? 1) < 1) continue;  // a see-through page: the browser's own ground
    const [a, b] = [luminance(colour(view.getComputedStyle(element).color)), luminance(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) wrong(address, "contrast " + ratio.toFixed(2) + " of " + key + ": " + node.data.trim().slice(0, 40));
  }
}

function checkRequests(address) {
  for (const entry of frame.contentWindow.performance.getEntriesByType("resource")) {
    if (!/^(file|data|blob):/.test(entry.name)) wrong(address, "asks for " + entry.name);
  }
}

function checkTargets() {
  counts.links = links.length;
  for (const [page, target, place] of links) {
    if (!known.has(target)) wrong(page, "broken link: " + short(target));
    else if (place && ids.has(target) && !ids.get(target).has(place)) wrong(page, "no such place: " + short(target) + "#" + place);
  }
}

// From the front page, "next" leads through all chapters in their order and then through every other page that is read,
// and "previous" back. Pages that are read are those in the contents, but for the API, and the derivations.
function checkOrder(front) {
  const chapters = [...ids.keys()].filter((page) => short(page).startsWith("tutorial_")).sort();
  const read = [...ids.keys()].filter((page) => !/^(group__|class|struct|namespace|annotated|topics|modules|concept)/.test(short(page)));
  const walked = [];
  for (let page = front; page && walked.length <= read.length; page = neighbours.get(page)?.[1]) {
    const next = neighbours.get(page)?.[1];
    if (next && neighbours.get(next)?.[0] !== page) wrong(next, "previous is not " + short(page));
    walked.push(page);
  }
  const first = walked.filter((page) => chapters.includes(page));
  if (first.join() !== chapters.join()) wrong(front, "next leads through " + first.map(short).join(", "));
  for (const page of read) {
    if (!walked.includes(page)) wrong(page, "next from the front page does not lead here");
  }
}

// The page of attention takes several tokens, and hands out what is on the screen and the weights of the head.
async function checkAttention(address, page) {
  const stage = page.querySelector(".attention .stage");
  if (!stage) return;
  ++counts.heads;
  const view = frame.contentWindow, saved = [];
  view.URL.createObjectURL = (blob) => (saved.push(blob), "#");
  view.HTMLAnchorElement.prototype.click = () => {};  // nothing is to be downloaded
  const press = (name) => [...stage.querySelectorAll("button")].find((button) => button.textContent === name).click();
  const queries = [...stage.querySelectorAll(".query")], click = (i) => queries[i].dispatchEvent(new view.Event("click"));
  const chosen = (root) => [...root.querySelectorAll(".query")].flatMap((query, i) => (query.classList.contains("on") ? [i] : []));
  const expect = (what, is, wanted) => is === wanted || wrong(address, what + " is " + is + ", not " + wanted);
  click(0);
  expect("what a click chooses without 'several tokens'", chosen(stage).join(), "1");
  press("several tokens");
  click(0);
  click(2);
  expect("what several clicks choose", chosen(stage).join(), "0,1,2");
  click(1);
  expect("what is left after another click", chosen(stage).join(), "0,2");
  if (!/^2 tokens are chosen, /.test(stage.querySelector(".readout").textContent)) wrong(address, "the sentence is not of two tokens");
  press("save as SVG");
  press("save weights as CSV");
  const [svg, csv] = await Promise.all(saved.map((blob) => blob.text()));
  const picture = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect("the saved picture", picture.documentElement.tagName, "svg");
  expect("what the saved picture shows as chosen", chosen(picture).join(), "0,2");
  if (!picture.querySelector(".cell, image")) wrong(address, "the saved picture has no cell");
  if (picture.querySelectorAll("path").length !== stage.querySelectorAll("path").length) wrong(address, "the saved picture has other lines");
  const rows = csv.trimEnd().split("\n").map((line) => line.match(/"(?:[^"]|"")*"|[^,]+/g));
  expect("the number of saved rows", rows.length, queries.length + 1);
  for (const row of rows.slice(1)) {
    const sum = row.slice(1).reduce((total, weight) => total + Number(weight), 0);
    if (Math.abs(sum - 1) > 0.01) wrong(address, "a saved row adds up to " + sum);
  }
  press("several tokens");
  expect("the number of tokens chosen in the end", chosen(stage).length, 1);
}

// A page of three sections or more lists them below its title, and what is code looks unlike what is printed.
function checkSections(address, page) {
  const sections = page.querySelectorAll("main .textblock > h1").length;
  const listed = page.querySelectorAll("#outline a").length;
  if (sections >= 3 && listed < sections) wrong(address, listed + " of " + sections + " sections are listed");
  const look = (block) => ["backgroundColor", "borderLeftWidth"].map((name) => frame.contentWindow.getComputedStyle(block)[name]).join();
  const code = page.querySelector("div.fragment.code"), printed = page.querySelector("div.fragment.output");
  if (code && printed && look(code) === look(printed)) wrong(address, "code and what is printed look alike");
  for (const block of page.querySelectorAll("div.fragment.code, div.fragment.output")) {
    ++counts.blocks;
    const caption = block.previousElementSibling;
    const wanted = block.classList.contains("code") ? /^[a-z0-9_/]+\.[ch]pp, lines? \d+( to \d+)?$/ : /^what the program prints$/;
    const isChapter = short(address).startsWith("tutorial_");
    if ((isChapter || block.classList.contains("output")) && !wanted.test(caption?.textContent ?? ""))
      wrong(address, "a block says not where it is from: " + block.textContent.trim().slice(0, 60));
  }
}

async function checkSearch(front) {
  await open(front);
  const page = frame.contentDocument;
  const box = page.getElementById("find");
  // What is typed, what leads to it, and among how many of the first it has to be.
  const searches = [["multiheadatt", "MultiHeadAttention", 1], ["three comm", "Three commands", 1], ["查询", "query", 1],
    ["fill-mask", "gradus fill-mask", 1], ["gradcheck", "gradus gradcheck", 1], ["install", "Three commands", 5],
    ["own text", "Three commands", 5], ["learns vocabulary", "gradus vocab", 3]];
  for (const [typed, wanted, within] of searches) {
    box.value = typed;
    box.dispatchEvent(new Event("input"));
    const found = () => [...page.querySelectorAll("#found a")].map((link) => link.textContent).slice(0, within);
    const isThere = () => found().some((text) => text.startsWith(wanted));
    for (let waited = 0; waited < 3000 && !isThere(); waited += 20) await pause(20);
    if (!isThere()) wrong(front, "searching '" + typed + "' finds '" + found().join("', '") + "'");
    const list = page.getElementById("found").getBoundingClientRect();
    if (list.left < 0 || list.right > page.documentElement.clientWidth) wrong(front, "what is found for '" + typed + "' is cut off");
  }
  for (const [, target] of frame.contentWindow.eval("gradusIndex")) {
    const url = new URL(target, front);
    const place = url.hash.slice(1);
    url.hash = "";
    links.push([new URL("search-index.js", front).href, url.href, decodeURIComponent(place)]);
  }
}

async function checkAll() {
  if (!matchMedia("(prefers-color-scheme: " + scheme + ")").matches) wrong("", "the browser is not " + scheme);
  for (const path of pages) {
    const address = new URL("file://" + encodeURI(path)).href;
    await open(address);
    const page = frame.contentDocument;
    if (!page) {
      wrong(address, "the page cannot be opened");
      continue;
    }
    if (++counts.pages % 10 === 0) console.log("CHECK opened " + counts.pages);
    checkLinks(address, page);
    checkImages(address, page);
    checkFormulas(address, page);
    checkWidth(address, page);
    checkContrast(address, page);
    checkRequests(address);
    checkSections(address, page);
    await checkAttention(address, page);
  }
  const front = [...ids.keys()].find((page) => short(page) === "index.html");
  if (front) {
    checkOrder(front);
    await checkSearch(front);
  }
  checkTargets();
}

checkAll()
  .catch((error) => wrong("", "the check broke: " + error.stack))
  .finally(() => console.log("CHECK done " + Object.entries(counts).map(([what, n]) => n + " " + what).join(", ")));
