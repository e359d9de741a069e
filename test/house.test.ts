import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalog } from '../src/catalog.ts';
import { toolVersion } from '../src/version.ts';
import { apart, rooms } from './house-rules.ts';

const root = join(import.meta.dirname, '..');
const files = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((f) => join(folder, f))
    .filter((f) => f.endsWith(ending) && statSync(join(root, f)).isFile())
    .sort();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Room of a source file: its folder under src, or its own name at the top. */
const roomOf = (path: string): string => {
  const [, first = '', second] = path.split('/');
  return second === undefined ? first.replace(/\.ts$/, '') : first;
};

interface Import {
  from: string;
  target: string;
  lazy: boolean;
}

function importsOf(path: string): Import[] {
  const text = read(path);
  const found: Import[] = [];
  for (const m of text.matchAll(/^(?:import|export)\s[^;]*?from\s+'([^']+)'/gm))
    found.push({ from: path, target: m[1]!, lazy: false });
  for (const m of text.matchAll(/^import\s+'([^']+)'/gm)) found.push({ from: path, target: m[1]!, lazy: false });
  for (const m of text.matchAll(/import\('([^']+)'\)/g)) found.push({ from: path, target: m[1]!, lazy: true });
  return found;
}

function allowed({ from, target, lazy }: Import): boolean {
  const room = rooms[roomOf(from)];
  if (!room) return false;
  if (!target.startsWith('.'))
    return room.packages.some((p) =>
      p.endsWith(':') || p.endsWith('/') ? target.startsWith(p) : target === p || target.startsWith(`${p}/`),
    );
  const path = normalize(join(from, '..', target));
  const other = roomOf(path);
  if (other === roomOf(from)) return true;
  const inside = path.replace(/^src\//, '');
  const fits = (r: string) => r === other || r === inside;
  return room.rooms.some(fits) || (lazy && (room.lazy ?? []).some(fits));
}

describe('the house', () => {
  const sources = files('src', '.ts');

  it('keeps imports inside the room rules', () => {
    const broken = sources.flatMap(importsOf).filter((i) => !allowed(i));
    expect(broken.map((i) => `${i.from} -> ${i.target}`)).toEqual([]);
  });

  it('imports Node modules by their node: name only', () => {
    const bare = sources
      .flatMap(importsOf)
      .filter((i) => !i.target.startsWith('node:') && builtinModules.includes(i.target));
    expect(bare).toEqual([]);
  });

  it('has its rooms from the bottom to the top, and a rule for each', () => {
    const names = Object.keys(rooms);
    const upward = Object.entries(rooms).flatMap(([name, room]) =>
      [...room.rooms, ...(room.lazy ?? [])]
        .filter((other) => names.indexOf(other.split('/', 1)[0] ?? '') >= names.indexOf(name))
        .map((other) => `${name} -> ${other}`),
    );
    expect(upward).toEqual([]);
    expect([...new Set(sources.map(roomOf))].sort()).toEqual([...names].sort());
  });

  it('has nothing in verbs/ but the verbs of the catalog', () => {
    const verbs = files('src/verbs', '.ts').map((file) => basename(file, '.ts'));
    expect(verbs).toEqual(catalog.map(({ name }) => name).sort());
  });

  it('has no circle between files, types included', () => {
    expect(circlesOf(new Map(sources.map((file) => [file, filesImportedBy(file)])))).toEqual([]);
  });

  it('has no rule for a file that is not there', () => {
    const named = Object.values(rooms).flatMap(({ rooms: others }) => others.filter((other) => other.includes('/')));
    expect(named.filter((file) => !sources.includes(`src/${file}`))).toEqual([]);
  });

  it.each(apart)('holds that $rule', ({ folders, doors }) => {
    const folder = (path: string) => folders.exec(path)?.[1];
    const inside = sources.filter((file) => folder(file) !== undefined);
    expect(new Set(inside.map(folder)).size).toBeGreaterThan(1);
    const strangers = sources.flatMap((from) =>
      filesImportedBy(from)
        .filter((to) => folder(to) !== undefined && folder(to) !== folder(from) && !doors.test(from))
        .map((to) => `${from} -> ${to}`),
    );
    expect(strangers).toEqual([]);
  });

  it('finds circles', () => {
    const graph = { a: ['b'], b: ['c', 'd'], c: ['a'], d: ['d'], e: ['a', 'f'], f: [] };
    expect(circlesOf(new Map(Object.entries(graph)))).toEqual(['a -> b -> c -> a', 'd -> d']);
  });

  it('keeps every file and function within its ceiling', () => {
    const long = [
      ...sources.map((f) => [f, 200] as const),
      ...files('test', '.ts').map((f) => [f, 300] as const),
      ...files('scripts', '.mjs').map((f) => [f, 200] as const),
    ].filter(([f, most]) => read(f).split('\n').length - 1 > most);
    expect(long.map(([f, most]) => `${f}: more than ${most} lines`)).toEqual([]);
    expect(sources.flatMap(longFunctions)).toEqual([]);
  });

  it('writes to no stream and reads no environment below the edges', () => {
    const edges = new Set(['cli', 'action', 'index', 'runner', 'terminal', 'handler', 'optimize']);
    const inside = sources.filter((f) => !edges.has(roomOf(f)) && !f.startsWith('src/targets/local'));
    const broken = inside.filter((f) => /\bconsole\.|process\.(?:stdout|stderr|env|argv)\b/.test(read(f)));
    expect(broken).toEqual([]);
  });

  it('has one word for what nobody owns: none', () => {
    const vague = sources.filter((f) => /(?:^|\/)(?:utils?|helpers?|common|manager|misc)(?:\/|\.ts|-)/.test(f));
    expect(vague).toEqual([]);
  });

  it('cites only facts that docs/facts.md has', () => {
    const known = new Set(
      read('docs/facts.md')
        .match(/^- P\d+/gm)
        ?.map((line) => `docs/facts.md ${line.slice(2)}`),
    );
    const cited = [...sources, ...files('test', '.ts')].flatMap((f) => read(f).match(/docs\/facts\.md P\d+/g) ?? []);
    expect(cited.length).toBeGreaterThan(20);
    expect(cited.filter((fact) => !known.has(fact))).toEqual([]);
  });

  it('names only files that exist in its documents', () => {
    const documents = ['CONTRIBUTING.md', 'README.md', 'SECURITY.md', ...files('docs', '.md')];
    const walks = read('docs/architecture.md').split('## Three walks')[1] ?? '';
    const steps = [...walks.matchAll(/`([\w./-]+\/[\w.-]+\.ts)`/g)].map(
      ([, path]) => ['the walks', `src/${path}`] as const,
    );
    const named = documents.flatMap((file) =>
      [...read(file).matchAll(/(?<![\w/.-])(?:src|test|scripts|schema)\/[\w./<>*-]*[\w>*]/g)].map(
        ([path]) => [file, path] as const,
      ),
    );
    const literal = [...steps, ...named].filter(([, path]) => !/[<>*]/.test(path));
    expect(steps.length).toBeGreaterThan(30);
    expect(literal.length).toBeGreaterThan(100);
    expect(literal.filter(([, path]) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('walks from file to file that imports it', () => {
    const paragraphs = (read('docs/architecture.md').split('## Three walks')[1] ?? '').split('\n\n');
    const walks = paragraphs
      // The function is another process.
      .map((text) => text.replaceAll(/\(the function:[^)]*\)/g, '').replaceAll('<provider>', 'local'))
      .map((text) => [...text.matchAll(/`([\w./-]+\.ts)`/g)].map(([, path]) => `src/${path}`))
      .filter((files) => files.length > 0);
    expect(walks).toHaveLength(3);
    const lost = walks.flatMap(([first, ...more]) => {
      const reached = new Set([first]);
      return more.filter((file) => {
        const isReached = [...reached].some((from) => filesImportedBy(from ?? '').includes(file));
        reached.add(file);
        return !isReached;
      });
    });
    expect(lost).toEqual([]);
  });

  it('carries the version of package.json', () => {
    expect(toolVersion).toBe(JSON.parse(read('package.json')).version);
  });

  it('gives one input the same meaning in every verb', () => {
    const meaning = new Map<string, string>();
    for (const input of catalog.flatMap((v) => v.inputs)) {
      const text = JSON.stringify([input.type, input.default]);
      expect([input.name, meaning.get(input.name) ?? text]).toEqual([input.name, text]);
      meaning.set(input.name, text);
    }
  });
});

/** The files of src that a file imports, also for types alone and by `import()`. */
const filesImportedBy = (path: string): string[] =>
  importsOf(path).flatMap(({ target }) => (target.startsWith('.') ? [normalize(join(path, '..', target))] : []));

/** One circle for each way back that a walk through the graph meets. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (node: string, way: readonly string[]): void => {
    const at = way.indexOf(node);
    if (at >= 0) circles.push([...way.slice(at), node].join(' -> '));
    if (at >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...way, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return circles;
}

/** Top-level functions and methods longer than 40 lines, found by indentation as the formatter lays it out. */
function longFunctions(path: string): string[] {
  const lines = read(path).split('\n');
  const starts =
    /^(\s*)(?:export )?(?:default )?(?:async )?(?:function\*? \w+|(?:const|let) \w+ = (?:async )?(?:\([^)]*\)|\w+)(?:: [^=]+)? => \{$|(?:static |override |async |get |set |\*|#)*\w+\([^)]*\)(?:: [^{]+)? \{$)/;
  return lines.flatMap((line, at) => {
    const indent = starts.exec(line)?.[1];
    if (indent === undefined || /^\s*(?:if|for|while|switch|return|describe|it)\b/.test(line)) return [];
    const end = lines.findIndex((l, i) => i > at && l.startsWith(`${indent}}`));
    const length = end - at + 1;
    return end > 0 && length > 40 ? [`${path}:${at + 1}: ${length} lines`] : [];
  });
}
