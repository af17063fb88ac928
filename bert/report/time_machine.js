(() => {
'use strict';
const bar = document.querySelector('.time');
if (!bar) return;
const {size, layers, heads, answers, moments} = JSON.parse(bar.querySelector('script').textContent);
const slider = bar.querySelector('input'), play = bar.querySelector('button'), told = bar.querySelector('output');
const percent = p => (100 * p).toFixed(1) + '\u00a0%';
const make = (parent, name, properties = {}, text = '') => {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) e.setAttribute(key, value);
  e.textContent = text;
  parent.append(e);
  return e;
};

/* A canvas cannot follow a style sheet, so it is painted again when the scheme changes. */
const scheme = matchMedia('(prefers-color-scheme: dark)');

/* A byte is 254 times the root of a weight, as the page shades it; 255 is NaN, in red. */
function paintMaps(canvases, text) {
  const bytes = atob(text), heat = scheme.matches ? [143, 196, 255] : [11, 74, 158];
  canvases.forEach((canvas, head) => {
    canvas.width = canvas.height = size;
    const context = canvas.getContext('2d'), image = context.createImageData(size, size);
    for (let i = 0; i < size * size; ++i) {
      const byte = bytes.charCodeAt(head * size * size + i), colour = byte === 255 ? [200, 0, 0] : heat;
      image.data.set([...colour, byte], 4 * i);
    }
    context.putImageData(image, 0, 0);
  });
}

/* The guesses for one gap. Those of the last moment that has any stay where a moment has none. */
function showGuesses(box, guesses, answer) {
  if (!guesses) return;
  box.textContent = '';
  const list = make(box, 'ul', {class: 'guesses'});
  for (const [word, probability] of guesses) {
    const right = answer !== '' && word === answer, item = make(list, 'li', right ? {class: 'right'} : {});
    make(item, 'span', {}, right ? word + '\u00a0\u2713' : word);
    make(item, 'em', {}, percent(probability));
    make(item, 'i').style.setProperty('--p', percent(probability).replace('\u00a0', ''));
  }
}

/* One bar for each part, in proportion to the largest norm of all parts and moments. */
function showNorms(rows, moment, largest) {
  rows.forEach((row, part) => {
    [moment.weights[part], moment.gradients[part]].forEach((norm, column) => {
      const cell = row.cells[column + 1];
      cell.firstChild.textContent = norm === null ? '\u2013' : Number(norm.toPrecision(3)).toString();
      cell.lastChild.style.setProperty('--p', norm === null ? '0' : 100 * norm / largest[column] + '%');
    });
  });
}

/* A chart says at which pixel its step 0 is, and how many pixels one step takes. */
function moveCursors(cursors, step) {
  for (const cursor of cursors) {
    const x = Number(cursor.dataset.zero) + step * Number(cursor.dataset.unit);
    cursor.setAttribute('x1', x);
    cursor.setAttribute('x2', x);
    cursor.removeAttribute('visibility');
  }
}

const maps = document.querySelector('.time-maps');
const canvases = maps ? [...maps.querySelectorAll('canvas')] : [];
const rows = [...document.querySelectorAll('.time-norms tbody tr')];
const cursors = [...document.querySelectorAll('.cursor')];
const boxes = [...document.querySelectorAll('.sample .moments')].map(still => {
  const box = document.createElement('div');
  box.className = 'moment now';
  still.after(box);
  return box;
});
const largest = ['weights', 'gradients'].map(kind => Math.max(...moments.flatMap(moment => moment[kind]), 1e-30));

function show() {
  const moment = moments[slider.value];
  told.textContent = `step ${moment.step.toLocaleString('en')}${moment.figures ? ': ' + moment.figures : ''}`;
  slider.setAttribute('aria-valuetext', told.textContent);
  boxes.forEach((box, gap) => showGuesses(box, moment.guesses[gap], answers[gap]));
  showNorms(rows, moment, largest);
  moveCursors(cursors, moment.step);
  if (canvases.length === layers * heads) paintMaps(canvases, moment.attention);
}

/* From the chosen evaluation to the last; from the first when it stands at the last. */
let timer = 0;
function stop() {
  clearInterval(timer);
  timer = 0;
  play.textContent = 'play';
}
function start() {
  if (slider.value === slider.max) slider.value = 0;
  play.textContent = 'stop';
  show();
  timer = setInterval(() => {
    slider.value = Number(slider.value) + 1;
    show();
    if (slider.value === slider.max) stop();
  }, 500);
}

play.addEventListener('click', () => timer ? stop() : start());
slider.addEventListener('input', () => { stop(); show(); });
scheme.addEventListener('change', show);
document.body.classList.add('moves');
bar.hidden = false;
if (maps) maps.hidden = false;
show();
})();
