import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
});
const documents = list
  .toString()
  .split('\0')
  .filter((path) => path !== '' && !/(?:^|\/)(?:dist|fixtures|licenses)\//.test(path) && existsSync(join(root, path)));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '``');

/** As GitHub names headings: lower case, no punctuation, dashes for spaces. */
const anchorsOf = (path: string): string[] =>
  [
    ...read(path)
      .replaceAll(/^```[\s\S]*?^```/gm, '')
      .matchAll(/^#+ (.+)$/gm),
  ].map(([, heading = '']) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

interface Link {
  from: string;
  /** Relative to the repository. */
  to: string;
  anchor: string | undefined;
}

const linksOf = (from: string): Link[] =>
  [...withoutCode(read(from)).matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)]
    .map(([, inline, html]) => inline ?? html ?? '')
    .filter((target) => !/^[a-z]+:/i.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      const to = path === '' ? from : relative(root, join(root, dirname(from), path));
      return { from, to, anchor };
    });

describe('the documents', () => {
  const links = documents.flatMap(linksOf);

  it('link to files and headings that are there', () => {
    expect(links.length).toBeGreaterThan(150);
    expect(links.filter(({ to }) => !existsSync(join(root, to)))).toEqual([]);
    const headings = links.filter(({ to, anchor }) => anchor !== undefined && to.endsWith('.md'));
    expect(headings.length).toBeGreaterThan(20);
    expect(headings.filter(({ to, anchor }) => !anchorsOf(to).includes(anchor!))).toEqual([]);
  });

  it('are all in the index', () => {
    const indexed = new Set(linksOf('docs/README.md').map(({ to }) => to));
    const pages = documents.filter((path) => /^docs\/[^/]+\.md$/.test(path) && path !== 'docs/README.md');
    expect(pages.filter((path) => !indexed.has(path))).toEqual([]);
  });

  it('begin with a README that a stranger reads to its end', () => {
    const text = read('README.md');
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8000);
    expect(text.split('\n').findIndex((line) => line.includes('uses: coldgate/coldgate@'))).toBeLessThan(30);
  });
});
