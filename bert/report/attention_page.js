(() => {
'use strict';
const SVG = 'http://www.w3.org/2000/svg';
const percent = w => Number.isNaN(w) ? 'not a number' : (100 * w).toFixed(1) + '\u00a0%';
const short = (text, most) => { const all = [...text]; return all.length > most ? all.slice(0, most - 1).join('') + '\u2026' : text; };
const make = (parent, name, properties = {}, text = '') => {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) e.setAttribute(key, value);
  e.textContent = text;
  parent.append(e);
  return e;
};
const draw = (parent, name, properties, text = '') => {
  const e = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(properties)) e.setAttribute(key, value);
  e.textContent = text;
  parent.append(e);
  return e;
};

/* 16-bit steps, low byte first; 65535 is NaN. */
function unpack(text) {
  const bytes = atob(text), weights = new Float32Array(bytes.length / 2);
  for (let i = 0; i < weights.length; ++i) {
    const step = bytes.charCodeAt(2 * i) | bytes.charCodeAt(2 * i + 1) << 8;
    weights[i] = step === 65535 ? NaN : step / 65534;
  }
  return weights;
}

/* Colours as numbers, since a canvas cannot follow a style sheet. Print is always light. */
const scheme = matchMedia('(prefers-color-scheme: dark)');
let printing = false;
const colours = () => scheme.matches && !printing
  ? {heat: [143, 196, 255], ink: '#e9eaed', soft: '#a5aab5', line: '#363b44', a: '#6cabff', b: '#f19a57'}
  : {heat: [11, 74, 158], ink: '#1b1d21', soft: '#5b606b', line: '#d8dbe1', a: '#1f6fd6', b: '#c2570c'};

/* One pixel a weight. The root makes small weights visible; NaN is red. */
function picture(canvas, weights, size) {
  canvas.width = canvas.height = size;
  const context = canvas.getContext('2d'), image = context.createImageData(size, size), pixels = image.data;
  const heat = colours().heat;
  for (let i = 0; i < weights.length; ++i) {
    const nan = Number.isNaN(weights[i]), [red, green, blue] = nan ? [200, 0, 0] : heat;
    pixels[4 * i] = red;
    pixels[4 * i + 1] = green;
    pixels[4 * i + 2] = blue;
    pixels[4 * i + 3] = nan ? 255 : Math.round(255 * Math.sqrt(weights[i]));
  }
  context.putImageData(image, 0, 0);
}

/* What the page shows: the tokens, and of(layer, head), a matrix of weights, [query, key]. */
function attentionOf(root) {
  const {tokens, segments, layers, heads, weights} = JSON.parse(root.querySelector('script').textContent);
  const size = tokens.length, all = unpack(weights), pair = segments.includes(1);
  return {
    tokens, layers, heads, size, pair,
    part: i => pair ? (segments[i] === 1 ? 'b' : 'a') : '',
    of: (layer, head) => all.subarray((layer * heads + head) * size * size, (layer * heads + head + 1) * size * size),
  };
}

function addLegend(root, {pair}) {
  const legend = make(root, 'div', {class: 'legend'});
  const ramp = make(legend, 'span', {}, '0 %');
  const band = make(ramp, 'span', {class: 'ramp'});
  ramp.append('100 %');
  const stops = Array.from({length: 11}, (_, i) => `color-mix(in srgb, var(--heat) ${Math.round(100 * Math.sqrt(i / 10))}%, var(--paper))`);
  band.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  if (pair) {
    make(legend, 'span', {style: 'color: var(--a)'}, 'sentence A');
    make(legend, 'span', {style: 'color: var(--b)'}, 'sentence B');
  }
}

