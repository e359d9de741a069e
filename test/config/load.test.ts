import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { InputError } from '../../src/errors.ts';
import { gateDefaults } from '../../src/gate/rule/options.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-config-')));
afterAll(() => rmSync(folder, { recursive: true }));
for (const name of ['a.onnx', 'b.onnx', 'labels.json', 'sample.json']) writeFileSync(join(folder, name), name);

const load = (yaml: string, env: Record<string, string> = {}, options: { checkFiles?: boolean } = {}) => {
  writeFileSync(join(folder, 'models.yaml'), yaml);
  return loadConfig(join(folder, 'models.yaml'), env, options);
};
const small = 'schema: 1\nmodels:\n  a: { version: 1.0.0, files: { model.onnx: a.onnx } }\n';
const problemsOf = async (attempt: Promise<unknown>) => {
  const error = await attempt.catch((e: unknown) => e);
  if (error instanceof InputError) return error.problems;
  throw error ?? new Error('nothing was found wrong');
};

describe('loadConfig', () => {
  it('fills the smallest file with defaults and the embedded environment', async () => {
    const config = await load(small);
    expect(config).toEqual({
      file: join(folder, 'models.yaml'),
      root: folder,
      environments: {
        local: {
          name: 'local',
          store: { url: pathToFileURL(join(folder, '.coldgate/store')).href },
          pointer: 'current.json',
          target: { provider: 'local' },
        },
      },
      models: {
        a: {
          name: 'a',
          version: '1.0.0',
          files: [{ path: 'model.onnx', source: join(folder, 'a.onnx') }],
          model: 'model.onnx',
          sample: undefined,
          retain: 5,
          optimize: 'off',
          formRequired: false,
          gate: gateDefaults,
          watchSeconds: 0,
          handler: {
            maxPayloadKb: 5120,
            threads: 1,
            followOverSeconds: 0,
            refreshSeconds: 30,
            runTimeoutMs: 25_000,
            cors: [],
            models: ['a'],
          },
          target: undefined,
        },
      },
    });
  });

  it('names the file with the other ending where only that one is there', async () => {
    const other = mkdtempSync(join(folder, 'other-'));
    writeFileSync(join(other, 'models.yml'), small);
    const [problem] = await problemsOf(loadConfig(join(other, 'models.yaml'), {}));
    expect(problem?.hint).toMatch(/There is a models\.yml/);
  });

  it('resolves every setting of a model', async () => {
    const config = await load(`schema: 1
models:
  a:
    version: 2.0.0-rc.1
    files: { encoder.onnx: a.onnx, decoder.onnx: b.onnx, data/labels.json: labels.json }
    model: decoder.onnx
    sample: ./sample.json
    retain: 9
    optimize: { form: cold, require: true }
    gate: { metric: [session_ms, first_run_ms], tolerance: 7.5%, limit: 0.4, min-effect-ms: 2.5, max-samples: 40,
            slo-ms: 1200, on-inconclusive: lean, baseline: stored, discard: 0, max-seconds: 60, timeout-seconds: 5, watch: 2m }
    handler: { max-payload-kb: 64, threads: 2, refresh-seconds: 5, cors: ["https://app.example", "*"] }
    target: { provider: local, port: 8080 }
`);
    expect(config.models['a']).toMatchObject({
      version: '2.0.0-rc.1',
      model: 'decoder.onnx',
      sample: { path: 'sample.json', source: join(folder, 'sample.json') },
      retain: 9,
      watchSeconds: 120,
      optimize: 'cold',
      formRequired: true,
      gate: {
        metrics: ['session_ms', 'first_run_ms'],
        tolerance: 0.075,
        limit: 0.4,
        minEffectMs: 2.5,
        maxSamples: 40,
        sloMs: 1200,
        onInconclusive: 'lean',
        baseline: 'stored',
        discard: 0,
        maxSeconds: 60,
        timeoutSeconds: 5,
      },
      handler: { maxPayloadKb: 64, threads: 2, refreshSeconds: 5, cors: ['https://app.example', '*'] },
      target: { provider: 'local', port: 8080 },
    });
    expect(config.models['a']?.files.map((f) => f.path)).toEqual([
      'encoder.onnx',
      'decoder.onnx',
      'data/labels.json',
      'sample.json',
    ]);
  });

  it('gives cloud settings their defaults and camel-case names, and leaves free names alone', async () => {
    const { environments } = await load(`${small}environments:
  production:
    store: { url: "s3://acme/models/", region: eu-west-1, kms-key: key, endpoint: "http://localhost:9000" }
    pointer: production.json
    target:
      provider: aws-lambda
      region: eu-west-1
      role: arn:aws:iam::123456789012:role/coldgate
      provisioned-concurrency: 2
      provisioned-scaling: { maximum: 5 }
      tags: { cost-center: ml }
`);
    expect(environments['production']).toMatchObject({
      store: { url: 's3://acme/models', region: 'eu-west-1', kmsKey: 'key', endpoint: 'http://localhost:9000' },
      pointer: 'production.json',
      target: {
        provider: 'aws-lambda',
        memory: 1769,
        timeout: 30,
        ephemeralStorage: 512,
        provisionedConcurrency: 2,
        provisionedScaling: { maximum: 5, utilization: 0.7 },
        tags: { 'cost-center': 'ml' },
      },
    });
  });

  it.each([
    ['file:.coldgate/store', '.coldgate/store'],
    ['file:./a/../b', 'b'],
    ['file:../outside', '../outside'],
    ['file:with%20space', 'with space'],
    ['file:./my store', 'my store'],
    ['file:a#b?c', 'a#b?c'],
    ['file:100%25', '100%'],
    ['file:モデル/ü', 'モデル/ü'],
    ['file:/srv/models/', '/srv/models'],
    ['file:///srv/models', '/srv/models'],
  ])('makes %s absolute', async (url, path) => {
    const config = await load(`${small}environments: { e: { store: "${url}", target: { provider: local } } }\n`);
    const want = pathToFileURL(path.startsWith('/') ? path : join(folder, path)).href;
    expect(config.environments['e']?.store.url).toBe(want);
  });

  it('takes the sample under the name that files gives it', async () => {
    const { models } = await load(`schema: 1
models:
  a: { version: 1.0.0, files: { m.onnx: a.onnx, golden/one.json: sample.json }, sample: ./sample.json }
`);
    expect(models['a']?.sample?.path).toBe('golden/one.json');
    expect(models['a']?.files).toHaveLength(2);
  });

  it('takes the only file as the model, whatever it is called', async () => {
    const { models } = await load('schema: 1\nmodels: { a: { version: 1.0.0, files: { weights.bin: a.onnx } } }\n');
    expect(models['a']?.model).toBe('weights.bin');
  });

  it('gives models that share a function one list, written once', async () => {
    const entry = '{ version: 1.0.0, files: { m.onnx: a.onnx }';
    const yaml = `schema: 1\nmodels:\n  a: ${entry}, handler: { models: [a, b] } }\n  b: ${entry} }\n  c: ${entry} }\n`;
    const { models } = await load(yaml);
    expect(Object.values(models).map((m) => m.handler.models)).toEqual([['a', 'b'], ['a', 'b'], ['c']]);
    const torn = yaml.replace('  c: ', `  c: ${entry}, handler: { models: [c, b] } }\n  d: `);
    expect((await problemsOf(load(torn))).map((p) => p.path)).toEqual(['models.c.handler.models']);
  });

  it('follows links inside the folder', async () => {
    symlinkSync('a.onnx', join(folder, 'link.onnx'));
    mkdirSync(join(folder, 'sub'));
    symlinkSync('..', join(folder, 'sub/up'));
    const yaml = small.replace('a.onnx', 'sub/up/link.onnx');
    await expect(load(yaml)).resolves.toMatchObject({ models: { a: { model: 'model.onnx' } } });
  });

  it('looks at no files without checkFiles, but at their paths', async () => {
    const missing = small.replace('a.onnx', 'none.onnx');
    await expect(load(missing, {}, { checkFiles: false })).resolves.toMatchObject({ root: folder });
    expect(await problemsOf(load(missing))).toHaveLength(1);
    const climbing = small.replace('a.onnx', '../a.onnx');
    expect(await problemsOf(load(climbing, {}, { checkFiles: false }))).toHaveLength(1);
  });

  it('shows nothing of what the environment holds', async () => {
    const yaml = small.replace('1.0.0', '"${SECRET}"').replace('a.onnx', '"${SECRET}"');
    const more = 'environments: { e: { store: "s3://${SECRET}", target: { provider: "${SECRET}" } } }\n';
    const problems = await problemsOf(load(yaml + more, { SECRET: '/Hidden?1' }));
    expect(problems.length).toBeGreaterThan(3);
    expect(JSON.stringify(problems)).not.toContain('Hidden');
  });

  it('orders problems by line and stops listing at some point', async () => {
    const entries = Array.from({ length: 300 }, (_, i) => `  m${i}: { version: x, files: { m.onnx: a.onnx } }\n`);
    const problems = await problemsOf(load(`schema: 1\nmodels:\n${entries.join('')}`));
    expect(problems.slice(0, 200).map((p) => p.line)).toEqual(Array.from({ length: 200 }, (_, i) => i + 3));
    expect(problems).toHaveLength(201);
  });

  it('names the file as it was given', async () => {
    writeFileSync(join(folder, 'models.yaml'), '');
    expect((await problemsOf(loadConfig(join(folder, 'models.yaml'), {})))[0]?.file).toBe(join(folder, 'models.yaml'));
    expect((await problemsOf(loadConfig('none.yaml', {})))[0]?.file).toBe('none.yaml');
  });
});
