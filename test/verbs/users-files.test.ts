import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, it } from 'vitest';
import type { Context } from '../../src/steps/verb.ts';
import { run as decide } from '../../src/verbs/decide.ts';
import { run as event } from '../../src/verbs/event.ts';
import { run as iam } from '../../src/verbs/iam.ts';
import { run as report } from '../../src/verbs/report.ts';
import { run as status } from '../../src/verbs/status.ts';
import { run as validate } from '../../src/verbs/validate.ts';
import { goodConfig, goodFiles, goodSample } from '../fixtures/bad-input.ts';
import { expectExplained, odd, richConfig, times, work } from '../fixtures/explained.ts';
import { layOut } from '../fixtures/lay-out.ts';
import { contextIn } from '../gate/context.ts';
import { pullRequest, push } from '../github/payloads.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-fuzz-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cut = fc.tuple(fc.nat({ max: 4000 }), fc.nat({ max: 12 }), fc.constantFrom(...odd));

/** The text with a few places replaced by others: near enough to what is right to get past the first checks. */
const mutated = (...texts: string[]) =>
  fc.tuple(fc.constantFrom(...texts), fc.array(cut, { minLength: 1, maxLength: 3 })).map(([text, cuts]) =>
    cuts.reduce((now, [at, length, put]) => {
      // Half of the cuts are of whole words, which leaves the form as it is.
      const start = at % (now.length + 1);
      const word = /[\w./:-]+/.exec(now.slice(start));
      const [from, size] = length > 6 && word ? [start + word.index, word[0].length] : [start, length];
      return `${now.slice(0, from)}${put}${now.slice(from + size)}`;
    }, text),
  );

const samples = JSON.stringify({
  candidate: [100, 110, 105, 90, 'timeout', null],
  baseline: [100, 101],
  options: { tolerance: '5%' },
  sequence: true,
});
const tensors = JSON.stringify({
  inputs: { x: { dtype: 'float32', shape: [1, 2], data: [1, 2] } },
  outputs: { y: [[1, 2]] },
  tolerance: { relative: 0.1 },
});

const context = (env: Record<string, string> = {}): Context => ({ ...contextIn(folder), env });

describe('files that a user writes', () => {
  const withLabels = goodConfig.replace('model.onnx\n', 'model.onnx\n      labels.json: labels.json\n');
  beforeEach(() => layOut(folder, { files: { ...goodFiles(), 'models.yaml': withLabels, 'labels.json': '["zero"]' } }));

  it('are never an unexpected failure: models.yaml', async () => {
    const verbs = [
      () => validate({ ...work, skipRun: true, local: false }, context({ X: 'x' })),
      () => validate({ ...work, skipRun: true, local: true }, context()),
      () => iam({ ...work, role: [], verbs: [], environment: 'cloud' }, context()),
      () => status({ ...work, environment: 'local' }, context()),
    ];
    await fc.assert(
      fc.asyncProperty(mutated(goodConfig, richConfig), fc.constantFrom(...verbs), async (text, verb) => {
        writeFileSync(join(folder, 'models.yaml'), text);
        await expectExplained(text, verb);
      }),
      times(200),
    );
  });

  it.each([
    [
      'the golden sample',
      'sample.json',
      [goodSample, tensors],
      () => validate({ ...work, skipRun: true, local: true }, context()),
    ],
    [
      'samples of decide',
      'samples.json',
      [samples],
      () => decide({ samples: 'samples.json' } as Parameters<typeof decide>[0], context()),
    ],
    [
      'a record of report',
      'record.json',
      ['{"record":{"version":1}}', samples],
      () => report({ file: 'record.json' }, context()),
    ],
    [
      'labels beside the model',
      'labels.json',
      ['["zero", "one"]', '{"0": "zero", "1": "one"}', 'version https://git-lfs.github.com/spec/v1\n', '<html></html>'],
      () => validate({ ...work, skipRun: true, local: true }, context()),
    ],
  ] as const)('are never an unexpected failure: %s', async (_name, file, texts, verb) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated(...texts), fc.json(), fc.constantFrom(...odd)), async (text) => {
        writeFileSync(join(folder, file), text);
        await expectExplained(text, verb);
      }),
      times(120),
    );
  });

  it('are never an unexpected failure: the payload of an event', async () => {
    const payloads = [pullRequest({ action: 'opened' }), push({ ref: 'refs/heads/main' })].map((payload) =>
      JSON.stringify(payload),
    );
    const names = fc.constantFrom(
      'push',
      'pull_request',
      'workflow_dispatch',
      'schedule',
      'release',
      'merge_group',
      '',
      '\n',
    );
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.oneof(mutated(...payloads), fc.json(), fc.constantFrom(...odd)),
        async (name, text) => {
          writeFileSync(join(folder, 'event.json'), text);
          await expectExplained(`${name} ${text}`, () =>
            event({ ...work, event: name, payload: 'event.json' }, context()),
          );
        },
      ),
      times(100),
    );
  });

  it('are never an unexpected failure: the model itself', async () => {
    const model = goodFiles()['model.onnx'] as Buffer;
    const flips = fc.array(fc.tuple(fc.nat({ max: model.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(flips, fc.nat({ max: model.length }), async (changes, length) => {
        const bytes = Buffer.from(model);
        for (const [at, byte] of changes) bytes[at] = byte;
        writeFileSync(join(folder, 'model.onnx'), changes.length > 4 ? bytes.subarray(0, length) : bytes);
        await expectExplained(bytes.toString('base64'), () =>
          validate({ ...work, skipRun: true, local: true }, context()),
        );
      }),
      times(120),
    );
  });

  it('are never an unexpected failure: a folder, a link or nothing where a file should be', async () => {
    for (const name of ['models.yaml', 'model.onnx', 'sample.json', 'samples.json', 'event.json']) {
      rmSync(join(folder, name), { recursive: true, force: true });
      for (const make of [() => {}, () => mkdirSync(join(folder, name))]) {
        make();
        await expectExplained(name, () => validate({ ...work, skipRun: true, local: true }, context()));
        await expectExplained(name, () =>
          decide({ samples: 'samples.json' } as Parameters<typeof decide>[0], context()),
        );
        await expectExplained(name, () => event({ ...work, event: 'push', payload: 'event.json' }, context()));
      }
      rmSync(join(folder, name), { recursive: true, force: true });
      layOut(folder, { files: goodFiles() });
    }
  });
});
