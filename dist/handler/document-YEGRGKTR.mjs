import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import"./chunk-2JE3233P.mjs";import{createHash as o}from"node:crypto";var n=`
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
`;var r=`
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --main: #2563eb; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 2rem 1rem; max-width: 64rem; }
h1 { font-size: 1.6rem; margin: 0; } h1 span { font-weight: 400; opacity: .7; }
h2 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
p { margin: .2rem 0; } .quiet { opacity: .7; font-size: .85rem; overflow-wrap: anywhere; }
main { display: grid; gap: 0 2rem; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
@media (max-width: 48rem) { main { grid-template-columns: minmax(0, 1fr); } }
textarea, pre { width: 100%; font: 13px/1.45 ui-monospace, monospace; border: 1px solid var(--line); border-radius: 6px;
  padding: .7rem; background: var(--soft); color: inherit; margin: 0; }
textarea { height: 14rem; resize: vertical; } pre { min-height: 5rem; max-height: 24rem; overflow: auto; white-space: pre-wrap; }
button { font: inherit; padding: .45rem 1.4rem; margin: .7rem 0; border: 0; border-radius: 6px; background: var(--main);
  color: #fff; cursor: pointer; } button:disabled { opacity: .5; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td { border-top: 1px solid var(--line); padding: .25rem .6rem .25rem 0; overflow-wrap: anywhere; }
#timings td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
`;var s=e=>`'sha256-${o("sha256").update(e).digest("base64")}'`,h=["default-src 'none'",`script-src ${s(n)}`,`style-src ${s(r)}`,"connect-src 'self'","base-uri 'none'","form-action 'none'"].join("; "),u=e=>`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${t(`${e.name} ${e.version}`)}</title>
<style>${r}</style>
<h1>${t(e.name)} <span>${t(e.version)}</span></h1>
<p class="quiet">sha256 ${t(e.sha256)}</p>
<p id="state" role="status">loading the model</p>
<main>
<section>
<h2><label for="request">Request to v1/infer</label></h2>
<textarea id="request" spellcheck="false"></textarea>
<button id="run">Run</button>
<p id="took" class="quiet" role="status"></p>
<h2>Answer</h2>
<pre id="answer" tabindex="0"></pre>
</section>
<section>
<h2>Tensors</h2>
<table id="tensors"></table>
<h2>This start</h2>
<table id="timings"></table>
</section>
</main>
<script type="application/json" id="facts">${i(e)}</script>
<script>${n}</script>
</html>
`,t=e=>e.replace(/[&<>"']/g,a=>`&#${a.charCodeAt(0)};`),i=e=>JSON.stringify(e).replaceAll("<","\\u003c");export{h as pagePolicy,u as renderPage};
