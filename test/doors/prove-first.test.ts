import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../fakes/processes/runner.ts';
import { countingModel } from '../fixtures/counting-model.ts';
import { encodeModel, node, tensorType, tinyModel, tinySample, value } from '../fixtures/onnx.ts';
import { shortGate } from '../fixtures/project.ts';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-prove-first-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...parts: string[]) => join(folder, ...parts);

/** Takes `x` to `y` by an operator that the runtime has, has not, or that refuses whatever could be made up. */
const unary = (operator: string, shape: (number | string)[] = [1, 2]): Buffer =>
  encodeModel({
    nodes: [node(operator, ['x'], ['y'])],
    inputs: [value('x', tensorType('float32', shape))],
    outputs: [value('y', tensorType('float32', shape))],
  });

/** Reshapes `x` to the shape that the caller gives, so only an author knows what fits. */
const reshaping = (): Buffer =>
  encodeModel({
    nodes: [node('Reshape', ['x', 'to'], ['y'])],
    inputs: [value('x', tensorType('float32', [6])), value('to', tensorType('int64', [2]))],
    outputs: [value('y', tensorType('float32', ['rows', 'columns']))],
  });

const project = (
  models: Record<string, string>,
  environments = '  local: { store: "file:store", target: { provider: local } }',
) => {
  const listed = Object.entries(models).map(
    ([name, fields]) => `  ${name}: { version: 1.0.0, optimize: off, ${fields} }`,
  );
  writeFileSync(at('models.yaml'), `schema: 1\nenvironments:\n${environments}\nmodels:\n${listed.join('\n')}\n`);
};
const coldgate = async (...args: string[]) => {
  const { exit, stdout, stderr } = await runCommand([...args, '--json'], folder);
  return { exit, stderr, ...JSON.parse(stdout) };
};
const model = (name: string) => `files: { ${name}.onnx: models/${name}.onnx }`;

beforeEach(() => {
  rmSync(at('store'), { recursive: true, force: true });
  mkdirSync(at('models'), { recursive: true });
  writeFileSync(at('models', 'good.onnx'), tinyModel(0.5));
  writeFileSync(at('models', 'missing.onnx'), unary('NoSuchOperator'));
  writeFileSync(at('models', 'reshape.onnx'), reshaping());
  writeFileSync(at('models', 'huge.onnx'), unary('Relu', [70_000, 1000]));
  writeFileSync(at('models', 'sample.json'), JSON.stringify(tinySample));
});

