import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const script = pathToFileURL(join(import.meta.dirname, '../scripts/licenses.mjs')).href;
const { bundledPackages, licensesOf, packageFolder } = (await import(script)) as {
  bundledPackages(statistics: string, files: string[]): string[];
  licensesOf(folders: string[]): string;
  packageFolder(file: string): string | undefined;
};
const root = join(tmpdir(), `coldgate-licenses-${process.pid}`);
afterEach(() => rmSync(root, { recursive: true, force: true }));

function installed(name: string, manifest: object, files: Record<string, string> = {}): string {
  const folder = join(root, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...manifest }));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

describe('the licences of what is bundled', () => {
  it('lists every package with its licence, and each text once', () => {
    const text = licensesOf([
      installed('b', { license: 'MIT' }, { LICENSE: 'Text one.\r\n' }),
      installed('@a/a', { license: 'MIT' }, { 'licence.md': 'Text one.\n' }),
      installed('c', { license: '(Apache-2.0 AND BSD-3-Clause)' }, { 'LICENSE.txt': 'Text two.', NOTICE: 'Notice.' }),
    ]);
    expect(text.split(/\n-+\n/).map((part) => part.trim())).toEqual([
      '@a/a 1.0.0 (MIT)\nb 1.0.0 (MIT)\n\nText one.',
      'c 1.0.0 ((Apache-2.0 AND BSD-3-Clause))\n\nText two.\n\nNotice.',
    ]);
  });

  it('fails for every package without a text or under a licence that is not allowed', () => {
    const folders = [
      installed('fine', { license: 'ISC' }, { LICENSE: 'Text.' }),
      installed('no-text', { license: 'MIT' }, { NOTICE: 'Only a notice.' }),
      installed('copyleft', { license: 'GPL-3.0-only' }, { LICENSE: 'Text.' }),
      installed('either', { license: '(MIT OR GPL-3.0-only)' }, { LICENSE: 'Text.' }),
      installed('elsewhere', { license: 'SEE LICENSE IN LICENSE.txt' }, { LICENSE: 'Text.' }),
      installed('silent', {}, { LICENSE: 'Text.' }),
    ];
    let message = '';
    try {
      licensesOf(folders);
    } catch (error) {
      message = (error as Error).message;
    }
    const named = ['copyleft', 'either', 'elsewhere', 'no-text', 'silent'];
    expect(named.filter((name) => !message.includes(`${name} 1.0.0`))).toEqual([]);
    expect(message).not.toContain('fine 1.0.0');
  });

  it("gives a package that ships no text its licence's own, where that was decided", () => {
    expect(licensesOf([installed('stubs', { license: 'MIT' })])).toContain('Copyright (c) Stephen Sawchuk');
    expect(licensesOf([installed('@aws-sdk/nested-clients', { license: 'Apache-2.0' })])).toContain('Version 2.0');
  });

  it('finds the packages that bundled files belong to', () => {
    expect(packageFolder('/x/node_modules/a/node_modules/@b/c/lib/d.js')).toBe('/x/node_modules/a/node_modules/@b/c');
    expect(packageFolder('/x/build/index.js')).toBeUndefined();
    mkdirSync(root, { recursive: true });
    const statistics = join(root, 'statistics.json');
    writeFileSync(statistics, '{"modules":[{"nameForCondition":"/x/node_modules/a/i.js"},{"nameForCondition":null}]}');
    const files = ['/x/node_modules/a/other.js', '/x/node_modules/b/i.js', '/x/src/own.ts'];
    expect(bundledPackages(statistics, files)).toEqual(['/x/node_modules/a', '/x/node_modules/b']);
  });
});
