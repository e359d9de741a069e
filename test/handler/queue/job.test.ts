import { describe, expect, it } from 'vitest';
import { decodeJob, encodeJob, type Job, makeId, timeOfId } from '../../../src/handler/queue/job.ts';

const now = Date.parse('2026-12-01T10:00:00.123Z');
const id = makeId(now, new Uint8Array(10).fill(255));
const job: Job = {
  ...{ id, model: 'tiny', at: now, type: 'application/json', query: 'output=y', requestId: 'r-1' },
  shape: '1,2',
  traceparent: undefined,
  body: Buffer.from('{"inputs":\n[[1,2]]}'),
};

describe('an id', () => {
  it('has its time, sorts by it, and is all of its random bytes', () => {
    expect(timeOfId(id)).toBe(now);
    expect(makeId(now + 1, new Uint8Array(10)) > id).toBe(true);
    const all = [...Array(80).keys()].map((bit) => {
      const bytes = new Uint8Array(10);
      bytes[bit >> 3] = 1 << (bit & 7);
      return makeId(now, bytes);
    });
    expect(new Set(all).size).toBe(80);
    for (const one of all) expect(one).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  it.each(['', 'x', id.toLowerCase(), `${id}0`, `8${id.slice(1)}`, id.replace(/.$/, 'U')])('is not %j', (text) => {
    expect(timeOfId(text)).toBeUndefined();
  });
});

describe('a message', () => {
  it('gives back what was put in', () => {
    expect(decodeJob(encodeJob(job))).toEqual(job);
    const stored = { ...job, body: { size: 3, sha256: 'a'.repeat(64) } };
    expect(decodeJob(encodeJob(stored))).toEqual(stored);
    const bytes = { ...job, body: new Uint8Array([10, 0, 255]) };
    expect(decodeJob(encodeJob(bytes))?.body).toEqual(Buffer.from([10, 0, 255]));
  });

  it.each([
    ['nothing', ''],
    ['no line', '{"v":1}'],
    ['no JSON', 'hello\nyou'],
    ['a list', '[]\n'],
    ['another version', `${JSON.stringify({ v: 2, id, model: 'm', at: 1, type: '', query: '', request_id: '' })}\n`],
    ['another id', `${JSON.stringify({ v: 1, id: '../x', model: 'm', at: 1, type: '', query: '', request_id: '' })}\n`],
    ['no model', `${JSON.stringify({ v: 1, id, at: 1, type: '', query: '', request_id: '' })}\n`],
    [
      'a wrong digest',
      `${JSON.stringify({ v: 1, id, model: 'm', at: 1, type: '', query: '', request_id: '', stored: { size: 1, sha256: 'x' } })}\n`,
    ],
    ['a head without end', `${'x'.repeat(20_000)}\n`],
  ])('of %s is no job', (_, text) => {
    expect(decodeJob(Buffer.from(text))).toBeUndefined();
  });

  it('cut or changed anywhere is a job, or none, and never fails', () => {
    const bytes = Buffer.from(encodeJob(job));
    for (let at = 0; at < bytes.length; at++) {
      decodeJob(bytes.subarray(0, at));
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 0x55;
      decodeJob(changed);
    }
    expect(decodeJob(bytes)).toBeDefined();
  });
});
