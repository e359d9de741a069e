import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readReport } from '../../../src/targets/aws-lambda/report-line.ts';
import { type Invoked, type StartEnvironment, tailOf } from '../../lambda/environment.ts';
import { FunctionBench } from '../../lambda/function-bench.ts';
import { quickFunctions } from '../../lambda/quick-function.ts';

const id = '8f507cfc-xmpl-4697-b07a-ac58fc914c95';
const read = (...lines: string[]) => readReport(Buffer.from(tailOf(lines)).toString('base64'));
const text = (...more: string[]) =>
  [`REPORT RequestId: ${id}`, 'Duration: 79.67 ms', 'Billed Duration: 305 ms', ...more].join('\t');
const sizes = ['Memory Size: 128 MB', 'Max Memory Used: 73 MB'];
const json = (type: string, record: object) => JSON.stringify({ time: '2026-01-01T00:00:00.000Z', type, record });
const metrics = { durationMs: 79.67, billedDurationMs: 305, memorySizeMB: 128, maxMemoryUsedMB: 73 };
const both = { duration_ms: 79.67, billed_ms: 305, memory_mb: 128, max_memory_mb: 73 };

/** Lines as Lambda writes them, in both log formats. */
describe('the report at the end of a log', () => {
  it.each([
    ['text, cold', [text(...sizes, 'Init Duration: 224.82 ms', '')], { ...both, init_ms: 224.82 }],
    ['text, warm', [text(...sizes, '')], both],
    [
      'text with a trace after it',
      [text(...sizes, 'Init Duration: 224.82 ms', ''), `XRAY TraceId: 1-5e34\tSegmentId: 07f0\tSampled: true\t`, ''],
      { ...both, init_ms: 224.82 },
    ],
    [
      'text of one that ran out of memory',
      [text('Memory Size: 128 MB', 'Max Memory Used: 128 MB', 'Status: error', 'Error Type: Runtime.OutOfMemory')],
      { ...both, max_memory_mb: 128 },
    ],
    [
      'text of one that timed out',
      [`${id} Task timed out after 3.00 seconds`, text(...sizes, 'Status: timeout')],
      both,
    ],
    [
      'text after an initialisation that was cut off',
      ['INIT_REPORT Init Duration: 10008.49 ms\tPhase: init\tStatus: timeout', text(...sizes, '')],
      both,
    ],
    [
      'JSON, cold',
      [
        json('platform.initStart', { initializationType: 'on-demand' }),
        json('platform.initReport', { metrics: { durationMs: 224.82 } }),
        json('platform.start', { requestId: id }),
        '{"event":"request","note":"a line of the function"}',
        json('platform.report', { requestId: id, metrics: { ...metrics, initDurationMs: 224.82 }, status: 'success' }),
      ],
      { ...both, init_ms: 224.82 },
    ],
    ['JSON, warm', [json('platform.report', { requestId: id, metrics, status: 'success' })], both],
    ['JSON of a time-out', [json('platform.report', { metrics, status: 'timeout' })], both],
    [
      'JSON of a failed initialisation',
      [
        json('platform.initReport', { status: 'error', metrics: { durationMs: 12 } }),
        json('platform.report', { metrics, status: 'error', errorType: 'Runtime.ImportModuleError' }),
      ],
      both,
    ],
    [
      'the last of two',
      [json('platform.report', { metrics: { durationMs: 1 } }), json('platform.report', { metrics })],
      both,
    ],
    [
      'numbers as text and nonsense',
      [json('platform.report', { metrics: { ...metrics, durationMs: 'NaN' } })],
      { ...both, duration_ms: undefined },
    ],
  ])('is read from %s', (_what, lines, found) => {
    expect(read(...lines)).toEqual(found);
  });

  it.each([
    ['no log', undefined],
    ['an empty one', ''],
    ['the lines of the function alone', Buffer.from('{"event":"request"}\nREPORTED nothing\n').toString('base64')],
    ['half a line', Buffer.from('rationMs":1}}}\n{"type":"platform.report","rec').toString('base64')],
  ])('is missing in %s', (_what, log) => {
    expect(readReport(log)).toBeUndefined();
  });

  it('is found behind as much as the function likes to say: the tail is cut at 4 KB, wherever that is', () => {
    const chatter = Array.from({ length: 400 }, (_, nth) => `{"event":"ünïcode ${nth}"}`);
    expect(Buffer.byteLength(tailOf([...chatter, text(...sizes)]))).toBeLessThanOrEqual(4100);
    expect(read(...chatter, text(...sizes))).toEqual(both);
  });
});

/** What becomes of a start, by what the platform says of it. */
describe('a sample on Lambda', () => {
  let bench: FunctionBench;
  let change: (invoked: Invoked) => Invoked;
  const functions =
    (group: Parameters<typeof quickFunctions>[0]): StartEnvironment =>
    async (version, scratch) => {
      const quick = await quickFunctions(group)(version, scratch);
      return { ended: false, stop: () => quick.stop(), invoke: async (event) => change(await quick.invoke(event)) };
    };
  beforeAll(async () => {
    bench = await FunctionBench.open(functions);
  });
  beforeEach(() => {
    change = (invoked) => invoked;
  });
  afterAll(() => bench.close());
  const sample = async () => {
    const { role: _, ...request } = bench.request('candidate', '1.0.0');
    return (await bench.target()).sample({ ...request, timeoutMs: 30_000 });
  };
  const failed = (errorType: string, errorMessage: string, log: string) => {
    change = () => ({ payload: { errorType, errorMessage }, error: 'Unhandled', log: tailOf([log]) });
  };

  it('keeps the platform’s own numbers beside those of the handler', async () => {
    expect(await sample()).toMatchObject({
      status: 'ok',
      timings: { model_loaded_ms: 1, round_trip_ms: expect.any(Number) },
      platform: { init_ms: 1, duration_ms: 1, billed_ms: 2, memory_mb: 1769, max_memory_mb: 99 },
    });
  });

  it('counts where the log’s end has no report: the handler’s word is enough', async () => {
    change = (invoked) => ({ ...invoked, log: 'nothing of the platform\n' });
    const start = await sample();
    expect([start.status, start.platform]).toEqual(['ok', undefined]);
  });

  it('does not count as cold what Lambda has not initialised for it', async () => {
    change = (invoked) => ({ ...invoked, log: tailOf([text(...sizes, '')]) });
    expect(await sample()).toMatchObject({
      status: 'failed',
      note: expect.stringContaining('not cold'),
      platform: both,
    });
  });

  it('is a time-out where Lambda says so', async () => {
    failed(
      'Sandbox.Timedout',
      `RequestId: ${id} Error: Task timed out after 3.00 seconds`,
      text(...sizes, 'Status: timeout'),
    );
    expect(await sample()).toMatchObject({ status: 'timeout', platform: both });
  });

  it('says that the memory was used up', async () => {
    const log = text(
      'Memory Size: 128 MB',
      'Max Memory Used: 128 MB',
      'Status: error',
      'Error Type: Runtime.OutOfMemory',
    );
    failed('Runtime.OutOfMemory', `RequestId: ${id} Error: Runtime exited with error: signal: killed`, log);
    const { status, note } = await sample();
    expect(status).toBe('failed');
    expect(note).toMatch(/Runtime\.OutOfMemory.*it used all of its 128 MB/);
  });

  it('says why the initialisation failed', async () => {
    failed('Runtime.ImportModuleError', "Error: Cannot find module 'lambda'", text(...sizes, 'Status: error'));
    expect(await sample()).toMatchObject({
      status: 'failed',
      note: expect.stringContaining("Cannot find module 'lambda'"),
    });
  });
});