/* Every head as a small square, a row for each layer. An arrow key calls choose, a click enlarge. */
function addOverview(root, {layers, heads, size, of}, choose, enlarge) {
  const overview = make(root, 'div', {class: 'overview', role: 'group', 'aria-label': 'All heads'});
  overview.style.gridTemplateColumns = `auto repeat(${heads}, minmax(24px, 112px))`;
  make(overview, 'span', {}, heads > 4 ? 'head' : '');
  for (let a = 0; a < heads; ++a) make(overview, 'span', {}, heads > 4 ? `${a + 1}` : `head ${a + 1}`);
  const buttons = [];
  const addHead = (l, a) => {
    const button = make(overview, 'button', {type: 'button', 'aria-label': `Layer ${l + 1}, head ${a + 1}`});
    make(button, 'canvas', {style: size <= 48 ? 'image-rendering: pixelated' : ''});
    button.addEventListener('click', () => enlarge(l, a));
    button.addEventListener('keydown', event => {
      const step = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
      if (!step) return;
      event.preventDefault();
      const next = [(l + step[0] + layers) % layers, (a + step[1] + heads) % heads];
      choose(...next);
      buttons[next[0] * heads + next[1]].focus();
    });
    buttons.push(button);
  };
  for (let l = 0; l < layers; ++l) {
    make(overview, 'span', {}, `layer ${l + 1}`);
    for (let a = 0; a < heads; ++a) addHead(l, a);
  }
  return {
    mark: (l, a) => buttons.forEach((button, i) => button.setAttribute('aria-pressed', i === l * heads + a)),
    paint: () => buttons.forEach((button, i) => picture(button.firstChild, of(Math.floor(i / heads), i % heads), size)),
  };
}

/* The chosen head as a large map. Pointing at a cell calls pick(query, key). */
function addMap(views, {tokens, size, pair, part, of}, pick) {
  const map = make(views, 'div', {class: 'map'}), canvas = make(map, 'canvas', {role: 'img'});
  const context = canvas.getContext('2d'), labels = tokens.map(token => short(token, 12));
  /* Where the cells begin and how large they are follows the labels and the room. */
  let cell = 0, left = 0, top = 0;

  function layOut() {
    const dense = devicePixelRatio || 1;
    context.font = 'bold 12px system-ui, sans-serif';
    const widest = Math.max(...labels.map(label => context.measureText(label).width));
    left = Math.ceil(widest) + 24;
    top = left;
    map.style.maxWidth = `${left + size * 26 + 2}px`;
    /* A long input gets small cells, and then only the chosen tokens are named. */
    cell = Math.max(size > 60 ? 6 : 11, Math.min(26, Math.floor((map.clientWidth - left - 2) / size)));
    const width = left + size * cell + 1, height = top + size * cell + 1;
    canvas.width = width * dense;
    canvas.height = height * dense;
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
    context.scale(dense, dense);
  }

  function write(text, x, y, colour, align, upright) {
    context.save();
    context.translate(x, y);
    if (upright) context.rotate(-Math.PI / 2);
    context.fillStyle = colour;
    context.textAlign = align;
    context.fillText(text, 0, 0);
    context.restore();
  }

  function paintLabels({query, key}, c) {
    const named = cell >= 11;
    const letters = `${named ? Math.min(12, cell - 1) : 12}px system-ui, sans-serif`;
    context.textBaseline = 'middle';
    for (let i = 0; i < size; ++i) {
      const middle = (i + .5) * cell, colour = pair ? c[part(i)] : c.ink;
      context.font = i === query ? `bold ${letters}` : letters;
      if (named || i === query) write(labels[i], left - 5, top + middle, colour, 'right', false);
      context.font = i === key ? `bold ${letters}` : letters;
      if (named || i === key) write(labels[i], left + middle, top - 5, colour, 'left', true);
    }
    context.font = '11px system-ui, sans-serif';
    write('looks at \u2192', left, 7, c.soft, 'left', false);
    write('\u2190 token', 7, top, c.soft, 'right', true);
  }

  function paintCells(weights, c) {
    for (let q = 0; q < size; ++q) {
      for (let k = 0; k < size; ++k) {
        const w = weights[q * size + k];
        if (w === 0) continue;
        context.fillStyle = Number.isNaN(w) ? 'rgb(200 0 0)' : `rgb(${c.heat.join(' ')} / ${Math.sqrt(w)})`;
        context.fillRect(left + k * cell, top + q * cell, cell, cell);
      }
    }
  }

  /* Around the map, between the sentences, and around the chosen row and cell. */
  function paintFrames({query, key}, c) {
    context.strokeStyle = c.line;
    context.strokeRect(left + .5, top + .5, size * cell, size * cell);
    for (let i = 1; i < size && pair; ++i) {
      if (part(i) === part(i - 1)) continue;
      context.strokeRect(left + .5, top + i * cell + .5, size * cell, 0);
      context.strokeRect(left + i * cell + .5, top + .5, 0, size * cell);
    }
    context.strokeStyle = c.ink;
    context.lineWidth = 1.5;
    context.strokeRect(left, top + query * cell, size * cell, cell);
    if (key >= 0) context.strokeRect(left + key * cell, top + query * cell, cell, cell);
  }

  const point = event => {
    const box = canvas.getBoundingClientRect();
    const q = Math.floor((event.clientY - box.top - top) / cell), k = Math.floor((event.clientX - box.left - left) / cell);
    if (q >= 0 && q < size && k < size) pick(q, k >= 0 ? k : -1);
  };
  canvas.addEventListener('pointermove', point);
  canvas.addEventListener('pointerdown', point);
  return {
    canvas,
    paint: chosen => {
      const c = colours();
      layOut();
      paintLabels(chosen, c);
      paintCells(of(chosen.layer, chosen.head), c);
      paintFrames(chosen, c);
    },
  };
}

