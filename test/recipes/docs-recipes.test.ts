import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rules } from '../../src/advice/advise.ts';
import { findVerb } from '../../src/catalog.ts';
import { commandInputs, globalFlags, readArguments } from '../../src/terminal/argv.ts';
import { openApim } from '../azure/apim/open.ts';
import type { Azure } from '../azure/azure.ts';
import { required } from '../emulators/required.ts';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { gatewaySurfaces } from '../google/gateway/open.ts';
import { type Google, openGoogle } from '../google/google.ts';
import { FunctionProcess } from '../handler/function-process.ts';
import { type AdapterBed, openAdapterBed } from '../handler/platforms/adapter-bed.ts';
import { LambdaStandIn } from '../lambda/stand-in.ts';
import { allCommands, type CloudName, headings, type Recipe, recipes, root, rows } from './page.ts';

/*
 * docs/recipes.md, run: what stands there is what passes here. Whole releases on these stand-ins are elsewhere
 * (test/targets); here each block is what they begin with.
 */
const folder = mkdtempSync(join(tmpdir(), 'coldgate-recipes-'));
const before = { ...process.env };
let google: Google;
let azure: Azure;
let lambda: LambdaStandIn;

beforeAll(async () => {
  google = await openGoogle({ buckets: ['acme-models', 'acme-batches'], surfaces: gatewaySurfaces().surfaces });
  ({ azure } = await openApim({ groups: ['acme-models'], accounts: ['acmemodelapps'] }));
  lambda = await LambdaStandIn.open();
  // Clients of clouds read them from the process.
  Object.assign(process.env, google.environment, azure.environment, {
    ...{ AWS_ENDPOINT_URL: lambda.url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  });
});
afterAll(async () => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  await lambda?.close();
  await azure?.close();
  await google?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The block with what is another one here: ids of the stand-ins, and a folder where a cloud's store has none. */
const here: Record<CloudName, (yaml: string) => string> = {
  AWS: (yaml) => yaml.replace(/store: \{ url: "s3:[^}]+\}/, 'store: "file:store"'),
  'Google Cloud': (yaml) =>
    yaml.replaceAll(/\bproject: acme-models|@acme-models\./g, (text) => text.replace('acme-models', google.project.id)),
  Azure: (yaml) =>
    yaml
      .replace(/store: "azure:[^"]+"/, 'store: "file:store"')
      .replaceAll('11111111-2222-3333-4444-555555555555', azure.subscription),
};

/** A repository with the models of the examples and this models.yaml. */
function repositoryOf({ name, cloud, yaml }: Recipe): string {
  const own = join(folder, name.replace(/\W+/g, '-'));
  cpSync(join(root, 'examples/local/models'), join(own, 'models'), { recursive: true });
  copyFileSync(join(own, 'models/digits.onnx'), join(own, 'models/faces.onnx'));
  writeFileSync(join(own, 'models.yaml'), here[cloud](yaml));
  return own;
}

/** How a command is run here: as it is, or without changing anything; undefined where it needs what is live in an account. */
function asRun(command: string): string | undefined {
  const [, verb = ''] = command.split(' ');
  if (['iam', 'advise', 'publish', 'status', 'validate'].includes(verb)) return command;
  if (verb === 'deploy' && command.includes('--image-context')) return command;
  return ['ship', 'deploy', 'release'].includes(verb) ? `${command} --dry-run` : undefined;
}

const named = recipes.map((recipe) => [recipe.name, recipe] as const);

describe('docs/recipes.md', () => {
  it('has eight recipes, each on three clouds, and a way to each', () => {
    expect(headings.length).toBe(8);
    expect(recipes.map(({ name }) => name)).toEqual(
      headings.flatMap((heading) =>
        ['AWS', 'Google Cloud', 'Azure'].map((cloud) => `${heading.split('.')[0]}, ${cloud}`),
      ),
    );
    const anchors = headings.map((text) =>
      text
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(rows).toEqual(anchors);
  });

  it('names commands and flags that there are', () => {
    const commands = allCommands.filter((line) => line.startsWith('coldgate '));
    expect(commands.length).toBeGreaterThan(24);
    for (const command of new Set(commands)) {
      const [, name = '', ...args] = command.split(/\s+/);
      const verb = findVerb(name);
      expect([name, verb?.name]).toEqual([name, name]);
      const known = new Set([...commandInputs(verb!), ...globalFlags].map((input) => input.name));
      for (const given of Object.keys(readArguments(verb!, args))) expect([...known]).toContain(given);
    }
  });

  it.each(named)('%s is valid, and nothing of it is warned of', async (_name, recipe) => {
    const own = repositoryOf(recipe);
    // What is said here needs no account; the folder stands for a store in the function's region.
    const { exit, message, document } = await runInProcess(own, ['advise', '--offline']);
    expect([exit, message]).toEqual([0, '']);
    const { results } = document as { results: { findings: { rule: string; verdict: string; why: string }[] }[] };
    const warned = results
      .flatMap(({ findings }) => findings)
      .filter(({ rule, verdict }) => verdict === 'no' && rules.some(({ id, warns }) => id === rule && warns));
    expect(warned).toEqual([]);
  });

  it.each(named)('%s: its commands are run on the stand-in of its cloud', async (_name, recipe) => {
    const own = repositoryOf(recipe);
    for (const command of recipe.commands.filter((line) => line.startsWith('coldgate '))) {
      const line = asRun(command);
      if (line === undefined) continue;
      const { exit, message, hint } = await runInProcess(own, line.split(' ').slice(1), process.env);
      expect([command, exit, message, hint]).toEqual([command, 0, '', '']);
    }
  });
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;
describe.runIf(hasCurl || required)('requests of docs/recipes.md', () => {
  let bed: AdapterBed;
  let one: FunctionProcess;
  let url: string;
  const bin = join(folder, 'bin');

  beforeAll(async () => {
    bed = await openAdapterBed();
    const model = readFileSync(join(root, 'examples/local/models/digits.onnx'));
    for (const name of ['digits', 'faces']) bed.store.promote(bed.store.publish(name, '1.0.0', { model }));
    one = new FunctionProcess(bed.bundle, { ...bed.variables, MODEL_NAME: 'digits', COLDGATE_MODELS: 'faces' });
    url = `http://127.0.0.1:${(await one.listening()).port}`;
    // What asks a cloud for a token says one.
    mkdirSync(bin, { recursive: true });
    for (const tool of ['gcloud', 'az']) {
      writeFileSync(join(bin, tool), '#!/bin/sh\necho token\n');
      chmodSync(join(bin, tool), 0o755);
    }
  });
  afterAll(async () => {
    await one?.stop();
    bed?.remove();
  });

  /** A recipe's requests come after what they use: a token, a key. */
  const scripts = recipes
    .map(({ name, commands }) => [name, commands.filter((line) => /^(?:curl|[A-Z]+=)/.test(line))] as const)
    .filter(([, lines]) => lines.length > 0);

  it.each([...scripts, ['8, on this machine', allCommands.filter((line) => line.includes('127.0.0.1:8080'))] as const])(
    '%s: every one is answered by the handler',
    (_name, lines) => {
      const script = lines.map((line) => line.replace('http://127.0.0.1:8080', '$URL')).join('\necho\n');
      const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, URL: url, TOKEN: 't', KEY: 'k', APP: 'a' };
      const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c' };
      const { stdout, stderr } = spawnSync('sh', ['-ec', script], { env: { ...env, ...keys }, encoding: 'utf8' });
      const answers = stdout.split('\n').filter((line) => line.trim() !== '');
      expect([answers.length, stderr]).toEqual([lines.filter((line) => line.startsWith('curl')).length, '']);
      for (const answer of answers) expect(JSON.parse(answer)).not.toHaveProperty('error');
    },
  );
});
