// The site's own script: formulas, the search box, and folded lists. No page asks for anything outside this folder.
"use strict";

function load(file) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = file;
    script.onload = resolve;
    script.onerror = () => reject(new Error("cannot read " + file));
    document.head.append(script);
  });
}

// Formulas stand in the pages as \( \) and \[ \], as Doxygen writes them. KaTeX is read only where there are any.
async function drawFormulas() {
  const main = document.querySelector("main");
  if (/\\[([]/.test(main.textContent)) {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = "katex/katex.css";
    document.head.append(style);
    await load("katex/katex.js");
    await load("katex/auto-render.js");
    renderMathInElement(main, {
      delimiters: [{left: "\\(", right: "\\)", display: false}, {left: "\\[", right: "\\]", display: true}],
      ignoredTags: ["script", "style", "code", "pre"],
      ignoredClasses: ["fragment"],
      errorCallback: (message, error) => console.error(message, error),
    });
  }
  document.documentElement.dataset.formulas = "drawn";
}

// Search: every name, heading and term that holds all the words. Those with a word that begins with the first one lead,
// commands before all; among the others the glossary's, then the shortest. Below them come the sections of pages in
// whose text words begin with all of the words, in the order of the pages; no member of a class hides these.
function find(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  const begins = (text, word) => text.startsWith(word) || text.includes(" " + word);
  const rank = ([name, , where]) =>
    (name.startsWith("gradus ") && begins(name, wanted[0]) ? -2000 : 0) +
    (name.toLowerCase().startsWith(wanted[0]) ? 0 : 1000) + (where.startsWith("chapter ") ? 0 : 100) + name.length;
  const named = [], told = [];
  for (const entry of gradusIndex) {
    const [name, , where, text] = entry;
    const both = (name + " " + where).toLowerCase();
    const isCommand = name.startsWith("gradus ");  // its "where" says what it does
    if ((isCommand || name.toLowerCase().includes(wanted[0])) && wanted.every((word) => both.includes(word))) named.push(entry);
    else if (text !== undefined && wanted.every((word) => begins(both + " " + text, word))) told.push(entry);
  }
  named.sort((a, b) => rank(a) - rank(b));
  const most = 30, kept = Math.max(10, most - told.length);
  return [...named.slice(0, kept), ...told].slice(0, most);
}

function setUpSearch() {
  const box = document.getElementById("find");
  const list = document.getElementById("found");
  let ready = null;
  let chosen = -1;
  const choose = (index) => {
    const links = list.querySelectorAll("a");
    if (links.length === 0) return;
    chosen = (index + links.length) % links.length;
    links.forEach((link, i) => link.classList.toggle("chosen", i === chosen));
    links[chosen].scrollIntoView({block: "nearest"});
  };
  const show = async () => {
    ready = ready || load("search-index.js");
    await ready;
    const results = find(box.value);
    list.replaceChildren(...results.map(([name, address, where]) => {
      const link = document.createElement("a");
      const place = document.createElement("small");
      link.href = address;
      link.textContent = name;
      place.textContent = where;
      link.append(place);
      const item = document.createElement("li");
      item.append(link);
      return item;
    }));
    if (results.length === 0 && box.value.trim() !== "") {
      const item = document.createElement("li");
      item.textContent = "Nothing is called that, and no page has all of these words.";
      list.append(item);
    }
    list.hidden = box.value.trim() === "";
    chosen = -1;
    choose(0);
  };
  const close = () => { list.hidden = true; };
  box.addEventListener("input", show);
  box.addEventListener("focus", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter" && chosen >= 0) list.querySelectorAll("a")[chosen].click();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", close);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#finder")) close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target === document.body) {
      box.focus();
      event.preventDefault();
    }
  });
}

// Doxygen's pages call this to unfold what a class inherits.
function toggleInherit(id) {
  for (const row of document.querySelectorAll("tr.inherit." + CSS.escape(id))) row.classList.toggle("shown");
}

// What is on a page of several sections, below its title: open where there is room for it.
function setUpOutline() {
  const headings = [...document.querySelectorAll("main .textblock > h1, main h2.groupheader")].filter(
    (heading) => heading.querySelector("[id], [name]") && heading.textContent.trim() !== "");
  const title = document.querySelector("main .header");
  if (headings.length < 3 || !title) return;
  const outline = document.createElement("details");
  const summary = document.createElement("summary");
  const list = document.createElement("ul");
  outline.id = "outline";
  outline.open = matchMedia("(min-width: 56rem)").matches;
  summary.textContent = "On this page";
  for (const heading of headings) {
    const anchor = heading.querySelector("[id], [name]");
    const link = document.createElement("a");
    const item = document.createElement("li");
    link.href = "#" + (anchor.id || anchor.name);
    link.textContent = heading.textContent.trim();
    item.append(link);
    list.append(item);
  }
  outline.append(summary, list);
  title.after(outline);
}

// Rows that are folded until clicked open for the keyboard too, and the contents mark the page that is shown.
function setUpPage() {
  const here = location.pathname.split("/").pop() || "index.html";
  for (const link of document.querySelectorAll("#contents a")) {
    if (link.getAttribute("href") === here) link.setAttribute("aria-current", "page");
  }
  for (const row of document.querySelectorAll("tr.inherit_header td")) {
    row.tabIndex = 0;
    row.setAttribute("role", "button");
    row.addEventListener("keydown", (event) => {
      if (event.key === "Enter") row.click();
    });
  }
  // Wide tables and formulas scroll by themselves, not the page.
  for (const table of document.querySelectorAll("table.markdownTable")) {
    const frame = document.createElement("div");
    frame.className = "wide";
    table.replaceWith(frame);
    frame.append(table);
  }
}

setUpPage();
setUpOutline();
setUpSearch();
drawFormulas();
