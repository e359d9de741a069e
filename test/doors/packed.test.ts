import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode, testCache } from '../fakes/processes/runner.ts';
import { tinyModel } from '../fixtures/onnx.ts';

const root = join(import.meta.dirname, '..', '..');
const npm = (cwd: string, ...args: string[]): string =>
  execFileSync('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--offline'], { cwd, encoding: 'utf8' });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-packed-'));
  const [{ filename }] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', folder)) as [
    { filename: string },
  ];
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  npm(folder, 'install', `./${filename}`);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const installed = (...path: string[]): string => join(folder, 'node_modules', 'coldgate', ...path);

describe('the package, packed and installed into an empty folder', () => {
  it('has the licence, its notices and the schema, and needs no other package', () => {
    for (const path of ['LICENSE', 'NOTICE', 'README.md', 'schema/models.schema.json']) {
      expect(existsSync(installed(path)), path).toBe(true);
    }
    const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as { packages: object };
    expect(Object.keys(lock.packages)).toEqual(['', 'node_modules/coldgate']);
  });

  it('begins and ships a repository by the command that npm links', async () => {
    mkdirSync(join(folder, 'models'));
    writeFileSync(join(folder, 'models', 'digits.onnx'), tinyModel());
    const coldgate = (...args: string[]) =>
      runNode([join(folder, 'node_modules', '.bin', 'coldgate'), ...args], folder, { COLDGATE_CACHE: testCache });
    for (const line of ['init --yes', 'ship --environment staging', 'destroy --environment staging']) {
      const ended = await coldgate(...line.split(' '));
      expect(ended.exit, ended.stderr).toBe(0);
    }
  });
});
