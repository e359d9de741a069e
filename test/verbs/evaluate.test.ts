import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QualityRecord } from '../../src/gate/quality/record.ts';
import { silentLogger } from '../../src/log.ts';
import { run as evaluate } from '../../src/verbs/evaluate.ts';
import { run as promote } from '../../src/verbs/promote.ts';
import { run as publish } from '../../src/verbs/publish.ts';
import { run as report } from '../../src/verbs/report.ts';
import { classifier, type Fault, points, writeExamples } from '../fixtures/classifier.ts';
import { Project } from '../fixtures/project.ts';
import { contextIn } from '../gate/context.ts';

const at = { config: 'models.yaml' };
const handlerDir = fileURLToPath(new URL('../../dist/handler', import.meta.url));
const quality = 'data: models/eval.jsonl, also: [{ metric: macro-f1 }]';

describe('evaluate', () => {
  const project = new Project();
  const heard: string[] = [];
  const progress: string[] = [];
  const log = {
    ...silentLogger,
    info: (line: string) => void heard.push(line),
    progress: (label: string, done: number, total: number | undefined) =>
      void progress.push(`${label} ${done}/${total}`),
  };
  const context = { ...contextIn(project.folder), cacheDir: project.path('cache'), handlerDir, log };
  const asked = { ...at, fresh: false, reportPath: '.coldgate/reports', show: false };
  const evaluated = async (more: object = {}) => {
    const result = await evaluate({ ...asked, ...more }, context);
    return { ...result, record: result.document['record'] as QualityRecord };
  };
  const publishVersion = async (version: string, fault: Fault, settings = quality) => {
    project.release({ version, model: classifier(fault), quality: settings });
    await publish(at, context);
  };

  beforeAll(async () => {
    writeExamples(project, points(400));
    await publishVersion('1.0.0', {});
  });
  afterAll(() => project.remove());

  it('has nothing to compare a first release with, but what is required of it', async () => {
    const first = await evaluated();
    expect(first.outputs).toMatchObject({ verdict: 'pass', metric: 'accuracy', candidate: '1', baseline: '' });
    expect(first.record).toMatchObject({ baseline: null, data: { items: 400, repeated: 0 }, look: 1 });
    project.release({ model: classifier(), quality: `${quality}, at-least: 99%` });
    expect((await evaluated()).record.verdict).toMatchObject({ verdict: 'pass', reason: 'clear' });
    await promote({ ...at, gate: 'skip' }, context);
  });

  it('passes what answers as the live version does, and leaves no process and no folder', async () => {
    await publishVersion('1.1.0', { scale: 1.5 });
    const { record, failure, outputs } = await evaluated();
    expect(failure).toBeUndefined();
    expect(record.metrics[0]).toMatchObject({ lost: 0, gained: 0, live: 1, candidate: 1, verdict: 'pass' });
    expect(outputs).toMatchObject({ verdict: 'pass', difference: '0', baseline: '1' });
    expect(existsSync(project.path('.coldgate/evaluate'))).toBe(false);
    // What the live version answers is known since its own evaluation.
    expect(progress.at(-1)).toBe('Evaluating candidate 1.1.0 400/400');
  });

  it('makes the same comparison once, from the record or from what this machine knows', async () => {
    progress.length = 0;
    const again = await evaluated();
    expect([progress, again.record.verdict.verdict]).toEqual([[], 'pass']);
    expect(heard.at(-1)).toContain('has been decided before');
    project.release({ version: '1.1.0', model: classifier({ scale: 1.5 }), quality: `${quality}, limit: 5%` });
    expect((await evaluated()).record.metrics[0]?.options.limit).toBe(0.05);
    expect(progress).toEqual([]);
    await evaluated({ fresh: true });
    expect(progress.at(-1)).toBe('Evaluating live 1.0.0 400/400');
  });

  it('blocks swapped outputs with exit 4, names the items by id and says what moved, without their content', async () => {
    await publishVersion('1.2.0', { order: [1, 0, 2] });
    const { failure, record, lines, summary } = await evaluated();
    expect(failure).toMatchObject({ exit: 4, code: 'regression' });
    expect(record.changed.lost).toHaveLength(record.metrics[0]?.lost ?? 0);
    expect(record.moves.map(({ from, to }) => `${from} ${to}`)).toEqual(expect.arrayContaining(['0 1', '1 0']));
    expect(record.metrics.map(({ metric, decides }) => [metric, decides])).toEqual([
      ['accuracy', true],
      ['macro-f1', false],
    ]);
    expect(lines.join('\n')).toContain(record.changed.lost[0]);
    const item = points(400).find(({ id }) => id === record.changed.lost[1]);
    const content = String(item?.inputs[0]?.[0]);
    expect([JSON.stringify(record), ...lines, summary, ...heard].join('\n')).not.toContain(content);
    expect((await evaluated({ show: true })).lines.join('\n')).toContain(content);
  });

  it('renders the record again in every form', async () => {
    const file = '.coldgate/reports/digits-1.2.0-quality.json';
    const forms = {
      terminal: 'BLOCK accuracy',
      markdown: 'lost : gained',
      svg: '<svg',
      json: '"kind": "quality"',
    } as const;
    for (const [format, mark] of Object.entries(forms)) {
      const { text } = await report({ file, format: format as keyof typeof forms }, context);
      expect([format, text?.includes(mark)]).toEqual([format, true]);
    }
    expect(readFileSync(project.path('.coldgate/reports/digits-1.2.0-quality.svg'), 'utf8')).toContain('</svg>');
    const broken = readFileSync(project.path(file), 'utf8').replace('"metrics"', '"other"');
    writeFileSync(project.path('broken.json'), broken);
    await expect(report({ file: 'broken.json' }, context)).rejects.toMatchObject({ code: 'bad-record', exit: 2 });
  });

  it('goes on where a killed run was', async () => {
    await publishVersion('1.3.0', { scale: 2 });
    const stop = new AbortController();
    const killed = { ...context, signal: stop.signal, log: { ...log, progress: () => stop.abort() } };
    await expect(evaluate(asked, killed)).rejects.toThrow();
    progress.length = 0;
    const { record } = await evaluated();
    expect(record.verdict.verdict).toBe('pass');
    expect(progress[0]).not.toBe('Evaluating candidate 1.3.0 1/400');
    expect(heard.some((line) => line.includes('were answered before'))).toBe(true);
  });

  it('holds a second look after more items to a stricter level, and begins anew with others', async () => {
    writeExamples(project, points(500));
    const more = await evaluated();
    expect(more.record).toMatchObject({ look: 2, data: { items: 500 } });
    expect(more.record.metrics[0]?.levels?.pass).toBeCloseTo(0.005);
    writeExamples(project, points(450).slice(20));
    expect((await evaluated()).record.look).toBe(1);
    writeExamples(project, points(400));
  });

  it.each<[string, Fault]>([
    ['a layer of zeros', { scale: 0 }],
    ['clipped scores', { clip: 0.2 }],
  ])('lets no model with %s go live', async (name, fault) => {
    await publishVersion(`2.0.0-${name.replaceAll(' ', '-')}`, fault);
    const { failure, record } = await evaluated();
    expect([failure?.exit, record.verdict.verdict]).toEqual([4, 'regression']);
  });

  it('counts what an item gets no answer to as wrong, and says why', async () => {
    await publishVersion('2.1.0', { overflow: true });
    const { record, failure } = await evaluated();
    expect(failure?.exit).toBe(4);
    const count = record.metrics[0]?.failed.candidate;
    expect(record.failures).toEqual([{ arm: 'candidate', why: 'an answer that is not a number', count }]);
  });

  it('holds the load-optimised form to the model as published', async () => {
    project.release({ version: '2.2.0', model: classifier(), quality: 'data: models/eval.jsonl', optimize: 'cold' });
    await publish(at, context);
    const { record } = await evaluated();
    expect(record.metrics.map(({ metric, verdict }) => [metric, verdict])).toEqual([
      ['accuracy', 'pass'],
      ['accuracy of the cold form', 'pass'],
    ]);
    expect((await evaluated()).record.ended_at).toBe(record.ended_at);
    expect(heard.at(-1)).toContain('has been decided before');
  });

  it('names the examples where they are missing, and models without any', async () => {
    rmSync(project.path('models/eval.jsonl'));
    await expect(evaluated()).rejects.toMatchObject({ code: 'bad-quality-data', exit: 2 });
    project.release({ version: '1.0.0', model: classifier() });
    await expect(evaluated()).rejects.toThrow('has no quality');
  });
});
