import { copyFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { documents } from '../fakes/registry/forged-store.ts';
import { addEnvironment, changeJson, command, inStore, pointer, type Situation, write } from './situation.ts';

const repair = /(history --model \w+ --repair)/;

const stored: Situation[] = [
  {
    name: 'a pointer that is no JSON',
    line: 'status',
    spoil: (project) => writeFileSync(pointer(project), '{}'),
    hint: /coldgate (history --repair)/,
    follow: command,
  },
  ...['status', 'rollback', 'prune --retain 1'].map(
    (line): Situation => ({
      name: `a pointer that is not there, of ${line}`,
      line,
      spoil: (project) => rmSync(pointer(project)),
      hint: repair,
      follow: command,
    }),
  ),
  {
    name: 'a pointer that is a link',
    line: 'status',
    spoil: (project) => {
      renameSync(pointer(project), project.path('elsewhere.json'));
      symlinkSync(project.path('elsewhere.json'), pointer(project));
    },
    hint: /Replace the link by a copy of what it points to\.|replace the symlink by what it points to\./,
    follow: (project, _found, run) => {
      rmSync(pointer(project));
      copyFileSync(project.path('elsewhere.json'), pointer(project));
      return run;
    },
  },
  {
    name: 'a pointer with another digest than its record',
    line: 'status',
    spoil: (project) => changeJson(pointer(project), { sha256: '0'.repeat(64) }),
    hint: repair,
    follow: command,
  },
  {
    name: 'a record that is no JSON',
    line: 'history --check',
    spoil: (project) => writeFileSync(inStore(project, documents['record']!), '{}'),
    hint: /Something else than Coldgate wrote it\.|coldgate (history --model \w+ --repair)/,
    follow: (project) => {
      // It is the newest: the next move writes it again.
      rmSync(inStore(project, documents['record']!));
      return { before: 'promote --version 1.2.0 --gate skip' };
    },
  },
  {
    name: 'a pointer that was put back to an older move',
    line: 'status',
    spoil: (project) => copyFileSync(inStore(project, documents['older record']!), pointer(project)),
    hint: /promote the version that should be live\.|coldgate (history --model \w+ --repair)/,
    follow: (_project, [, line]) => ({ before: line ?? 'promote --version 1.1.0 --gate skip' }),
  },
  {
    name: 'a version that is not published',
    line: 'promote --version 1.3.0 --gate skip',
    hint: /Publish it first/,
    follow: () => ({ before: 'publish --version 1.3.0' }),
  },
  {
    name: 'a way back that there is none of',
    line: 'rollback --environment two',
    spoil: (project) =>
      addEnvironment(project, 'two: { store: "file:store", pointer: two.json, target: { provider: local } }'),
    hint: /Name a published version with --to/,
    follow: (_project, _found, run) => ({ ...run, line: 'rollback --environment two --to 1.1.0' }),
  },
  {
    name: 'a way back that was pruned',
    line: 'rollback',
    spoil: (project) => rmSync(inStore(project, 'digits/versions/1.0.0'), { recursive: true }),
    hint: /coldgate (rollback --model \w+ --to) <version>/,
    follow: (_project, [, line], run) => ({ ...run, line: `${line} 1.2.0` }),
  },
  {
    name: 'a version that a prune has marked',
    line: 'promote --version 1.2.0 --gate skip',
    spoil: (project) => write(inStore(project, documents['tombstone of the next version']!), '{}'),
    hint: /Run `coldgate (prune)`/,
    follow: command,
  },
  {
    name: 'a store that doctor did not trust',
    line: 'promote --version 1.2.0 --gate skip',
    spoil: (project) => {
      const found = { schema: 1, trusted: false, failed: ['stale-update'], examined_at: '', coldgate: '0' };
      write(inStore(project, documents["doctor's record"]!), JSON.stringify(found));
    },
    hint: /repair this one and run `coldgate (doctor)` again/,
    follow: command,
  },
  {
    name: 'a large object in place of the pointer',
    line: 'status',
    spoil: (project) => writeFileSync(pointer(project), Buffer.alloc(40 * 1024 * 1024, 32)),
    hint: /move it away\. coldgate (history --repair) puts a pointer back/,
    follow: (project, found) => {
      renameSync(pointer(project), project.path('strange'));
      return { before: found[1]! };
    },
  },
];

const lost: Situation[] = [
  ...[
    ['is lost', rmSync] as const,
    ['something else has written over', (path: string) => writeFileSync(path, 'x')] as const,
  ].map(
    ([what, spoil]): Situation => ({
      name: `a file of the live version that ${what}`,
      line: 'status',
      spoil: (project) => spoil(inStore(project, documents['model']!)),
      hint: /ake another (?:version|one) live: coldgate (promote --model \w+ --version) <version>/,
      follow: (_project, [, line]) => ({ before: `${line} 1.2.0 --gate skip` }),
    }),
  ),
  {
    name: 'a published file that is lost',
    line: 'verify --version 1.2.0',
    spoil: (project) => rmSync(inStore(project, documents['model of the next version']!)),
    hint: /Missing files come back by publishing the same files again/,
    follow: () => ({ before: 'publish' }),
  },
  {
    name: 'a record that is lost',
    line: 'history --check',
    spoil: (project) => renameSync(inStore(project, documents['older record']!), project.path('itself')),
    hint: /Put back what is missing or changed/,
    follow: (project, _found, run) => {
      renameSync(project.path('itself'), inStore(project, documents['older record']!));
      return run;
    },
  },
];

/** What lies in the store. */
export const ofStores: readonly Situation[] = [...stored, ...lost];
