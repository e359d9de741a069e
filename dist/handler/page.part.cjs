const e=require("./node.part.cjs"),t=process.getBuiltinModule(`node:crypto`).createHash,n=`
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
`,r=`
:root { color-scheme: light dark; --line: #8883; --soft: #8881; --main: #2563eb; --link: #1d4ed8; --good: #15803d; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --link: #60a5fa; --good: #4ade80; --bad: #f87171; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem 1rem 2rem; max-width: 68rem; }
header { border-bottom: 1px solid var(--line); padding-bottom: .8rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; } h1 span { font-weight: 400; opacity: .65; }
h2 { font-size: .95rem; margin: 1.5rem 0 .4rem; } h2 code { font-weight: 400; opacity: .65; margin-left: .4rem; }
p { margin: .3rem 0; } .quiet, .small { font-size: .85rem; } .quiet { opacity: .7; overflow-wrap: anywhere; }
#state::before { content: ''; display: inline-block; width: .6rem; height: .6rem; margin-right: .5rem; border-radius: 50%;
  background: #888; } #state.good::before { background: var(--good); } #state.bad::before { background: var(--bad); }
main { display: grid; gap: 0 2.5rem; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
@media (max-width: 48rem) { main { grid-template-columns: minmax(0, 1fr); } }
textarea, pre { width: 100%; font: 13px/1.45 ui-monospace, monospace; border: 1px solid var(--line); border-radius: 6px;
  padding: .7rem; background: var(--soft); color: inherit; margin: 0; }
textarea { display: block; height: 13rem; resize: vertical; }
pre { min-height: 4rem; max-height: 24rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: .7rem 0; }
button { font: inherit; padding: .4rem 1.2rem; border: 1px solid var(--main); border-radius: 6px; background: var(--main);
  color: #fff; cursor: pointer; } button:disabled { opacity: .5; } button.plain { background: none; color: inherit;
  border-color: var(--line); } :focus-visible { outline: 2px solid var(--main); outline-offset: 1px; }
#failure { border: 1px solid var(--bad); border-left-width: 4px; border-radius: 6px; padding: .6rem .8rem; margin: 0;
  overflow-wrap: anywhere; } #failure strong { color: var(--bad); display: block; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
td { border-top: 1px solid var(--line); padding: .25rem .6rem .25rem 0; overflow-wrap: anywhere; vertical-align: top; }
td:last-child { padding-right: 0; } tr:first-child td { border-top: 0; }
#card td:first-child, #tensors td:first-child { width: 6.5rem; opacity: .7; }
#timings td:first-child { width: 7rem; } #timings td:nth-child(2) { vertical-align: middle; }
#timings td:last-child { width: 5.5rem; text-align: right; font-variant-numeric: tabular-nums; }
#timings i { display: block; height: .5rem; border-radius: 2px; background: var(--main); opacity: .75; }
a { color: var(--link); }
[hidden] { display: none; }
`,i=e=>`'sha256-${t(`sha256`).update(e).digest(`base64`)}'`,a=[`default-src 'none'`,`script-src ${i(n)}`,`style-src ${i(r)}`,`connect-src 'self'`,`img-src data:`,`base-uri 'none'`,`form-action 'none'`,`frame-ancestors 'none'`].join(`; `),o=e=>`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${s(`${e.name} ${e.version}`)}</title>
<link rel="icon" href="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='4' fill='%232563eb'/><path d='M4 12V6l4-3 4 3v6M8 12V8' fill='none' stroke='white' stroke-width='1.6'/></svg>">
<style>${r}</style>
<header>
<h1>${s(e.name)} <span>${s(e.version)}</span></h1>
<p id="state" role="status">loading the model</p>
</header>
<main>
<section>
<h2><label for="request">Request</label> <code>POST v1/infer</code></h2>
<textarea id="request" spellcheck="false" autocapitalize="off" autocomplete="off"></textarea>
<p class="row"><button id="run">Run</button> <button id="again" class="plain">${e.isSample?`Golden sample`:`Start again`}</button>
<span class="quiet">or Ctrl + Enter</span></p>
<h2>Answer</h2>
<p id="failure" role="alert" hidden><strong></strong> <span></span></p>
<pre id="answer" tabindex="0" aria-label="Answer">nothing yet</pre>
<p id="took" class="quiet" role="status"></p>
</section>
<section>
<h2>Model card</h2>
<table id="card"></table>
<h2>Tensors</h2>
<table id="tensors"></table>
<h2>This start</h2>
<table id="timings"></table>
<p class="small">Described in <a href="v1/openapi.json">OpenAPI</a>.</p>
</section>
</main>
<script type="application/json" id="facts">${c(e)}<\/script>
<script>${n}<\/script>
</html>
`,s=e=>e.replace(/[&<>"']/g,e=>`&#${e.charCodeAt(0)};`),c=e=>JSON.stringify(e).replaceAll(`<`,`\\u003c`);function l(e,t){let n=typeof e==`object`&&e&&`inputs`in e?e.inputs:void 0;return n===void 0?{request:{inputs:u(t)},isSample:!1}:{request:{inputs:n},isSample:!0}}const u=e=>Object.fromEntries(e.filter(({optional:e})=>!e).map(e=>[e.name,d(e)]));function d({dtype:e,shape:t}){let n=(t??[1]).map(e=>typeof e==`number`?e:1),r=n.reduce((e,t)=>e*t,1),i=e===`string`?``:e!==`bool`&&0;return{shape:n,data:Array(Math.min(r,4096)).fill(i)}}function f(e,t,n){let r=[[`sha256`,e]];if(!n)return r;let{files:i,model:a,opset:o,ir_version:s,producer:c,source:l,created_at:u}=n,d=i.find(({path:e})=>e===a)?.size??0,{repository:f,commit:m}=l,h=[f,m?.slice(0,12)].filter(Boolean).join(` at `);return r.push([`published`,u.replace(/^(\S{10})T(\S{5}).*$/,`$1 $2 UTC`)],[`model`,`${a}, ${p(d)}`],[`loaded form`,t?`${t.kind}, ${p(t.size)}`:`as published`],[`ONNX`,[`opset ${o}, IR ${s}`,c&&`by ${c}`].filter(Boolean).join(`, `)]),h&&r.push([`source`,h]),r}function p(e){let t=Math.min(Math.floor(Math.log10(Math.max(e,1))/3),3),n=[`bytes`,`kB`,`MB`,`GB`][t];return`${(e/1e3**t).toFixed(t===0?0:1)} ${n}`}async function m(t){if(!t.settings.page)throw new e.F(404,`not-found`,`There is nothing at this path.`);return e.N(t,async t=>{let{name:n,version:r,sha256:i,session:s,loaded:c}=t;try{let{inputs:e,outputs:u}=await t.declared()??s,d=f(i,c.artifact,t.manifest),{request:p,isSample:m}=l(await t.sample(),e);return{status:200,headers:{"content-type":`text/html; charset=utf-8`,"content-security-policy":a},body:o({name:n,version:r,card:d,inputs:e,outputs:u,request:p,isSample:m})}}catch(t){throw e.M(t,1)}})}exports.page=m;