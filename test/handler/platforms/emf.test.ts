import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emfForm } from '../../../src/handler/platforms/log-forms/emf.ts';
import { tinyModel, tinySample } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const units = [
  'Seconds',
  'Microseconds',
  'Milliseconds',
  'Bytes',
  'Kilobytes',
  'Megabytes',
  'Percent',
  'Count',
  'None',
];
const named = (most: number) => ({ type: 'string', minLength: 1, maxLength: most, pattern: '^[\\x21-\\x7e]+$' });

/**
 * What AWS publishes of the format, and CloudWatch's limits of what it makes of it:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
 */
const schema = {
  type: 'object',
  required: ['_aws'],
  properties: {
    _aws: {
      type: 'object',
      required: ['Timestamp', 'CloudWatchMetrics'],
      additionalProperties: false,
      properties: {
        Timestamp: { type: 'integer', minimum: 0 },
        CloudWatchMetrics: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            required: ['Namespace', 'Dimensions', 'Metrics'],
            additionalProperties: false,
            properties: {
              Namespace: { ...named(255), not: { pattern: '^(?:AWS/|:)' } },
              Dimensions: {
                type: 'array',
                minItems: 1,
                items: { type: 'array', maxItems: 30, uniqueItems: true, items: named(250) },
              },
              Metrics: {
                type: 'array',
                maxItems: 100,
                uniqueItems: true,
                items: {
                  type: 'object',
                  required: ['Name'],
                  additionalProperties: false,
                  properties: { Name: named(255), Unit: { enum: units }, StorageResolution: { enum: [1, 60] } },
                },
              },
            },
          },
        },
      },
    },
  },
};
const validate = new Ajv({ allErrors: true }).compile(schema);

interface Emf {
  _aws: { Timestamp: number; CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string }[] }[] };
  [field: string]: unknown;
}

/** What is wrong with a line, by the schema and by what a schema cannot say: references, and types of their targets. */
function faultsOf(line: string): string[] {
  const made = JSON.parse(line) as Emf;
  if (!validate(made)) return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  const faults = Buffer.byteLength(line) > 256 * 1024 ? ['longer than 256 KB'] : [];
  for (const { Dimensions, Metrics } of made._aws.CloudWatchMetrics) {
    for (const name of Dimensions.flat()) {
      const target = made[name];
      const fits = typeof target === 'string' && /^[\x20-\x7e]{1,1024}$/.test(target) && target.trim() !== '';
      if (!fits) faults.push(`dimension ${name} is ${JSON.stringify(target)}`);
    }
    for (const { Name } of Metrics) {
      const target = made[Name];
      if (typeof target !== 'number' || !Number.isFinite(target)) faults.push(`metric ${Name} is ${target}`);
    }
  }
  return faults;
}

const store = new ModelStore();
let app: TestApp;
beforeAll(() => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel(), sample: tinySample }));
  app = new TestApp(store.root, { COLDGATE_REVISION: 'r1' }, { logForm: emfForm });
});
afterAll(async () => {
  await app.close();
  store.remove();
});
const metricsOf = (line: string): string[] =>
  (JSON.parse(line) as Emf)._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name)).sort();

describe('lines for CloudWatch', () => {
  it('are embedded metrics as AWS publishes the format, cold and warm, good and refused', async () => {
    await app.ask('/v1/health?warm=true');
    await app.ask('/v1/infer', { body: { inputs: [[1, 2]] } });
    await app.ask('/v1/infer', { body: { inputs: [[1]] } });
    await app.ask('/v1/batch', { body: { items: [{ inputs: [[1, 2]] }] } });
    expect(app.lines).toHaveLength(4);
    for (const line of app.lines) expect([line, faultsOf(line)]).toEqual([line, []]);
    const all = ['fetch', 'first_run', 'handler', 'import', 'init', 'model_loaded', 'runtime_init', 'second_run'];
    const cold = [...all, 'session', 'verify'].map((name) => `${name}_ms`);
    expect(app.lines.map(metricsOf)).toEqual([cold, ['handler_ms'], ['handler_ms'], ['handler_ms']]);
  });

  it('are plain where no model answered, so that no dimension is empty', async () => {
    await app.ask('/v1/health', { method: 'DELETE' });
    expect(JSON.parse(app.lines.at(-1)!)).not.toHaveProperty('_aws');
  });

  it('would be found out', () => {
    const line = JSON.parse(app.lines[0]!) as Emf;
    const [directive] = line._aws.CloudWatchMetrics;
    const spoilt = (change: object, more: object = {}): string[] => {
      const _aws = { ...line._aws, CloudWatchMetrics: [{ ...directive, ...change }] };
      return faultsOf(JSON.stringify({ ...line, ...more, _aws }));
    };
    expect(spoilt({})).toEqual([]);
    expect(spoilt({ Namespace: 'AWS/Lambda' })).not.toEqual([]);
    expect(spoilt({ Dimensions: [['missing']] })).not.toEqual([]);
    expect(spoilt({ Metrics: Array.from({ length: 101 }, (_, at) => ({ Name: `m${at}` })) })).not.toEqual([]);
    expect(spoilt({}, { handler_ms: '2' })).not.toEqual([]);
    expect(spoilt({}, { cold_start: true })).not.toEqual([]);
    expect(spoilt({}, { more: 'x'.repeat(300_000) })).not.toEqual([]);
  });
});
