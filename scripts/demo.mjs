/**
 * `npm run demo`: the story of Coldgate on one machine, with a real model, no account and no cloud. Needs Node from 20
 * with npm and brings the rest. Works in .demo/ and leaves nothing else behind; no process either.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bringSilero, vowelSample } from './demo/silero.mjs';
import { node24Env, node24Folder, root } from './node24.mjs';

const started = Date.now();
const demo = join(root, '.demo');
const cache = join(root, '.cache', 'coldgate');
const node = join(node24Folder(), 'node');
const env = { ...node24Env(), COLDGATE_CACHE: cache };
const say = (text) => console.log(text);
const chapter = (text) => say(process.stdout.isTTY ? `\n\u001b[1m${text}\u001b[0m` : `\n${text}`);

/** Runs a command as a user would type it; returns the exit code and, with --json, the document. */
function coldgate(args, expected = 0) {
  say(`\n$ coldgate ${args.join(' ')}`);
  const child = spawn(node, [join(root, 'dist', 'cli.js'), ...args], {
    cwd: demo,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === expected) resolve(out);
      else reject(new Error(`coldgate ${args[0]} ended with exit code ${code}, this story expects ${expected}.`));
    });
  });
}

const versions = {
  '1.0.0': { file: 'silero-v5.onnx', speech: 0.671, optimize: 'cold' },
  '1.1.0': { file: 'silero-v6.onnx', speech: 0.0006, optimize: 'cold' },
  '1.2.0': { file: 'silero-v6.onnx', speech: 0.0006, optimize: 'off' },
};

function release(version) {
  const { file, speech, optimize } = versions[version];
  writeFileSync(join(demo, 'sample.json'), JSON.stringify(vowelSample(speech)));
  const yaml = `schema: 1
environments:
  local: { store: "file:store", target: { provider: local } }
models:
  vad:
    version: ${version}
    files: { model.onnx: models/${file} }
    sample: sample.json
    optimize: ${optimize}
    gate: { max-samples: 60 } # stops as soon as it is clear
    handler: { refresh-seconds: 1 }
`;
  writeFileSync(join(demo, 'models.yaml'), yaml);
}

const pointer = () => readFileSync(join(demo, 'store', 'vad', 'current.json'), 'utf8');
const live = () => JSON.parse(pointer()).version;

/** Asks the running endpoint, as a client would. */
async function ask(url) {
  say(`\n$ curl -s ${url}/v1/infer -d @sample.json`);
  const sample = JSON.parse(readFileSync(join(demo, 'sample.json'), 'utf8'));
  const reply = await fetch(`${url}/v1/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: sample.inputs }),
  });
  const { outputs, model } = await reply.json();
  say(`  ${reply.status} vad ${model.version} says: speech with probability ${JSON.stringify(outputs.output)}`);
  return model.version;
}

async function follows(url, version) {
  for (let i = 0; i < 50; i++) {
    if ((await ask(url)) === version) return;
    await new Promise((r) => setTimeout(r, 300));
  }
  throw new Error(`the endpoint did not follow the pointer to ${version}.`);
}

async function story() {
  chapter(
    '1. Ship 1.0.0: publish, verify, deploy, warm up, promote. Nothing is live yet, so there is nothing to compare.',
  );
  release('1.0.0');
  await coldgate(['ship']);
  const { 'endpoint-url': url } = JSON.parse(await coldgate(['status', '--json']));
  await ask(url);

  chapter(
    '2. Ship 1.1.0, a new generation of the model: the gate compares cold starts, the pointer flips, the endpoint follows.',
  );
  release('1.1.0');
  await coldgate(['ship']);
  await follows(url, '1.1.0');

  chapter(
    '3. Ship 1.2.0, in which someone switched the load-time optimisation off: it really loads slower. The gate blocks it.',
  );
  release('1.2.0');
  const before = pointer();
  await coldgate(['ship'], 4);
  if (pointer() !== before) throw new Error('the pointer moved although the gate said no.');
  say(`\n  Exit code 4, current.json untouched: live is still ${live()}.`);

  chapter('4. Roll back to 1.0.0: one swap, the endpoint follows.');
  await coldgate(['rollback', '--to', '1.0.0']);
  await follows(url, '1.0.0');

  chapter('5. Who promoted what.');
  await coldgate(['history']);
}

async function main() {
  if (existsSync(join(demo, 'models.yaml'))) await coldgate(['destroy']).catch(() => {});
  rmSync(demo, { recursive: true, force: true });
  mkdirSync(demo, { recursive: true });
  say('Coldgate demo: a real voice detector (Silero, from an npm package), a file store and a local function.');
  bringSilero(join(demo, 'models'), cache);
  try {
    await story();
    chapter('6. Leave nothing running.');
  } finally {
    await coldgate(['destroy']);
  }
  say(
    `\nDone in ${Math.round((Date.now() - started) / 1000)} s. Everything is in .demo/; remove the folder and nothing is left.`,
  );
}

await main().catch((error) => {
  console.error(`\nThe demo stopped: ${error.message}`);
  process.exitCode = 1;
});
