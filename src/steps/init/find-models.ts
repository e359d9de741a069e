import { execFile } from 'node:child_process';
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { isModelName } from '../../model/names.ts';

export interface FoundModel {
  name: string;
  /** Relative to the folder that was searched, with slashes. */
  path: string;
  /** Of the larger of this file and those beside it that it may keep tensors in. */
  bytes: number;
}

/** Folders that hold what others wrote, or what can be made again. */
const skipped = new Set(['node_modules', 'venv', '__pycache__', 'store']);
const maxDepth = 8;
/** What exporters call every model: the folder says more. */
const plain = new Set(['model', 'model_optimized', 'model_quantized', 'encoder_model', 'onnx', 'export', 'exported']);
const uninformative = new Set(['', '.', 'onnx', 'model', 'models', 'src', 'exports']);

const isModelFile = (path: string): boolean => extname(path).toLowerCase() === '.onnx';

/** Files that git tracks or would track; undefined where this is no work tree, or there is no git. */
async function gitFiles(root: string): Promise<string[] | undefined> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', '*.onnx', '*.ONNX'];
  try {
    const { stdout } = await promisify(execFile)('git', args, { cwd: root, maxBuffer: 2 ** 26 });
    return stdout.split('\0').filter((path) => path !== '');
  } catch {
    return undefined;
  }
}

async function filesBelow(root: string, folder = '', depth = 0): Promise<string[]> {
  const entries: Dirent[] = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isFile()) found.push(path);
    const enter = entry.isDirectory() && depth < maxDepth && !entry.name.startsWith('.') && !skipped.has(entry.name);
    if (enter) found.push(...(await filesBelow(root, path, depth + 1)));
  }
  return found;
}

const safe = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 60)
    .replace(/[^a-z0-9]+$/, '');

/** `models/digits.onnx` -> `digits`, `digits/onnx/model.onnx` -> `digits`: the first part from the end that says something. */
export function modelNameOf(path: string): string {
  const stem = safe(basename(path, extname(path)));
  const folders = dirname(path).split('/').reverse().map(safe);
  const folder = folders.find((part) => !uninformative.has(part));
  const name = plain.has(stem) ? (folder ?? stem) : stem;
  return isModelName(name) ? name : 'model';
}

/** Gives each path a name of its own; of two that would be alike the later one gets a number. */
export function nameModels(paths: readonly string[]): { name: string; path: string }[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const wish = modelNameOf(path);
    let name = wish;
    for (let next = 2; taken.has(name); next += 1) name = `${wish}-${next}`;
    taken.add(name);
    return { name, path };
  });
}

/**
 * ONNX files below a folder, each with a name for it, in the order of their paths. In a work tree of git these are the
 * files that git tracks or would track; elsewhere all that are not hidden, nor in folders such as node_modules.
 */
export async function findModels(root: string): Promise<FoundModel[]> {
  const all = (await gitFiles(root)) ?? (await filesBelow(root));
  const paths = [...new Set(all)].filter(isModelFile).sort();
  const sizes = await Promise.all(paths.map((path) => largest(root, path)));
  const there = paths.filter((_, at) => sizes[at] !== undefined);
  return nameModels(there).map(({ name, path }) => ({ name, path, bytes: sizes[paths.indexOf(path)] ?? 0 }));
}

/** Bytes of the largest file that begins with the model's name: exporters name files of tensors after the model. */
async function largest(root: string, path: string): Promise<number | undefined> {
  const folder = join(root, dirname(path));
  const size = async (name: string) => {
    const found = await stat(join(folder, name)).catch(() => undefined);
    return found?.isFile() ? found.size : undefined;
  };
  const own = await size(basename(path));
  if (own === undefined) return undefined;
  const stem = basename(path, extname(path));
  const beside = (await readdir(folder)).filter(
    (name) => name.startsWith(`${stem}.`) || name.startsWith(`${stem}_data`),
  );
  return Math.max(own, ...(await Promise.all(beside.map(async (name) => (await size(name)) ?? 0))));
}
