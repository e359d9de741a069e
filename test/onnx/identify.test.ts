import { describe, expect, it } from 'vitest';
import { identify } from '../../src/onnx/identify.ts';
import { foreignFiles } from '../fixtures/foreign-files.ts';
import { tinyModel, tokenModel } from '../fixtures/onnx.ts';
import { int, message } from '../fixtures/protobuf.ts';

describe('identify', () => {
  it.each(Object.entries(foreignFiles))('knows %s', (_kind, { content, words }) => {
    const fault = identify(content);
    expect(fault).toMatchObject({
      code: 'not-onnx',
      hint: expect.stringMatching(/./),
      found: expect.stringMatching(/./),
    });
    expect(fault?.toError('model.onnx')).toMatchObject({ exit: 3, data: { found: fault?.found } });
    expect(fault?.message).toContain(words);
  });

  it('lets models pass, whichever field comes first', () => {
    const graphFirst = Buffer.concat([message(7, message(1, int(1, 1))), int(1, 8)]);
    for (const model of [tinyModel(), tokenModel(), graphFirst]) expect(identify(model)).toBeUndefined();
  });
});
