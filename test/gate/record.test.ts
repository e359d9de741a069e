import { describe, expect, it } from 'vitest';
import { exampleRecord, examples } from '../../bench/gate/example-record.ts';
import { encodeRecord, type GateRecord, parseRecord } from '../../src/gate/record/record.ts';
import { resume } from '../../src/gate/record/resume.ts';
import { advanceBaseline, driftWarning } from '../../src/gate/rule/cumulative-drift.ts';
import { errorVerdict } from '../../src/gate/rule/error-verdict.ts';
import { ShapeError } from '../../src/model/shape.ts';

const records = Object.values(examples).map(exampleRecord);
const [passed, blocked, unsure] = records as [GateRecord, GateRecord, GateRecord];

describe('a record', () => {
  it('comes back as it was stored', () => {
    for (const record of records) expect(parseRecord(encodeRecord(record))).toEqual(record);
    const platform = { init_ms: 1.5, duration_ms: 2, billed_ms: 4, memory_mb: 128, max_memory_mb: 73 };
    const input = { ...passed, samples: passed.samples.map((sample) => ({ ...sample, platform, node: '24.20.1' })) };
    expect(parseRecord(encodeRecord(input))).toEqual(input);
    const failed = { ...passed, verdict: errorVerdict('never cold', 'look'), baseline: null };
    expect(parseRecord(encodeRecord(failed))).toEqual(failed);
  });

  it('keeps fields that a newer release added', () => {
    const newer = { ...passed, extra: { more: 1 } };
    expect(parseRecord(Buffer.from(JSON.stringify(newer)))).toEqual(newer);
  });

  const broken: [name: string, field: string, change: (record: GateRecord) => unknown][] = [
    ['another schema', 'schema', (r) => ({ ...r, schema: 2 })],
    ['another rule', 'rule.version', (r) => ({ ...r, rule: { ...r.rule, version: 2 } })],
    [
      'options out of bounds',
      'rule.options: max-samples',
      (r) => ({
        ...r,
        rule: { ...r.rule, options: { ...r.rule.options, maxSamples: 1e9 } },
      }),
    ],
    ['a missing verdict', 'verdict', ({ verdict: _, ...r }) => r],
    ['an unknown verdict', 'verdict.verdict', (r) => ({ ...r, verdict: { ...r.verdict, verdict: 'fine' } })],
    ['an unknown arm', 'samples[0].arm', (r) => ({ ...r, samples: [{ ...r.samples[0], arm: '__proto__' }] })],
    ['a Node that is no text', 'samples[0].node', (r) => ({ ...r, samples: [{ ...r.samples[0], node: 24 }] })],
    [
      'a number of the platform that is text',
      'samples[0].platform.init_ms',
      (r) => ({ ...r, samples: [{ ...r.samples[0], platform: { init_ms: '12' } }] }),
    ],
    [
      'a timing that is text',
      'samples[0].timings.fetch_ms',
      (r) => ({
        ...r,
        samples: [{ ...r.samples[0], timings: { fetch_ms: '<b>1</b>' } }],
      }),
    ],
    ['samples without end', 'samples', (r) => ({ ...r, samples: new Array(1001).fill(r.samples[0]) })],
    [
      'a metric that is none',
      'verdict.metrics[0].metric',
      (r) => ({
        ...r,
        verdict: { ...r.verdict, metrics: [{ ...r.verdict.metrics[0], metric: 'constructor' }] },
      }),
    ],
    [
      'a bound that is text',
      'verdict.metrics[0].lower',
      (r) => ({
        ...r,
        verdict: { ...r.verdict, metrics: [{ ...r.verdict.metrics[0], lower: '1' }] },
      }),
    ],
    ['an SLO without numbers', 'verdict.slo.ms', (r) => ({ ...r, verdict: { ...r.verdict, slo: {} } })],
    ['a list', '', () => []],
  ];
  it.each(broken)('with %s is refused', (_name, field, change) => {
    const bytes = Buffer.from(JSON.stringify(change(passed)));
    const seen = (() => {
      try {
        return parseRecord(bytes);
      } catch (error) {
        return error;
      }
    })();
    expect(seen).toBeInstanceOf(ShapeError);
    expect((seen as ShapeError).field).toBe(field);
  });
});

describe('a re-run', () => {
  const now = (r: GateRecord) => ({
    target: r.target,
    candidate: r.candidate,
    baseline: r.baseline,
    options: r.rule.options,
  });
  const half: GateRecord = {
    ...unsure,
    final: false,
    samples: unsure.samples.slice(0, 34),
    rule: { ...unsure.rule, spent: 0.25 },
  };

  it('goes on with the stored samples and the error they spent', () => {
    expect(resume(half, now(half))).toEqual({ samples: half.samples, spent: 0.25, attempt: 1, settled: undefined });
  });

  it('starts from nothing without a record, or for other bytes, another place or another live version', () => {
    const nothing = { samples: [], spent: 0, attempt: 1, settled: undefined };
    expect(resume(undefined, now(half))).toEqual(nothing);
    expect(resume(half, { ...now(half), target: 'local-linux-x64' })).toEqual(nothing);
    expect(resume(half, { ...now(half), candidate: { version: '1.1.0', sha256: 'ab' } })).toEqual(nothing);
    expect(resume(half, { ...now(half), baseline: { version: '0.9.0' } })).toEqual(nothing);
    expect(resume(half, { ...now(half), baseline: null })).toEqual(nothing);
  });

  it('stands by a clear verdict', () => {
    for (const record of [passed, blocked]) expect(resume(record, now(record)).settled).toEqual(record.verdict);
  });

  it('stands by an unsure one when all error is spent, and goes on when time had run out', () => {
    expect(resume(unsure, now(unsure)).settled).toEqual(unsure.verdict);
    expect(resume({ ...half, final: true }, now(half)).settled).toBeUndefined();
  });

  it('settles an unsure verdict again when only on-inconclusive changed', () => {
    const lean = { ...now(unsure), options: { ...unsure.rule.options, onInconclusive: 'lean' as const } };
    expect(resume(unsure, lean)).toMatchObject({ spent: 1, attempt: 1, settled: undefined });
  });

  it('counts a further attempt when the settings changed, after an error, or when asked to start afresh', () => {
    const again = { samples: [], spent: 0, attempt: 2, settled: undefined };
    const wider = { ...now(unsure), options: { ...unsure.rule.options, maxSamples: 60 } };
    expect(resume(unsure, wider)).toEqual(again);
    expect(resume(unsure, now(unsure), true)).toEqual(again);
    expect(resume({ ...unsure, verdict: errorVerdict('x', 'y') }, now(unsure))).toEqual(again);
  });
});

describe('creep', () => {
  it('is warned about when small steps add up', () => {
    let anchor = advanceBaseline(null, '1.0.0', '1.1.0', 1.045);
    expect([anchor.version, driftWarning(anchor)]).toEqual(['1.0.0', '']);
    anchor = advanceBaseline(advanceBaseline(anchor, '1.1.0', '1.2.0', 1.045), '1.2.0', '1.3.0', 1.045);
    expect(anchor.version).toBe('1.0.0');
    expect(anchor.product).toBeCloseTo(1.045 ** 3, 12);
    expect(driftWarning(anchor)).toContain('1.0.0');
  });

  it('begins at the first release and adds nothing without a ratio', () => {
    expect(advanceBaseline(null, null, '1.0.0', null)).toEqual({ version: '1.0.0', product: 1 });
    expect(driftWarning(null)).toBe('');
  });
});
