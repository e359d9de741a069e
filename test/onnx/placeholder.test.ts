import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { refusePlaceholder } from '../../src/onnx/placeholder.ts';
import { readModelHead } from '../../src/onnx/read-head.ts';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-placeholder-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lay = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const lfs = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n';
const dvc = 'outs:\n- md5: a304afb96060aad90176268345e10355\n  size: 14445097\n  path: labels.json\n';
const conflict = '["cat",\n<<<<<<< HEAD\n"dog"\n=======\n"cow"\n>>>>>>> feature\n]\n';

const cases: [string, string, string, RegExp][] = [
  ['a Git LFS pointer', lfs, 'git-lfs-pointer', /git lfs pull/],
  ['a pointer of an early Git LFS', lfs.replace('git-lfs.github', 'hawser.github'), 'git-lfs-pointer', /git lfs pull/],
  ['a DVC pointer', dvc, 'dvc-pointer', /dvc pull/],
  ['a git-annex pointer', '/annex/objects/SHA256E-s12--4d7a.onnx\n', 'git-annex-pointer', /git annex get/],
  ['an error page', '\n<!DOCTYPE html>\n<html><title>404</title></html>', 'html', /fetch the raw file/],
  ['the error of a bucket', '<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code></Error>', 'xml-error', /fetch/],
];

describe('files that are not the file itself', () => {
  it.each([...cases, ['marks of a merge', conflict, 'conflict-marks', /Resolve/], ['nothing', '', 'empty', /Restore/]])(
    'are refused with what to type: %s',
    async (_name, content, found, hint) => {
      await expect(refusePlaceholder(lay('labels.json', content), 'labels.json')).rejects.toMatchObject({
        code: 'not-the-file',
        exit: 3,
        message: expect.stringMatching(/^labels\.json (is|holds) /),
        data: { found },
        hint: expect.stringMatching(hint),
      });
    },
  );

  it.each(cases.filter(([, , found]) => found !== 'xml-error'))(
    'are known in place of a model as well: %s',
    async (_name, content, found, hint) => {
      await expect(readModelHead(lay('model.onnx', content))).rejects.toMatchObject({
        code: 'not-onnx',
        data: { found },
        hint: expect.stringMatching(hint),
      });
    },
  );

  it('names the line of a conflict far down in a file', async () => {
    const vocabulary = `${'word\n'.repeat(200_000)}${conflict}`;
    const path = lay('vocab.txt', vocabulary);
    await expect(refusePlaceholder(path, 'vocab.txt')).rejects.toThrow(/from line 200002 on/);
  });

  it.each<[string, string, string | Buffer]>([
    ['a page that is a page', 'report.html', '<!doctype html><p>Accuracy'],
    ['marks that are quoted', 'README.md', 'Git writes\n\n    <<<<<<< HEAD\n\ninto files.'],
    ['one mark alone', 'merges.txt', 'a b\n<<<<<<< x\n'],
    ['bytes', 'weights.bin', Buffer.from([0, 60, 60, 60, 10])],
    ['YAML of another kind', 'config.yaml', 'outs: 3\nmd5: none\n'],
    ['a single line', 'labels.txt', 'cat'],
  ])('are told from %s', async (_name, file, content) => {
    await expect(refusePlaceholder(lay(file, content), file)).resolves.toBeUndefined();
  });
});
