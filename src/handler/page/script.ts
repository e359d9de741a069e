/** Runs in the browser, as it stands: no outside asset, no dependency. Paths are relative, so prefixes of gateways work. */
export const pageScript = `
const $ = (id) => document.getElementById(id);
const facts = JSON.parse($('facts').textContent);
const show = (id, text) => { $(id).textContent = text; };
const rows = (id, list) => {
  for (const cells of list) {
    const row = $(id).insertRow();
    for (const cell of cells) row.insertCell().textContent = cell;
  }
};
const lines = (open, list, close, pad) => open + '\\n' + list.map((text) => pad + '  ' + text).join(',\\n') + '\\n' + pad + close;
const isNested = (value) => typeof value === 'object' && value !== null;
const pretty = (value, pad = '') => {
  const inner = (one) => pretty(one, pad + '  ');
  if (!isNested(value)) return JSON.stringify(value);
  if (!Array.isArray(value)) {
    return lines('{', Object.entries(value).map(([name, one]) => JSON.stringify(name) + ': ' + inner(one)), '}', pad);
  }
  return value.some(isNested) ? lines('[', value.map(inner), ']', pad) : '[' + value.map(inner).join(', ') + ']';
};
const shape = (info) => info.name + '  ' + info.dtype + ' [' + info.shape.map((size) => size === '' ? '?' : size).join(', ') + ']';
$('request').value = pretty(facts.request);
rows('tensors', [...facts.inputs.map((i) => ['in', shape(i)]), ...facts.outputs.map((o) => ['out', shape(o)])]);

async function timings() {
  const health = await (await fetch('v1/health?warm=true')).json();
  if (health.error) return show('state', health.error.code + ': ' + health.error.message);
  show('state', 'sample ' + health.sample + ', instance ' + health.instance_id.slice(0, 8));
  rows('timings', Object.entries(health.timings).map(([name, ms]) => [name.replace(/_ms$/, ' ').replaceAll('_', ' '), ms.toFixed(1) + ' ms']));
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
    const here = (performance.now() - started).toFixed(1);
    show('took', 'HTTP ' + response.status + ', ' + here + ' ms from here; in the function: ' + (response.headers.get('server-timing') ?? ''));
    show('answer', pretty(answer.outputs ?? answer));
  } catch (error) {
    show('took', 'no answer: ' + error.message);
  }
  $('run').disabled = false;
}

$('run').addEventListener('click', run);
$('request').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run();
});
timings().catch((error) => show('state', 'no answer: ' + error.message));
`;
