import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromLambdaReply, lambdaEvent } from '../../fakes/handler/lambda-event.ts';
import { encodeModel, node, tensorType, value } from '../../fixtures/onnx.ts';
import { type AdapterBed, openAdapterBed } from '../platforms/adapter-bed.ts';

let bed: AdapterBed;
beforeAll(async () => {
  bed = await openAdapterBed();
  const half = encodeModel({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [value('x', tensorType('float16', ['n']))],
    outputs: [value('y', tensorType('float16', ['n']))],
  });
  bed.store.promote(bed.store.publish('half', '1.0.0', { model: half }));
});
afterAll(() => bed.remove());

/** Asks the bundled Lambda entry in a process of its own; the answers, and the lines of its log. */
function ask(flags: string[], models: string[]): { replies: unknown[]; lines: Record<string, unknown>[] } {
  const body = (inputs: unknown) => JSON.stringify({ inputs });
  const json = { 'content-type': 'application/json' };
  const events = models.map((name) =>
    lambdaEvent('POST', `/v1/models/${name}/infer`, json, body(name === 'tiny' ? [[1, 2]] : [0.5])),
  );
  const call =
    'const {handler} = await import(process.argv[1]); const replies = [];' +
    'for (const event of JSON.parse(process.argv[2])) replies.push(await handler(event, {}));' +
    'console.log(JSON.stringify({ event: "done", replies }))';
  const entry = pathToFileURL(join(bed.bundle, 'lambda.mjs')).href;
  const args = [...flags, '--input-type=module', '-e', call, entry, JSON.stringify(events)];
  const env = { ...bed.variables, COLDGATE_MODELS: 'half' };
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const { replies } = lines.find(({ event }) => event === 'done') as { replies: unknown[] };
  return { replies: replies.map((one) => JSON.parse(Buffer.from(fromLambdaReply(one).body).toString())), lines };
}

describe('a float16 model', () => {
  it('is served by Node 24, whatever engine the rest of the pipeline has', () => {
    expect(ask([], ['half']).replies).toMatchObject([{ outputs: { y: [0.5] } }]);
  });

  it('is refused with the reason where the engine has no such numbers, and others are served', () => {
    // What Node 20 and 22 lack, taken from this one.
    const { replies, lines } = ask(['--no-js-float16array'], ['half', 'tiny']);
    expect(replies).toMatchObject([{ error: { code: 'model-unusable' } }, { outputs: { y: [[5.5, 1]] } }]);
    expect(lines.find(({ event }) => event === 'load-failed')).toMatchObject({
      model: 'half',
      reason: expect.stringMatching(/^x is float16, which needs Node 24; this is v\d+/),
    });
  });
});
