import { describe, expect, it } from 'vitest';
import { toTraceparent } from '../../../src/handler/platforms/google/trace.ts';
import { emfForm } from '../../../src/handler/platforms/log-forms/emf.ts';
import { googleForm } from '../../../src/handler/platforms/log-forms/google.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const line = {
  level: 'warn',
  time: '2026-01-01T00:00:00.000Z',
  event: 'request',
  method: 'POST',
  route: '/v1/infer',
  status: 400,
  handler_ms: 2.5,
  cold_start: true,
  model: 'tiny',
  version: '1.0.0',
  timings: { fetch_ms: 1, session_ms: 2 },
  traceparent: `00-${trace}-b7ad6b7169203331-01`,
};

describe('the form of CloudWatch', () => {
  it('has every metric at the root, and dimensions as text', () => {
    const made = emfForm(line) as Record<string, unknown> & {
      _aws: { Timestamp: number; CloudWatchMetrics: { Metrics: { Name: string }[]; Dimensions: string[][] }[] };
    };
    const [metrics] = made._aws.CloudWatchMetrics;
    expect(metrics?.Metrics.map(({ Name }) => Name)).toEqual(['handler_ms', 'fetch_ms', 'session_ms']);
    for (const { Name } of metrics!.Metrics) expect(typeof made[Name]).toBe('number');
    for (const name of metrics!.Dimensions[0]!) expect(typeof made[name]).toBe('string');
    expect(made._aws.Timestamp).toBe(Date.parse(line.time));
  });

  it('leaves lines without a model plain', () => {
    expect(emfForm({ ...line, model: undefined })).not.toHaveProperty('_aws');
    expect(emfForm({ event: 'swapped', model: 'tiny' })).not.toHaveProperty('_aws');
  });
});

describe('the form of Cloud Logging', () => {
  it('has a severity, the request and its trace', () => {
    expect(googleForm('p')(line)).toMatchObject({
      severity: 'WARNING',
      httpRequest: { requestMethod: 'POST', requestUrl: '/v1/infer', status: 400, latency: '0.002500s' },
      'logging.googleapis.com/trace': `projects/p/traces/${trace}`,
      'logging.googleapis.com/spanId': 'b7ad6b7169203331',
      'logging.googleapis.com/trace_sampled': true,
    });
    expect(googleForm(undefined)(line)['logging.googleapis.com/trace']).toBe(trace);
  });

  it('has durations that protobuf reads, and fields of the types that LogEntry wants', () => {
    for (const ms of [0, 0.001, 2.315, 1234.567, 900_000]) {
      const made = googleForm('p')({ ...line, handler_ms: ms }) as Record<string, Record<string, unknown>>;
      expect(made['httpRequest']?.['latency']).toMatch(/^\d+\.\d{1,9}s$/);
      expect(Number.parseFloat(String(made['httpRequest']?.['latency'])) * 1000).toBeCloseTo(ms, 3);
      expect(made['httpRequest']?.['status']).toBe(400);
      expect(made['message']).toBe('/v1/infer 400');
    }
    for (const [level, severity] of [
      ['info', 'INFO'],
      ['warn', 'WARNING'],
      ['error', 'ERROR'],
    ]) {
      expect(googleForm('p')({ level, event: 'x' })['severity']).toBe(severity);
    }
  });

  it('has no request in lines about something else', () => {
    const made = googleForm('p')({ level: 'error', event: 'load-failed' });
    expect(made).toEqual({ severity: 'ERROR', message: 'load-failed', event: 'load-failed' });
  });
});

it.each([
  [`${trace}/1;o=1`, `00-${trace}-0000000000000001-01`],
  [`${trace}/18446744073709551615`, `00-${trace}-ffffffffffffffff-00`],
  [`${trace}/18446744073709551616`, null],
  [`${trace}/0;o=1`, null],
  ['anything', null],
  [undefined, null],
])('reads the trace of x-cloud-trace-context %j', (header, traceparent) => {
  expect(toTraceparent(header)).toBe(traceparent);
});
