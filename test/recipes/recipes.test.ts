import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** Lines that a recipe of CONTRIBUTING.md asks for in files that are there: each goes before the words that it names. */
const lines: Record<'store' | 'verb', [file: string, before: string, line: string][]> = {
  store: [
    ['src/clouds.ts', ';\n\nexport interface Cloud ', " | 'kv'"],
    [
      'src/clouds.ts',
      '  azure: {\n',
      `  kv: {
    ...{ scheme: 'kv', title: 'Key-value server', provider: 'aws', target: 'aws-lambda' },
    ...{ bucket: /^[a-z0-9-]{1,40}$/, bucketParts: 1, form: 'kv://bucket/prefix' },
    settings: ['endpoint'],
    endpointVariables: [],
  },
`,
    ],
    ['src/cloud-variables.ts', '};\n\n/**', '  kv: [],\n'],
    ['src/cloud-variables.ts', '};\n$', '  kv: [],\n'],
    [
      'src/stores/open.ts',
      '    default:',
      "    case 'kv':\n      return (await import('./kv.ts')).openKvStore(settings);\n",
    ],
    [
      'src/handler/readers/open-reader.ts',
      "    case 'https':",
      "    case 'kv':\n      return (await import('./kv.ts')).openKvReader(source);\n",
    ],
  ],
  verb: [
    ['src/catalog.ts', '\n/** Every verb', "import { weigh } from './catalog/weigh.ts';\n"],
    ['src/catalog.ts', '];\n', '  weigh,\n'],
    ['src/iam/needs.ts', '] as const;\n\nexport type IamVerb', "  'weigh',\n"],
    ['src/iam/needs.ts', '  // With --repair it writes', '  weigh: { reads: true },\n'],
  ],
};

describe('the recipes of CONTRIBUTING.md for a store and a verb, followed in a copy', () => {
  const copy = mkdtempSync(join(tmpdir(), 'coldgate-recipes-'));
  const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  const vitest = (...files: string[]) =>
    run('node_modules/vitest/vitest.mjs', 'run', ...files, '--maxWorkers=1', '--reporter=verbose');

  beforeAll(() => {
    const without = new Set(['.git', '.cache', 'node_modules', 'dist', 'coverage', 'test/recipes/files']);
    cpSync(root, copy, {
      recursive: true,
      filter: (path) =>
        !without.has(
          path
            .slice(root.length + 1)
            .split('/')
            .at(-1)!,
        ),
    });
    for (const folder of ['node_modules', 'dist']) symlinkSync(join(root, folder), join(copy, folder));
    cpSync(join(import.meta.dirname, 'files'), copy, { recursive: true });
    for (const [file, before, line] of Object.values(lines).flat()) {
      const text = readFileSync(join(copy, file), 'utf8');
      const at = before.endsWith('$') ? text.lastIndexOf(before.slice(0, -1)) : text.indexOf(before);
      expect(at, `${file} has ${before}`).toBeGreaterThan(0);
      writeFileSync(join(copy, file), text.slice(0, at) + line + text.slice(at));
    }
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('make what compiles, and keeps the rules of the house', () => {
    const types = run('node_modules/typescript/bin/tsc', '--noEmit', '--project', '.');
    expect(types.stdout).toBe('');
    run('scripts/docs.mjs');
    expect(readFileSync(join(copy, 'docs', 'cli.md'), 'utf8')).toContain('coldgate weigh');
    const house = vitest('test/house.test.ts');
    expect([house.status, house.stdout]).toEqual([0, expect.stringContaining('keeps imports inside the room rules')]);
  });

  it('end in contracts that hold: of stores, of readers, and the verb from models.yaml to the answer', () => {
    const { status, stdout, stderr } = vitest('test/stores/kv.test.ts', 'test/verbs/weigh.test.ts');
    expect([status, stderr], stdout).toEqual([0, '']);
    for (const contract of ['contract of stores', 'contract of readers', 'adds up what publish has written'])
      expect(stdout).toContain(contract);
  });
});
