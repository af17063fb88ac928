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
  const e = parent.ownerDocument.createElementNS(SVG, name);
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

/* A pixel a weight, `side` of them in a row: where there are more weights, the largest of each block, since a mean
   would wash out what a head looks at. The root makes small weights visible; NaN is red. */
function picture(canvas, weights, size, side = size) {
  canvas.width = canvas.height = side;
  const context = canvas.getContext('2d'), image = context.createImageData(side, side), pixels = image.data;
  const heat = colours().heat, edge = i => Math.floor(i * size / side);
  for (let y = 0, at = 0; y < side; ++y) {
    for (let x = 0; x < side; ++x, at += 4) {
      let most = 0;
      for (let q = edge(y); q < edge(y + 1); ++q) {
        for (let k = edge(x); k < edge(x + 1); ++k) {
          const w = weights[q * size + k];
          if (!(w <= most)) most = w;  // a NaN stays
        }
      }
      const nan = Number.isNaN(most);
      pixels[at] = nan ? 200 : heat[0];
      pixels[at + 1] = nan ? 0 : heat[1];
      pixels[at + 2] = nan ? 0 : heat[2];
      pixels[at + 3] = nan ? 255 : Math.round(255 * Math.sqrt(most));
    }
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

/* What is chosen: a token that is pointed at, or several. Their rows, and the mean of these. */
const queriesOf = ({query, several}) => several.length ? several : [query];
function rowsOf({size, of}, {layer, head}, queries) {
  const weights = of(layer, head), rows = queries.map(q => weights.subarray(q * size, (q + 1) * size));
  const mean = rows.length === 1 ? rows[0] : rows[0].map((_, k) => rows.reduce((sum, row) => sum + row[k], 0) / rows.length);
  return {rows, mean};
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
    paint: () => buttons.forEach((button, i) => picture(button.firstChild, of(Math.floor(i / heads), i % heads), size, Math.min(size, 112))),
  };
}

/* The chosen head as a large map. Pointing at a cell calls pick(query, key), a click toggle(query). */
function addMap(views, {tokens, size, pair, part, of}, pick, toggle) {
  const map = make(views, 'div', {class: 'map'}), canvas = make(map, 'canvas', {role: 'img'});
  const context = canvas.getContext('2d'), labels = tokens.map(token => short(token, 12));
  /* Where the cells begin and how large they are follows the labels and the room. */
  let cell = 0, left = 0, top = 0;
  /* The cells of the head that was painted last, a pixel each: pointing at another token paints them as one image. */
  const cells = document.createElement('canvas');
  let painted = '';

  function layOut() {
    const dense = size > 240 ? 1 : devicePixelRatio || 1;
    context.font = 'bold 12px system-ui, sans-serif';
    const widest = Math.max(...labels.map(label => context.measureText(label).width));
    left = Math.ceil(widest) + 24;
    top = left;
    map.style.maxWidth = `${left + size * 26 + 2}px`;
    /* A long input gets small cells, and then only the chosen tokens are named. */
    cell = Math.max(size > 240 ? 3 : size > 60 ? 6 : 11, Math.min(26, Math.floor((map.clientWidth - left - 2) / size)));
    const width = left + size * cell + 1, height = top + size * cell + 1;
    if (canvas.width !== Math.floor(width * dense) || canvas.height !== Math.floor(height * dense)) {
      canvas.width = width * dense;
      canvas.height = height * dense;
      canvas.style.width = width + 'px';
      canvas.style.height = height + 'px';
    }
    context.setTransform(dense, 0, 0, dense, 0, 0);
    context.clearRect(0, 0, width, height);
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

  function paintLabels(queries, key, c) {
    const named = cell >= 11;
    const letters = `${named ? Math.min(12, cell - 1) : 12}px system-ui, sans-serif`;
    context.textBaseline = 'middle';
    for (let i = 0; i < size; ++i) {
      const middle = (i + .5) * cell, colour = pair ? c[part(i)] : c.ink;
      const is = queries.includes(i);
      context.font = is ? `bold ${letters}` : letters;
      if (named || is) write(labels[i], left - 5, top + middle, colour, 'right', false);
      context.font = i === key ? `bold ${letters}` : letters;
      if (named || i === key) write(labels[i], left + middle, top - 5, colour, 'left', true);
    }
    context.font = '11px system-ui, sans-serif';
    write('looks at \u2192', left, 7, c.soft, 'left', false);
    write('\u2190 token', 7, top, c.soft, 'right', true);
  }

  function paintCells({layer, head}, c) {
    const wanted = [layer, head, ...c.heat].join();
    if (wanted !== painted) picture(cells, of(layer, head), size);
    painted = wanted;
    context.imageSmoothingEnabled = false;
    context.drawImage(cells, left, top, size * cell, size * cell);
  }

  /* Around the map, between the sentences, and around the chosen row and cell. */
  function paintFrames(queries, {query, key}, c) {
    context.strokeStyle = c.line;
    context.strokeRect(left + .5, top + .5, size * cell, size * cell);
    for (let i = 1; i < size && pair; ++i) {
      if (part(i) === part(i - 1)) continue;
      context.strokeRect(left + .5, top + i * cell + .5, size * cell, 0);
      context.strokeRect(left + i * cell + .5, top + .5, 0, size * cell);
    }
    context.strokeStyle = c.ink;
    context.lineWidth = 1.5;
    for (const q of queries) context.strokeRect(left, top + q * cell, size * cell, cell);
    if (key >= 0) context.strokeRect(left + key * cell, top + query * cell, cell, cell);
  }

  const at = (event, tell) => {
    const box = canvas.getBoundingClientRect();
    const q = Math.floor((event.clientY - box.top - top) / cell), k = Math.floor((event.clientX - box.left - left) / cell);
    if (q >= 0 && q < size && k < size) tell(q, k >= 0 ? k : -1);
  };
  const point = event => at(event, pick);
  canvas.addEventListener('pointermove', point);
  canvas.addEventListener('pointerdown', point);
  canvas.addEventListener('click', event => at(event, toggle));
  return {
    canvas, cells,
    paint: chosen => {
      const c = colours(), queries = queriesOf(chosen);
      layOut();
      paintLabels(queries, chosen.key, c);
      paintCells(chosen, c);
      paintFrames(queries, chosen, c);
    },
  };
}

/* Queries at the left, keys at the right, lines from the chosen queries. Built once; choosing changes attributes. */
function addLines(views, {tokens, size, part}, pick, toggle) {
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
    q.addEventListener('click', () => toggle(i));
    queries.push(q);
  });

  const show = (chosen, rows, mean) => {
    queries.forEach((q, i) => q.classList.toggle('on', chosen.includes(i)));
    paths.replaceChildren();
    const y = i => TOP + (i + .5) * ROW;
    /* Hundreds of thin lines would only make a dark band. */
    const most = Math.min(size, Math.max(4, Math.round(24 / chosen.length)));
    rows.forEach((row, n) => {
      const least = Math.max(.002, [...row].sort((a, b) => b - a)[most - 1]);
      row.forEach((w, i) => {
        if (!(w >= least)) return;
        draw(paths, 'path', {d: `M119 ${y(chosen[n])}C160 ${y(chosen[n])} 160 ${y(i)} 200 ${y(i)}`,
          'stroke-width': 1 + 9 * w, opacity: .2 + .75 * Math.sqrt(w)});
      });
    });
    mean.forEach((w, i) => {
      keys[i].strip.setAttribute('width', Number.isNaN(w) ? 0 : 136 * w);
      keys[i].share.textContent = w === 0 ? '0' : percent(w);
    });
  };
  return {svg, show};
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

/* The same of several rows: what their mean looks at. */
function sentenceOfSeveral(tokens, mean, queries) {
  const best = [...mean.keys()].sort((a, b) => mean[b] - mean[a]).slice(0, 3).filter(i => mean[i] > 0);
  const names = queries.slice(0, 6).map(i => `\u201c${tokens[i]}\u201d`).join(', ') + (queries.length > 6 ? ' and more' : '');
  return `${queries.length} tokens are chosen, ${names}. In the mean they look most of all at `
    + `${best.map(i => `\u201c${tokens[i]}\u201d ${percent(mean[i])}`).join(', ')}.`;
}

/* Hands a file to the reader. */
function save(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/* The weights of a head as a table: a row for each query, under the names of the keys. */
function tableOf({tokens, size, of}, {layer, head}) {
  const quoted = text => `"${text.replaceAll('"', '""')}"`, weights = of(layer, head);
  const lines = tokens.map((token, q) =>
    [quoted(token), ...Array.from(weights.subarray(q * size, (q + 1) * size), w => Math.round(1e6 * w) / 1e6)].join(','));
  return [['""', ...tokens.map(quoted)].join(','), ...lines].join('\n') + '\n';
}

/* What is on the screen as a file of its own: the map, and the lines beside it. A long input's cells are one image. */
function viewAsSvg({tokens, size, of, pair, part}, chosen, cells, lines, title) {
  const c = colours(), long = size > 64, cell = long ? 4 : 18, left = 116, top = 140, edge = size * cell;
  const [, , , high] = lines.getAttribute('viewBox').split(' ').map(Number);
  const width = left + edge + 40 + 336, height = Math.max(top + edge, 40 + high) + 12;
  /* A document of its own: in the page's the image would have to be loaded, which its policy forbids. */
  const svg = document.implementation.createDocument(SVG, 'svg').documentElement;
  for (const [key, value] of Object.entries({viewBox: `0 0 ${width} ${height}`, width, height})) svg.setAttribute(key, value);
  draw(svg, 'style', {}, `text{font:13px system-ui,sans-serif;fill:${c.ink};dominant-baseline:central}`
    + `.a{fill:${c.a}}.b{fill:${c.b}}.share,.head{fill:${c.soft}}.share{text-anchor:end}`
    + `.query rect{fill:none}.query.on rect{stroke:${c.soft}}`
    + `path{fill:none;stroke:rgb(${c.heat})}.key rect,.cell{fill:rgb(${c.heat})}.key rect{opacity:.22}.frame{fill:none;stroke:${c.ink}}`);
  draw(svg, 'rect', {width, height, fill: getComputedStyle(document.body).backgroundColor});
  draw(svg, 'text', {x: 12, y: 18, style: 'font-weight:bold'}, title);
  const queries = queriesOf(chosen), weights = of(chosen.layer, chosen.head);
  for (let i = 0; i < size; ++i) {
    const middle = (i + .5) * cell, look = {class: pair ? part(i) : ''};
    if (!long || queries.includes(i)) draw(svg, 'text', {...look, x: left - 6, y: top + middle, 'text-anchor': 'end'}, short(tokens[i], 14));
    if (!long) draw(svg, 'text', {...look, transform: `translate(${left + middle} ${top - 6}) rotate(-90)`}, short(tokens[i], 14));
  }
  if (long) draw(svg, 'image', {x: left, y: top, width: edge, height: edge, style: 'image-rendering:pixelated', href: cells.toDataURL()});
  for (let i = 0; i < size * size && !long; ++i) {
    if (!(weights[i] >= .0005)) continue;
    draw(svg, 'rect', {class: 'cell', x: left + i % size * cell, y: top + Math.floor(i / size) * cell, width: cell, height: cell,
      opacity: Math.sqrt(weights[i]).toFixed(2)});
  }
  draw(svg, 'rect', {class: 'frame', x: left, y: top, width: edge, height: edge, 'stroke-opacity': .3});
  for (const q of queries) draw(svg, 'rect', {class: 'frame', x: left, y: top + q * cell, width: edge, height: cell});
  const beside = lines.cloneNode(true);
  for (const [key, value] of Object.entries({x: left + edge + 40, y: 40, width: 336, height: high})) beside.setAttribute(key, value);
  svg.append(beside);
  return new XMLSerializer().serializeToString(svg);
}

/* The chosen head: its name, a sentence, a map and lines. turn(by) goes to another head, pick(query, key) chooses,
   toggle(query) takes a token to the chosen ones or from them, many() begins or ends choosing several. */
function addStage(root, attention, {turn, pick, toggle, many, file}) {
  const {tokens, size, of} = attention;
  const stage = make(root, 'div', {class: 'stage', tabindex: '0', role: 'group',
    'aria-label': 'The chosen head. Up and down choose a token, left and right a head, the space bar several tokens.'});
  const bar = make(stage, 'div', {class: 'bar'});
  const heading = make(bar, 'h2');
  const addButton = (text, act) => {
    const button = make(bar, 'button', {type: 'button'}, text);
    button.addEventListener('click', act);
    return button;
  };
  addButton('\u2190 previous', () => turn(-1));
  addButton('next \u2192', () => turn(1));
  const several = addButton('several tokens', many);
  addButton('save as SVG', () => file('svg'));
  addButton('save weights as CSV', () => file('csv'));
  const readout = make(stage, 'p', {class: 'readout', 'aria-live': 'polite'});
  const views = make(stage, 'div', {class: size > 32 ? 'views long' : 'views'});
  const map = addMap(views, attention, pick, toggle), lines = addLines(views, attention, pick, toggle);
  return {
    element: stage,
    map, lines,
    name: (layer, head) => {
      heading.textContent = `Layer ${layer + 1}, head ${head + 1}`;
      map.canvas.setAttribute('aria-label', `Attention of layer ${layer + 1}, head ${head + 1}, as a heat map`);
    },
    refresh: chosen => {
      const {layer, head, query, key} = chosen, queries = queriesOf(chosen), {rows, mean} = rowsOf(attention, chosen, queries);
      several.setAttribute('aria-pressed', chosen.many);
      lines.show(queries, rows, mean);
      readout.textContent = chosen.several.length > 1 && key < 0 ? sentenceOfSeveral(tokens, mean, queries)
        : sentence(tokens, of(layer, head).subarray(query * size, (query + 1) * size), query, key);
      map.paint(chosen);
    },
  };
}

/* The page: what is chosen, and who is told of it. */
function show(root) {
  const attention = attentionOf(root), {layers, heads, size} = attention;
  /* `several` are the tokens that were chosen while `many` is on. */
  const chosen = {layer: 0, head: 0, query: Math.min(1, size - 1), key: -1, many: false, several: []};

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
  const many = () => {
    chosen.many = !chosen.many;
    chosen.several = chosen.many ? [chosen.query] : [];
    stage.refresh(chosen);
  };
  const toggle = query => {
    if (!chosen.many) return;
    const at = chosen.several.indexOf(query);
    if (at < 0) chosen.several.push(query);
    else if (chosen.several.length > 1) chosen.several.splice(at, 1);
    stage.refresh(chosen);
  };
  const file = kind => {
    const name = `layer-${chosen.layer + 1}-head-${chosen.head + 1}.${kind}`;
    if (kind === 'csv') save(name, 'text/csv', tableOf(attention, chosen));
    else save(name, 'image/svg+xml', viewAsSvg(attention, chosen, stage.map.cells, stage.lines.svg, `Layer ${chosen.layer + 1}, head ${chosen.head + 1}`));
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
  const stage = addStage(root, attention, {turn, pick, toggle, many, file});
  stage.map.canvas.addEventListener('pointerleave', () => pick(chosen.query, -1));
  stage.element.addEventListener('keydown', event => {
    if (event.target !== stage.element) return;
    const to = {ArrowUp: chosen.query - 1, ArrowDown: chosen.query + 1, Home: 0, End: size - 1}[event.key];
    if (to !== undefined) pick(Math.max(0, Math.min(size - 1, to)), -1);
    else if (event.key === 'ArrowLeft') turn(-1);
    else if (event.key === 'ArrowRight') turn(1);
    else if (event.key === ' ') chosen.many ? toggle(chosen.query) : many();
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
