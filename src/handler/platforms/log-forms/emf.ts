import type { LogForm, LogRecord } from '../../http/log-form.ts';

/** Metrics by dimension; lines without a model have none, so they are plain. */
const dimensions = ['model', 'version', 'cold_start'];

/**
 * CloudWatch's embedded metric format: the line stays a log line, and CloudWatch makes metrics of its root fields.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export const emfForm: LogForm = (record) => {
  if (record['event'] === 'async') return withMetrics(record, ['model', 'status'], ['wait_ms', 'work_ms']);
  if (record['event'] !== 'request' || record['model'] === undefined) return record;
  const { timings, ...rest } = record;
  const phases = isRecord(timings) ? timings : {};
  const metrics = ['handler_ms', ...Object.keys(phases)].filter((name, at, all) => all.indexOf(name) === at);
  return {
    ...rest,
    ...phases,
    handler_ms: record['handler_ms'],
    // The format takes dimensions as text only.
    cold_start: String(record['cold_start']),
    _aws: {
      Timestamp: Date.parse(String(record['time'])),
      CloudWatchMetrics: [
        {
          Namespace: 'Coldgate',
          Dimensions: [dimensions],
          Metrics: metrics.map((Name) => ({ Name, Unit: 'Milliseconds' })),
        },
      ],
    },
  };
};

/** A line whose fields are metrics already. One without its dimensions has none. */
function withMetrics(record: LogRecord, dimensions: readonly string[], metrics: readonly string[]): LogRecord {
  if (dimensions.some((name) => record[name] === undefined)) return record;
  const Metrics = metrics.map((Name) => ({ Name, Unit: 'Milliseconds' }));
  const CloudWatchMetrics = [{ Namespace: 'Coldgate', Dimensions: [dimensions], Metrics }];
  return { ...record, _aws: { Timestamp: Date.parse(String(record['time'])), CloudWatchMetrics } };
}

const isRecord = (value: unknown): value is LogRecord => typeof value === 'object' && value !== null;
