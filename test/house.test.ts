import { readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalog } from '../src/catalog.ts';
import { toolVersion } from '../src/version.ts';

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

/** What each room may import: other rooms (all files, or the one named after the slash), and packages. */
const rooms: Record<string, { rooms: string[]; packages: string[]; lazy?: string[] }> = {
  errors: { rooms: [], packages: [] },
  log: { rooms: ['errors'], packages: [] },
  conceal: { rooms: ['errors'], packages: [] },
  proxy: { rooms: [], packages: ['node:http'] },
  'credential-words': { rooms: ['errors', 'proxy'], packages: [] },
  version: { rooms: [], packages: [] },
  inputs: { rooms: ['errors', 'model/names.ts'], packages: ['fastest-levenshtein'] },
  model: { rooms: [], packages: ['node:crypto', 'semver'] },
  gate: { rooms: ['model', 'errors', 'inputs'], packages: ['d3-scale', 'd3-shape'] },
  config: {
    rooms: ['model', 'gate', 'errors', 'inputs'],
    packages: ['zod', 'js-yaml', 'fastest-levenshtein', 'semver', 'node:'],
  },
  onnx: { rooms: ['model', 'errors', 'inputs'], packages: ['node:', 'fastest-levenshtein'] },
  stores: {
    rooms: ['errors', 'config/types.ts', 'proxy'],
    packages: [
      'node:',
      '@aws-sdk/client-s3',
      '@aws-sdk/s3-request-presigner',
      '@smithy/',
      '@google-cloud/storage',
      '@azure/storage-blob',
      '@azure/identity',
    ],
  },
  registry: {
    rooms: ['model', 'stores/store.ts', 'onnx', 'errors', 'log'],
    packages: ['node:crypto', 'node:fs', 'node:path'],
  },
  package: {
    rooms: ['errors', 'log'],
    packages: ['node:', 'fflate', 'tar-stream'],
  },
  pause: { rooms: [], packages: ['node:timers'] },
  rollout: {
    rooms: ['model', 'gate', 'errors', 'log', 'package/package-file.ts', 'package/budget.ts', 'pause', 'proxy'],
    packages: ['node:crypto', 'node:http', 'node:https'],
  },
  targets: {
    rooms: [
      'rollout',
      'pause',
      'model',
      'gate',
      'errors',
      'log',
      'config/types.ts',
      'config/schema/aws-lambda.ts',
      'package',
      'proxy',
    ],
    packages: [
      'node:',
      '@aws-sdk/client-lambda',
      '@aws-sdk/client-application-auto-scaling',
      '@aws-sdk/client-apigatewayv2',
      '@aws-sdk/client-cloudwatch-logs',
      '@aws-sdk/client-s3',
      'aws4fetch',
    ],
  },
  iam: {
    rooms: [
      ...['errors', 'model', 'config/types.ts', 'config/schema/aws-lambda.ts'],
      ...['config/schema/google-cloud-run.ts', 'config/schema/azure-functions.ts'],
    ],
    packages: [],
  },
  handler: {
    rooms: ['model'],
    packages: ['node:', 'onnxruntime-node', 'onnxruntime-common', 'aws4fetch', '@azure/functions'],
  },
  optimize: {
    rooms: ['model', 'errors', 'onnx', 'handler'],
    packages: ['node:', 'onnxruntime-node', 'onnxruntime-common'],
  },
  measure: {
    rooms: [
      'gate',
      'rollout/target.ts',
      'rollout/proof/http.ts',
      'rollout/proof/expectation.ts',
      'rollout/proof/prove.ts',
      'pause',
      'model',
      'errors',
      'log',
      'stores/store.ts',
    ],
    packages: ['node:crypto'],
  },
  github: {
    rooms: ['errors', 'log', 'model', 'gate', 'config/types.ts'],
    packages: ['@octokit/core', '@octokit/plugin-retry', 'node:'],
  },
  verbs: {
    rooms: [
      'github',
      'model',
      'gate',
      'config',
      'onnx',
      'registry',
      'package',
      'measure',
      'conceal',
      'credential-words',
      'errors',
      'log',
      'inputs',
      'version',
      'stores/store.ts',
      'stores/open.ts',
      'stores/read-file.ts',
      'rollout/target.ts',
      'targets/open.ts',
      'optimize',
      'iam',
    ],
    packages: ['node:path', 'node:fs', 'node:url', 'node:os', 'node:child_process', 'node:util'],
  },
  catalog: { rooms: ['inputs', 'errors', 'verbs/verb.ts'], packages: [], lazy: ['verbs'] },
  terminal: { rooms: ['catalog', 'conceal', 'errors', 'inputs', 'log', 'version'], packages: ['node:'] },
  runner: {
    rooms: ['conceal', 'errors', 'log', 'model', 'github', 'terminal/logger.ts', 'verbs/verb.ts'],
    packages: ['node:', '@actions/core', '@actions/cache'],
  },
  cli: {
    rooms: ['catalog', 'conceal', 'proxy', 'errors', 'inputs', 'runner', 'terminal', 'version'],
    packages: ['node:'],
  },
  action: {
    rooms: ['catalog', 'conceal', 'credential-words', 'proxy', 'errors', 'github', 'inputs', 'runner', 'verbs/verb.ts'],
    packages: ['@actions/core'],
    lazy: ['verbs'],
  },
  index: { rooms: ['version'], packages: [], lazy: ['action', 'cli'] },
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

  it('lets the drivers of stores be named by open alone', () => {
    const drivers = files('src/stores', '.ts').filter(
      (f) => f.split('/').length === 3 && !/\/(store|open|read-file)\.ts$/.test(f),
    );
    const users = sources.flatMap(importsOf).filter((i) => i.target.startsWith('.'));
    for (const driver of drivers) {
      const outside = users.filter(
        (u) => normalize(join(u.from, '..', u.target)) === driver && !u.from.startsWith('src/stores/'),
      );
      expect(outside).toEqual([]);
    }
  });

  it('lets platforms be named by open alone, and never by one another', () => {
    const folder = (path: string) => /^src\/targets\/[^/]+(?=\/)/.exec(path)?.[0];
    const strangers = sources.flatMap(importsOf).filter(({ from, target }) => {
      const of = target.startsWith('.') ? folder(normalize(join(from, '..', target))) : undefined;
      return of !== undefined && of !== folder(from) && from !== 'src/targets/open.ts';
    });
    expect(strangers).toEqual([]);
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