/* Queries at the left, keys at the right, lines from the chosen query. Built once; choosing changes attributes. */
function addLines(views, {tokens, size, part}, pick) {
  const ROW = 22, TOP = 24;
  const lines = make(views, 'div', {class: 'lines'});
  const svg = draw(lines, 'svg', {viewBox: `0 0 336 ${TOP + size * ROW}`, role: 'img', 'aria-label': 'Where the chosen token looks'});
  draw(svg, 'text', {class: 'head', x: 112, y: 8, 'text-anchor': 'end'}, 'token \u2192');
  draw(svg, 'text', {class: 'head', x: 206, y: 8}, '\u2192 looks at');
  const paths = draw(svg, 'g', {}), queries = [], keys = [];
  tokens.forEach((token, i) => {
    const y = TOP + i * ROW;
    const k = draw(svg, 'g', {class: 'key'});
    const strip = draw(k, 'rect', {x: 200, y: y + 1, width: 0, height: ROW - 2});
    draw(k, 'text', {class: part(i), x: 206, y: y + ROW / 2}, short(token, 11));
    keys.push({strip, share: draw(k, 'text', {class: 'share', x: 334, y: y + ROW / 2})});
    const q = draw(svg, 'g', {class: 'query'});
    draw(q, 'rect', {x: 1, y: y + 1, width: 117, height: ROW - 2, rx: 3});
    draw(q, 'text', {class: part(i), x: 112, y: y + ROW / 2, 'text-anchor': 'end'}, short(token, 13));
    for (const kind of ['pointerenter', 'pointerdown']) q.addEventListener(kind, () => pick(i, -1));
    queries.push(q);
  });

  return (row, query) => {
    queries.forEach((q, i) => q.classList.toggle('on', i === query));
    paths.replaceChildren();
    const y = i => TOP + (i + .5) * ROW;
    /* Hundreds of thin lines would only make a dark band. */
    const least = Math.max(.002, [...row].sort((a, b) => b - a)[Math.min(size, 24) - 1]);
    row.forEach((w, i) => {
      keys[i].strip.setAttribute('width', Number.isNaN(w) ? 0 : 136 * w);
      keys[i].share.textContent = w === 0 ? '0' : percent(w);
      if (w >= least) {
        draw(paths, 'path', {d: `M119 ${y(query)}C160 ${y(query)} 160 ${y(i)} 200 ${y(i)}`,
          'stroke-width': 1 + 9 * w, opacity: .2 + .75 * Math.sqrt(w)});
      }
    });
  };
}