describe('what can be found out before the first byte is written', () => {
  it('keeps a version free for the model that works', async () => {
    project({ missing: model('missing') });
    const ship = await coldgate('ship');
    expect([ship.exit, ship.error.code]).toEqual([3, 'model-not-loadable']);
    expect((await coldgate('publish', '--dry-run')).exit).toBe(3);
    expect(existsSync(at('store'))).toBe(false);
    writeFileSync(at('models', 'missing.onnx'), unary('Relu'));
    expect(await coldgate('publish')).toMatchObject({ exit: 0, published: true });
    // What is published is compared, not run again.
    const again = await coldgate('publish');
    expect(again).toMatchObject({ exit: 0, published: false });
    expect(again.stderr).not.toContain(': check');
  });

  it('is told of every model at once, the good ones too, with the worst exit code', async () => {
    writeFileSync(at('models', 'wrong.json'), JSON.stringify({ ...tinySample, outputs: { y: [[9, 9]] } }));
    writeFileSync(at('models', 'labels.json'), 'version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12\n');
    project({
      absent: 'files: { model.onnx: models/absent.onnx }',
      good: `${model('good')}, sample: models/sample.json`,
      huge: model('huge'),
      labelled: 'files: { model.onnx: models/good.onnx, labels.json: models/labels.json }',
      missing: model('missing'),
      reshape: model('reshape'),
      wrong: `${model('good')}, sample: models/wrong.json`,
    });
    const { exit, models, error } = await coldgate('validate', '--parallel', '3');
    expect(exit).toBe(3);
    expect((await coldgate('validate', '--parallel', '1')).error).toEqual(error);
    expect(await coldgate('validate', '--parallel', '0')).toMatchObject({ exit: 2, error: { code: 'bad-input' } });
    const fine = (models as { model: string; ok: boolean }[]).filter(({ ok }) => ok).map((one) => one.model);
    expect(fine).toEqual(['good', 'reshape']);
    const codes = (error.data.problems as { code: string }[]).map(({ code }) => code).sort();
    const own = ['model-not-loadable', 'not-the-file', 'sample-mismatch', 'unproven-model'];
    expect(codes).toEqual(['bad-config', ...own]);
    for (const name of ['absent.onnx', 'labels.json', 'git lfs pull', 'missing', 'wrong'])
      expect(error.message).toContain(name);
  });

  it('shows the sample that a model needs for which nothing can be made up', async () => {
    project({ huge: model('huge') });
    const { exit, error } = await coldgate('publish');
    expect([exit, error.code, error.problems[0].path]).toEqual([2, 'unproven-model', 'models.huge.sample']);
    expect(error.problems[0].hint).toContain('coldgate sample --model huge --inputs FILE');
  });

  it('takes a model that refuses made-up values, says that this is weaker, and which command makes a sample', async () => {
    project({ reshape: `${model('reshape')}, gate: { ${shortGate} }` });
    const { exit, stderr } = await coldgate('ship');
    expect(exit).toBe(0);
    const [, command, skeleton] =
      /Make one: coldgate (sample --model reshape --inputs) FILE.* for instance (\{.*\})/.exec(stderr) ?? [];
    expect(Object.keys(JSON.parse(skeleton!.replaceAll(', …', '')).inputs)).toEqual(['x', 'to']);
    writeFileSync(at('given.json'), JSON.stringify({ x: [1, 2, 3, 4, 5, 6], to: [2, 3] }));
    expect(await coldgate(...command!.split(' '), 'given.json')).toMatchObject({ exit: 0 });
    project({ reshape: `${model('reshape')}, sample: models/reshape-sample.json` });
    const golden = await coldgate('validate');
    expect([golden.exit, golden.stderr.includes('Make one')]).toEqual([0, false]);
    expect((await coldgate('destroy')).exit).toBe(0);
  }, 120_000);

  it('is what a candidate is measured against: a missing pointer with a history is no first release', async () => {
    project({ good: `${model('good')}, sample: models/sample.json` });
    expect((await coldgate('publish')).exit).toBe(0);
    expect((await coldgate('promote', '--gate', 'skip')).exit).toBe(0);
    rmSync(at('store', 'good', 'current.json'));
    writeFileSync(at('models.yaml'), readFileSync(at('models.yaml'), 'utf8').replace('1.0.0', '1.1.0'));
    for (const verb of [['ship', '--dry-run'], ['ship'], ['warmup', '--version', '1.0.0']]) {
      const { exit, error } = await coldgate(...verb);
      expect([verb, exit, error.code]).toEqual([verb, 3, 'pointer-missing']);
      expect(error.hint).toContain('coldgate history --model good --repair');
    }
    expect(existsSync(at('store', 'good', 'current.json'))).toBe(false);
    expect((await coldgate('history', '--model', 'good', '--repair')).exit).toBe(0);
    expect((await coldgate('ship', '--dry-run')).exit).toBe(0);
  });

  it('names the time that a run may take, where the sample takes longer', async () => {
    writeFileSync(at('models', 'count.onnx'), countingModel());
    writeFileSync(at('models', 'count.json'), JSON.stringify({ inputs: { n: 1_000_000, x: [0] } }));
    const count = `${model('count')}, sample: models/count.json`;
    project({ count: `${count}, handler: { run-timeout-ms: 100 }` });
    const { exit, error } = await coldgate('publish');
    expect([exit, error.code, error.problems[0].path]).toEqual([
      2,
      'sample-over-limit',
      'models.count.handler.run-timeout-ms',
    ]);
    expect(existsSync(at('store'))).toBe(false);
    const enough = /Set it to (\d+)/.exec(error.problems[0].hint)?.[1];
    project({ count: `${count}, handler: { run-timeout-ms: ${enough} }` });
    expect((await coldgate('validate')).exit).toBe(0);
  });

  it('says what is wrong with a sample that the model cannot run, and with a model that cannot be loaded', async () => {
    writeFileSync(at('models', 'reshape.json'), JSON.stringify({ inputs: { x: [1, 2, 3, 4, 5, 6], to: [4, 4] } }));
    project({ reshape: `${model('reshape')}, sample: models/reshape.json`, missing: model('missing') });
    const { error } = await coldgate('validate');
    expect(error.message).toContain('got The Reshape node refused its inputs. Give inputs that it takes');
    expect(error.message).toContain('NoSuchOperator');
    expect(error.message).not.toContain(folder);
  });

  it('measures a made-up request as callers would send it', async () => {
    writeFileSync(at('models', 'large.onnx'), unary('Relu', [1200, 1200]));
    project({ large: model('large') });
    const { exit, error } = await coldgate('validate');
    expect([exit, error.problems[0].path]).toEqual([2, 'models.large.handler.max-payload-kb']);
    expect(error.problems[0].message).toContain(`${(1200 * 1200 * 4) / 1024} at least`);
    expect(error.problems[0].hint).not.toContain('sample');
  });

  it('names the field that a sample is too large for, and the way that large requests go', async () => {
    const many = 300_000;
    writeFileSync(at('models', 'large.onnx'), unary('Relu', ['n', 2]));
    const x = { shape: [many, 2], data: Array.from({ length: many * 2 }, (_, i) => (i % 9) / 9) };
    writeFileSync(at('models', 'large.json'), JSON.stringify({ inputs: { x } }));
    const lambda =
      '  aws: { store: "file:store", target: { provider: aws-lambda, region: eu-west-1, role: "arn:aws:iam::123456789012:role/coldgate" } }';
    const large = `${model('large')}, sample: models/large.json`;
    project({ large: `${large}, handler: { max-payload-kb: 100 }` }, lambda);
    const { exit, error } = await coldgate('validate');
    expect([exit, error.problems[0].path]).toEqual([2, 'models.large.handler.max-payload-kb']);
    const needed = /Set it to (\d+)/.exec(error.problems[0].hint)?.[1];
    project({ large: `${large}, handler: { max-payload-kb: ${needed} }` }, lambda);
    const validated = await coldgate('validate');
    expect(validated.exit).toBe(0);
    expect(validated.stderr).toMatch(/Lambda takes and answers 6 MB \(environment aws\)/);
  });
});

