import { callOver } from '../../test/fakes/handler/http.ts';
import { encodeModel, node, seededRandom, tensorType, value } from '../../test/fixtures/onnx.ts';
import { type Goal, median, msText, type Options, pairs } from '../goal.ts';
import { Stage } from './stage.ts';

/** So many floats are 580 kB of JSON. */
const floats = 54_500;

const identity = (): Buffer =>
  encodeModel({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [value('x', tensorType('float32', ['n']))],
    outputs: [value('y', tensorType('float32', ['n']))],
  });

/** What packing adds to a large answer: for callers who ask for it, and for those who do not. */
export async function packing({ quick, scratch }: Options): Promise<Goal[]> {
  const stage = await Stage.open(scratch);
  const info = { dtype: 'float32' as const, shape: ['n'] };
  const model = { model: identity(), inputs: [{ name: 'x', ...info }], outputs: [{ name: 'y', ...info }] };
  stage.store.promote(stage.store.publish('identity', '1.0.0', model));
  const started = stage.start('identity');
  try {
    const call = callOver((await started.listening()).port);
    const random = seededRandom(7);
    const body = new Uint8Array(Float32Array.from({ length: floats }, random).buffer);
    const headers = { 'content-type': 'application/octet-stream', accept: 'application/json' };
    let bytes = 0;
    const ask = async (more: Record<string, string>): Promise<number> => {
      const begun = performance.now();
      const answer = await call('POST', '/v1/infer', { ...headers, ...more }, body);
      if (answer.status !== 200) throw new Error(`${answer.status}: ${Buffer.from(answer.body).toString()}`);
      bytes = answer.body.byteLength;
      return performance.now() - begun;
    };
    const rounds = quick ? 15 : 101;
    for (let round = 0; round < 20; round += 1) await ask({ 'accept-encoding': 'gzip' });
    const packed = bytes;
    await ask({});
    const added: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const plain = await ask({});
      added.push((await ask({ 'accept-encoding': 'gzip' })) - plain);
    }
    const unasked = await pairs(
      rounds,
      () => ask({}),
      () => ask({ 'accept-encoding': 'identity' }),
    );
    const kilobytes = (count: number): string => `${Math.round(count / 1000)} kB`;
    const what = `gzip of an answer of ${kilobytes(bytes)}, added to the whole request`;
    const sizes = { ours: `${msText(median(added))} for ${kilobytes(packed)}`, theirs: '', peer: '' };
    const beside = { peer: 'one who refuses packing', ours: msText(unasked.ours), theirs: msText(unasked.theirs) };
    return [
      { what, ...sizes, value: median(added), limit: quick ? 6 : 3, unit: 'ms' },
      { what: 'the same for a caller who does not ask', ...beside, value: unasked.ratio, limit: 1.05, unit: '×' },
    ];
  } finally {
    await started.stop();
    stage.remove();
  }
}