/* What the chosen row says, in words; key is -1 where only a query is chosen. */
function sentence(tokens, row, query, key) {
  const sum = row.reduce((a, b) => a + b, 0), name = i => `\u201c${tokens[i]}\u201d`;
  if (sum === 0) return `Token ${query + 1}, ${name(query)}, looks at nothing: the mask hides every token from it.`;
  const best = [...row.keys()].sort((a, b) => row[b] - row[a]).slice(0, 3).filter(i => row[i] > 0);
  const list = key >= 0 ? `token ${key + 1}, ${name(key)}, with ${percent(row[key])}`
    : best.map(i => `${name(i)} ${percent(row[i])}`).join(', ');
  return `Token ${query + 1}, ${name(query)}, looks at ${key >= 0 ? '' : 'most of all '}${list}. Its row adds up to ${percent(sum)}.`;
}

/* The chosen head: its name, a sentence, a map and lines. turn(by) goes to another head, pick(query, key) chooses. */
function addStage(root, attention, turn, pick) {
  const {tokens, size, of} = attention;
  const stage = make(root, 'div', {class: 'stage', tabindex: '0', role: 'group',
    'aria-label': 'The chosen head. Up and down choose a token, left and right a head.'});
  const bar = make(stage, 'div', {class: 'bar'});
  const heading = make(bar, 'h2');
  make(bar, 'button', {type: 'button'}, '\u2190 previous').addEventListener('click', () => turn(-1));
  make(bar, 'button', {type: 'button'}, 'next \u2192').addEventListener('click', () => turn(1));
  const readout = make(stage, 'p', {class: 'readout', 'aria-live': 'polite'});
  const views = make(stage, 'div', {class: size > 32 ? 'views long' : 'views'});
  const map = addMap(views, attention, pick), showRow = addLines(views, attention, pick);
  return {
    element: stage,
    map,
    name: (layer, head) => {
      heading.textContent = `Layer ${layer + 1}, head ${head + 1}`;
      map.canvas.setAttribute('aria-label', `Attention of layer ${layer + 1}, head ${head + 1}, as a heat map`);
    },
    refresh: chosen => {
      const {layer, head, query, key} = chosen, row = of(layer, head).subarray(query * size, (query + 1) * size);
      showRow(row, query);
      readout.textContent = sentence(tokens, row, query, key);
      map.paint(chosen);
    },
  };
}

/* The page: what is chosen, and who is told of it. */
function show(root) {
  const attention = attentionOf(root), {layers, heads, size} = attention;
  const chosen = {layer: 0, head: 0, query: Math.min(1, size - 1), key: -1};

  const choose = (layer, head) => {
    Object.assign(chosen, {layer, head, key: -1});
    stage.name(layer, head);
    overview.mark(layer, head);
    stage.refresh(chosen);
  };
  const pick = (query, key) => {
    if (query === chosen.query && key === chosen.key) return;
    Object.assign(chosen, {query, key});
    stage.refresh(chosen);
  };
  const turn = by => {
    const i = (chosen.layer * heads + chosen.head + by + layers * heads) % (layers * heads);
    choose(Math.floor(i / heads), i % heads);
  };
  const enlarge = (layer, head) => {
    choose(layer, head);
    stage.element.scrollIntoView({block: 'nearest'});
  };

  addLegend(root, attention);
  const overview = addOverview(root, attention, choose, enlarge);
  const stage = addStage(root, attention, turn, pick);
  stage.map.canvas.addEventListener('pointerleave', () => pick(chosen.query, -1));
  stage.element.addEventListener('keydown', event => {
    if (event.target !== stage.element) return;
    const to = {ArrowUp: chosen.query - 1, ArrowDown: chosen.query + 1, Home: 0, End: size - 1}[event.key];
    if (to !== undefined) pick(Math.max(0, Math.min(size - 1, to)), -1);
    else if (event.key === 'ArrowLeft') turn(-1);
    else if (event.key === 'ArrowRight') turn(1);
    else return;
    event.preventDefault();
  });

  const repaint = () => {
    overview.paint();
    stage.map.paint(chosen);
  };
  choose(0, 0);
  repaint();
  scheme.addEventListener('change', repaint);
  addEventListener('resize', () => stage.map.paint(chosen));
  addEventListener('beforeprint', () => { printing = true; repaint(); });
  addEventListener('afterprint', () => { printing = false; repaint(); });
}
document.querySelectorAll('.attention').forEach(show);
})();
