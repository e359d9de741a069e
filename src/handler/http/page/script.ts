/** Runs in the browser, as it stands: no outside asset, no dependency. Paths are relative, so prefixes of gateways work. */
export const pageScript = `
const $ = (id) => document.getElementById(id);
const facts = JSON.parse($('facts').textContent);
const show = (id, text) => { $(id).textContent = text; };
const rows = (id, list) => {
  $(id).replaceChildren();
  for (const cells of list) {
    const row = $(id).insertRow();
    for (const cell of cells) row.insertCell().append(cell);
  }
};
const isNested = (value) => typeof value === 'object' && value !== null;
const lines = (open, list, close, pad) =>
  list.length ? open + '\\n' + list.map((text) => pad + '  ' + text).join(',\\n') + '\\n' + pad + close : open + close;
const pretty = (value, pad = '') => {
  const inner = (one) => pretty(one, pad + '  ');
  if (!isNested(value)) return JSON.stringify(value);
  if (!Array.isArray(value)) {
    return lines('{', Object.entries(value).map(([name, one]) => JSON.stringify(name) + ': ' + inner(one)), '}', pad);
  }
  return value.some(isNested) ? lines('[', value.map(inner), ']', pad) : '[' + value.map(inner).join(', ') + ']';
};
const shape = ({ shape, optional }) =>
  (shape ? '[' + shape.map((size) => size === '' ? '?' : size).join(', ') + ']' : '[...]') + (optional ? ', optional' : '');
const ms = (value) => Number(value).toFixed(1) + ' ms';
const state = (kind, text) => { $('state').className = kind; show('state', text); };

const start = () => { $('request').value = pretty(facts.request); };
rows('card', facts.card);
rows('tensors', ['inputs', 'outputs'].flatMap((way) =>
  facts[way].map((info) => [way.slice(0, -1), info.name, info.dtype + ' ' + shape(info)])));
start();

const bar = (part) => {
  const element = document.createElement('i');
  element.style.width = Math.max(1, part * 100) + '%';
  return element;
};

async function timings() {
  const health = await (await fetch('v1/health?warm=true')).json();
  if (health.error) return state('bad', health.error.code + ': ' + health.error.message);
  const { sample, instance_id: id, timings } = health;
  const words = { ok: 'golden sample answered as published', none: 'no golden sample', mismatch: 'golden sample answered otherwise' };
  state({ ok: 'good', mismatch: 'bad' }[sample] ?? '', words[sample] + ', instance ' + id.slice(0, 8));
  const all = Object.entries(timings);
  const most = Math.max(...all.map(([, value]) => value));
  rows('timings', all.map(([name, value]) => [name.replace(/_ms$/, '').replaceAll('_', ' '), bar(value / most), ms(value)]));
}

/** What the function itself measured, from its Server-Timing header. */
const inFunction = (response) =>
  (response.headers.get('server-timing') ?? '').replace(/([\\w-]+);dur=([\\d.]+)/g, (_, name, value) => name + ' ' + ms(value));

function tell(answer) {
  const { error } = answer;
  $('failure').hidden = !error;
  $('answer').hidden = Boolean(error);
  if (error) {
    $('failure').children[0].textContent = error.code;
    $('failure').children[1].textContent = error.message + (error.request_id ? ' Request ' + error.request_id + '.' : '');
  } else show('answer', pretty(answer.outputs));
}

async function run() {
  $('run').disabled = true;
  show('took', 'running');
  const started = performance.now();
  try {
    const response = await fetch('v1/infer', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: $('request').value,
    });
    const answer = await response.json();
    const here = performance.now() - started;
    show('took', 'HTTP ' + response.status + ' after ' + ms(here) + '; in the function: ' + inFunction(response));
    tell(answer);
  } catch (error) {
    show('took', '');
    tell({ error: { code: 'no answer', message: error.message } });
  }
  $('run').disabled = false;
}

$('run').addEventListener('click', run);
$('again').addEventListener('click', () => { start(); run(); });
$('request').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run();
});
timings().catch((error) => state('bad', 'no answer: ' + error.message));
`;
