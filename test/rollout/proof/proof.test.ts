import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/model/manifest.ts';
import type { Sample } from '../../../src/model/sample.ts';
import type { Expectation } from '../../../src/rollout/proof/expectation.ts';
import type { Answer } from '../../../src/rollout/proof/http.ts';
import { prove, warmPath } from '../../../src/rollout/proof/prove.ts';

const [model, golden, document] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];
const sample: Sample = { inputs: { x: [[1, 2]] } };
const probe = { inputs: [{ name: 'x', dtype: 'float32' as const, shape: [1, 2] }], fill: 1 as const };

function manifestOf(more: Partial<Manifest>): Manifest {
  const info = { name: 'x', dtype: 'float32' as const, shape: [1, 'n'] };
  const files = [
    { path: 'model.onnx', sha256: model, size: 1 },
    { path: 'sample.json', sha256: golden, size: 1 },
  ];
  const rest = { framework: 'onnx' as const, created_at: '', opset: 13, ir_version: 8, producer: '', artifacts: [] };
  const of = { name: 'm', version: '1.0.0', model: 'model.onnx', source: {}, coldgate: '0' };
  return { schema: 1, ...of, ...rest, files, input: info, inputs: [info], outputs: [info], ...more };
}

const served = { version: '1.0.0', sha256: model };
const headers = { 'x-coldgate-version': '1.0.0', 'x-coldgate-sha256': model };
const fine: Answer = { status: 200, headers, body: { outputs: { y: [[1]] } } };
const tooLarge: Answer = { status: 413, headers, body: { error: { code: 'answer-too-large', message: 'no' } } };
const refused: Answer = { status: 400, headers, body: { error: { code: 'bad-input', message: 'it needs s1' } } };

/** Proves a function that says `health` of itself and answers requests with `infer`; tells what was sent. */
async function proving(
  expected: Partial<Expectation>,
  health: Record<string, unknown>,
  infer: (body: unknown) => Answer = () => fine,
  maxBytes?: number,
): Promise<unknown[]> {
  const sent: unknown[] = [];
  const endpoint = {
    url: 'http://candidate',
    maxBytes,
    send: async (path: string, { json }: { json?: unknown }): Promise<Answer> => {
      if (path === warmPath) return { status: 200, headers: {}, body: { model: served, ...health } };
      sent.push(json);
      return infer(json);
    },
  };
  const known = { revision: undefined, ...served, sample: undefined, manifestSha256: document };
  await prove(endpoint, { ...known, ...expected }, { timeoutMs: 1000 });
  return sent;
}

const own = (more: Record<string, unknown>) => ({ manifest_sha256: document, ...more });

describe('the proof of a version with a golden sample', () => {
  const version = { sample, manifest: manifestOf({ sample: 'sample.json' }) };
  const good = { sample: 'ok', proof: own({ sample_sha256: golden }) };

  it('wants the function to have run it, and an answer to it', async () => {
    expect(await proving(version, good)).toEqual([{ inputs: sample.inputs }]);
    await expect(proving(version, good, () => refused)).rejects.toMatchObject({ code: 'sample-failed', exit: 7 });
  });

  it('sends none that handler or platform would not take: the function has run it', async () => {
    expect(await proving({ ...version, maxPayloadBytes: 10 }, good)).toEqual([]);
    expect(await proving(version, good, () => fine, 10)).toEqual([]);
    expect(await proving(version, good, () => tooLarge)).toHaveLength(1);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['another sample', { sample: 'ok', proof: own({ sample_sha256: model }) }, 'sample-failed'],
    ['no sample at all', { sample: 'none', proof: own({}) }, 'sample-failed'],
    ['another manifest', { sample: 'ok', proof: { ...good.proof, manifest_sha256: golden } }, 'wrong-manifest'],
    ['a sample that disagrees', { ...good, sample: 'mismatch' }, 'sample-mismatch'],
  ])('does not take a function that has run %s', async (_name, health, code) => {
    await expect(proving(version, health)).rejects.toMatchObject({ code, exit: 7 });
  });

  it('has a handler of before answer for itself', async () => {
    expect(await proving(version, { sample: 'ok' })).toHaveLength(1);
    await expect(proving({ ...version, maxPayloadBytes: 10 }, {})).rejects.toMatchObject({ code: 'sample-failed' });
  });
});

describe('the proof of a version without a golden sample', () => {
  const recorded = { manifest: manifestOf({ probe }) };
  const good = { sample: 'none', proof: own({ probe }) };

  it('wants an answer to what the model answered when it was published', async () => {
    const x = { dtype: 'float32', shape: [1, 2], data: [1, 1] };
    expect(await proving(recorded, good)).toEqual([{ inputs: { x } }]);
    await expect(proving(recorded, good, () => refused)).rejects.toMatchObject({ code: 'probe-failed', exit: 7 });
    const says = { sample: 'none', proof: own({ probe_refused: 'it needs an input s1' }) };
    await expect(proving(recorded, says)).rejects.toThrow(/it needs an input s1/);
  });

  it('takes a refusal by the graph, and no other, of a request that the model itself refused', async () => {
    const hard = { ...probe, refused: true as const };
    const version = { manifest: manifestOf({ probe: hard }) };
    const good = { sample: 'none', proof: own({ probe: hard }) };
    const byNode: Answer = { status: 422, headers, body: { error: { code: 'inference-failed', message: 'no' } } };
    expect(await proving(version, good, () => byNode)).toHaveLength(1);
    expect(await proving(version, good)).toHaveLength(1);
    await expect(proving(version, good, () => refused)).rejects.toMatchObject({ code: 'probe-failed' });
    await expect(proving(recorded, { ...good, proof: own({ probe }) }, () => byNode)).rejects.toMatchObject({
      code: 'probe-failed',
    });
    await expect(proving(version, { sample: 'none', proof: own({ probe_refused: 'it needs s1' }) })).rejects.toThrow();
  });

  it('lets the function alone run what is too large to be sent', async () => {
    expect(await proving({ ...recorded, maxPayloadBytes: 10 }, good)).toEqual([]);
    await expect(proving({ ...recorded, maxPayloadBytes: 10 }, {})).rejects.toMatchObject({ code: 'probe-failed' });
  });

  it('tries declared shapes where none is on record, and takes no silence for a pass', async () => {
    const before = { manifest: manifestOf({}) };
    const wants = (n: number) => (body: unknown) =>
      (body as { inputs: { x: { shape: number[] } } }).inputs.x.shape[1] === n ? fine : refused;
    expect((await proving(before, { sample: 'none' }, wants(32))).length).toBeGreaterThan(1);
    expect(await proving(before, good, wants(2))).toHaveLength(1);
    const nothing = proving(before, { sample: 'none', proof: own({ probe_refused: 'no' }) }, () => refused);
    await expect(nothing).rejects.toMatchObject({ code: 'probe-failed', hint: expect.stringContaining('sample:') });
  });

  it('does not take an answer of another version', async () => {
    const other = { ...fine, headers: { ...headers, 'x-coldgate-version': '0.9.0' } };
    await expect(proving(recorded, good, () => other)).rejects.toMatchObject({ code: 'wrong-model' });
  });
});
