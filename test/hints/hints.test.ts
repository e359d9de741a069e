import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { toColdgateError } from '../../src/errors.ts';
import { readSample } from '../../src/onnx/golden.ts';
import { readModelHead } from '../../src/onnx/read-head.ts';
import { inCopy, runInProcess } from '../fakes/registry/forged-store.ts';
import type { BadInput } from '../fixtures/bad-input.ts';
import { badInputs } from '../fixtures/bad-inputs.ts';
import { badValues } from '../fixtures/bad-values.ts';
import { layOut } from '../fixtures/lay-out.ts';
import { Project } from '../fixtures/project.ts';
import { collectHints, type SourceHint } from './collect-hints.ts';
import { ofExternalData } from './external.ts';
import { notFollowed } from './not-followed.ts';
import { ofProofs } from './proofs.ts';
import type { Run } from './situation.ts';
import { ofSources } from './sources.ts';
import { ofStores } from './stored.ts';
import { ofWords } from './words.ts';

/** Each begins in a project with two promoted versions, a third that is published, and its files in models.yaml. */
const situations = [...ofWords, ...ofStores, ...ofSources, ...ofProofs, ...ofExternalData];

let project: Project;
const run = (folder: string, { line, env }: Run) => runInProcess(folder, line.split(' '), env);

beforeAll(async () => {
  project = new Project();
  const at = (line: string) => run(project.folder, { line, env: {} });
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    project.release({ version, bias: Number(version[2]) });
    expect(await at('publish')).toMatchObject({ exit: 0 });
    if (version !== '1.2.0') expect(await at('promote --gate skip')).toMatchObject({ exit: 0 });
  }
});
afterAll(() => project?.remove());

const inFolder = (env: Record<string, string>, folder: string) =>
  Object.fromEntries(Object.entries(env).map(([name, text]) => [name, text.replace('<folder>', folder)]));

const seen: string[] = [];

describe('a hint, followed,', () => {
  it.each(situations.map((one) => [one.name, one] as const))(
    'makes its problem go away: %s',
    async (_name, situation) => {
      await inCopy(project, async (folder) => {
        const copy = Object.assign(Object.create(Project.prototype) as Project, { folder });
        const first: Run = { line: situation.line, env: inFolder(situation.env ?? {}, folder) };
        situation.spoil?.(copy);
        const failed = await run(folder, first);
        const text = `${failed.message}\n${failed.hint}`;
        const found = situation.hint.exec(text);
        expect(found, `exit ${failed.exit}, ${failed.code}: ${text}`).not.toBeNull();
        seen.push(...text.split('\n'));
        const next = await situation.follow(copy, found!, first);
        if ('before' in next) {
          const before = await run(folder, { line: next.before, env: first.env });
          expect(before.exit, `${next.before}: ${before.message}`).toBe(0);
        }
        const { exit, message } = await run(folder, 'before' in next ? first : next);
        expect([exit, message], text).toEqual([0, '']);
      });
    },
  );
});

/** What every verb that reads sources finds wrong; the hints of these are followed in test/config/hints.test.ts. */
async function hintsOf(folder: string, input: BadInput): Promise<string> {
  layOut(folder, input);
  const file = join(folder, 'models.yaml');
  const failure = await loadConfig(file, { HOME: '/home/one', P: 'local', ...input.env })
    .then(async (config) => {
      for (const entry of Object.values(config.models)) {
        const path = entry.files.find((one) => one.path === entry.model)?.source as string;
        const head = await readModelHead(path, 'model.onnx');
        if (entry.sample) await readSample(entry.sample.source, head, 'sample.json');
      }
    })
    .catch(toColdgateError);
  return failure ? `${failure.message}\n${failure.hint ?? ''}` : '';
}

const pattern = (text: string): RegExp =>
  new RegExp(
    text
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[\\s\\S]*?'),
  );

it('every hint of the sources is followed by a test, or it is said why none can', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-hints-'));
  try {
    for (const [at, input] of [...badInputs, ...badValues].entries()) {
      const own = join(folder, String(at));
      mkdirSync(own);
      seen.push(await hintsOf(own, input));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  // Each apart: a hint stands in one failure, and a search through all of them together takes a minute.
  const failures = [...new Set(seen)];
  const isFollowed = (hint: RegExp) => failures.some((text) => hint.test(text));
  const open = collectHints().filter(({ text }) => !isFollowed(pattern(text)));
  const reasonOf = ({ file, text }: SourceHint) =>
    notFollowed.find(({ of }) => of.some((one) => file.startsWith(one) || text.startsWith(one)));
  expect(open.filter((hint) => !reasonOf(hint)).map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
  // Nor does a reason stand for what is gone, or followed by now.
  const used = notFollowed.flatMap(({ of }) => of);
  const stale = used.filter((one) => !open.some(({ file, text }) => file.startsWith(one) || text.startsWith(one)));
  expect(stale).toEqual([]);
});