describe('a version without a golden sample', () => {
  it('goes live on the request that its model answered when it was published', async () => {
    project({
      good: `${model('good')}, handler: { refresh-seconds: 1 }, gate: { ${shortGate} }`,
    });
    expect(await coldgate('publish')).toMatchObject({ exit: 0 });
    const manifest = JSON.parse(readFileSync(at('store', 'good', 'versions', '1.0.0', 'manifest.json'), 'utf8'));
    expect(manifest.probe).toEqual({ inputs: [expect.objectContaining({ name: 'x', dtype: 'float32' })], fill: 1 });
    try {
      const deployed = await coldgate('deploy');
      expect(deployed.exit).toBe(0);
      const health = await (await fetch(`${deployed['endpoint-url']}/v1/health?warm=true`)).json();
      expect(health).toMatchObject({
        sample: 'none',
        proof: { probe: manifest.probe, manifest_sha256: expect.any(String) },
      });
    } finally {
      await coldgate('destroy');
    }
  });

  it.skipIf(process.platform === 'win32')(
    'is refused with a named pipe in place of a file, which nobody reads',
    async () => {
      rmSync(at('models', 'pipe.json'), { force: true });
      execFileSync('mkfifo', [at('models', 'pipe.json')]);
      project({ good: 'files: { model.onnx: models/good.onnx, pipe.json: models/pipe.json }' });
      const { exit, error } = await coldgate('validate');
      expect([exit, error.problems[0].path]).toEqual([2, 'models.good.files.pipe.json']);
      expect(error.message).toContain('named pipe');
    },
  );
});
