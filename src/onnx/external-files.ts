import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ExternalRange, rangeFaults, rangeOf, tensorFault } from './external-ranges.ts';
import type { ExternalTensor } from './external-tensors.ts';
import { ModelFault } from './model-fault.ts';
import { placeholderOf } from './placeholder.ts';

/** A file beside a model that holds values of its tensors, looked at and found usable. */
export interface ExternalFile {
  /** Relative to the model's folder, with `/`. */
  path: string;
  /** Absolute path on this machine. */
  source: string;
  /** Bytes. */
  size: number;
  /** For messages: `the tensor "w" (and 3 more)`. */
  tensors: string;
}

export interface ExternalData {
  files: ExternalFile[];
  faults: ModelFault[];
}

/** A pointer lists all of them, and a start reads it: exporters that write a file for each tensor stay below. */
const fileLimit = 1000;
/** Enough to see what is wrong; damage to a file shows in each of its tensors. */
const maxFaults = 20;

/**
 * Finds the files that the model's tensors name, and checks each before it is opened: it is a plain file in the folder
 * of the model, by exactly this name, reached through no link and shared with no other name, and has the bytes that the
 * tensors need. Nothing else is opened. Faults name the tensor.
 */
export async function findExternalData(model: string, tensors: readonly ExternalTensor[]): Promise<ExternalData> {
  const faults: ModelFault[] = [];
  const byPath = new Map<string, ExternalRange[]>();
  for (const tensor of tensors) {
    try {
      const range = rangeOf(tensor);
      const ranges = byPath.get(range.path);
      if (ranges) ranges.push(range);
      else byPath.set(range.path, [range]);
    } catch (error) {
      if (!(error instanceof ModelFault)) throw error;
      faults.push(error);
    }
  }
  faults.push(...namesApart(byPath));
  if (byPath.size > fileLimit) {
    const hint =
      'Save it with one: onnx.save_model(model, path, save_as_external_data=True, location="model.onnx.data").';
    faults.push(new ModelFault('external-data', `keeps its tensors in more than ${fileLimit} files`, hint));
  }
  const files: ExternalFile[] = [];
  if (faults.length === 0) {
    const own = await lstat(model);
    for (const [path, ranges] of byPath) {
      const found = await lookAtFile(dirname(model), path, ranges, own);
      if (found instanceof ModelFault) faults.push(found);
      else {
        faults.push(...rangeFaults(ranges, found.size));
        files.push(found);
      }
    }
  }
  return { files, faults: faults.slice(0, maxFaults) };
}

/** Stores and file systems may take two names that differ in case alone for one. */
function namesApart(byPath: ReadonlyMap<string, readonly ExternalRange[]>): ModelFault[] {
  const seen = new Map<string, string>();
  const faults: ModelFault[] = [];
  for (const [path, ranges] of byPath) {
    const other = seen.get(path.toLowerCase());
    seen.set(path.toLowerCase(), path);
    if (other !== undefined) faults.push(fault(ranges, path, `a name that differs from ${other} in case alone`));
  }
  return faults;
}

/** Of the file, as the first of its tensors has it. */
function fault(
  ranges: readonly ExternalRange[],
  path: string,
  what: string,
  hint?: string,
  found?: string,
): ModelFault {
  return tensorFault(tensorsOf(ranges), `in ${path}: ${what}`, hint, found);
}

function tensorsOf(ranges: readonly ExternalRange[]): string {
  const [first] = ranges as [ExternalRange, ...ExternalRange[]];
  return `${first.tensor}${ranges.length > 1 ? ` (and ${ranges.length - 1} more)` : ''}`;
}

const inPlace = 'Put a copy of the file itself in its place.';

async function lookAtFile(
  folder: string,
  path: string,
  ranges: readonly ExternalRange[],
  own: Stats,
): Promise<ExternalFile | ModelFault> {
  const refuse = (what: string, hint?: string, found?: string) => fault(ranges, path, what, hint, found);
  const parts = path.split('/');
  for (const [at, part] of parts.entries()) {
    const place = join(folder, ...parts.slice(0, at));
    const missing = await missingName(place, part);
    if (missing) return refuse(...missing);
    const stats = await lstat(join(place, part));
    const name = parts.slice(0, at + 1).join('/');
    if (stats.isSymbolicLink()) return refuse(`${name} is a link, which is not followed`, inPlace);
    if (at < parts.length - 1 && !stats.isDirectory()) return refuse(`${name} is not a folder`);
    if (at < parts.length - 1) continue;
    if (!stats.isFile()) return refuse(`it is ${kindOf(stats)}, not a file`);
    if (stats.ino === own.ino && stats.dev === own.dev) return refuse('it is the model itself');
    if (stats.nlink > 1) return refuse('the file has another name elsewhere (a hard link)', inPlace);
    const other = placeholderOf(await headOf(join(place, part)), part);
    if (other) return refuse(`it ${other.words}, not the file itself`, other.hint, other.found);
    return { path, source: join(place, part), size: stats.size, tensors: tensorsOf(ranges) };
  }
  return refuse('there is no such file');
}

/** What is wrong where the folder has no entry of exactly this name, which some file systems would find all the same. */
async function missingName(folder: string, name: string): Promise<[what: string, hint?: string] | undefined> {
  const names = await readdir(folder).catch(() => [] as string[]);
  if (names.includes(name)) return undefined;
  const like = (text: string) => text.normalize('NFKC').toLowerCase();
  const close = names.find((other) => like(other) === like(name));
  if (close !== undefined) {
    return [
      `the file there is named ${JSON.stringify(close)}`,
      'Give the file the very name that the model has for it.',
    ];
  }
  if (names.includes(`${name}.dvc`)) return ['there is only its DVC pointer', 'Run `dvc pull`.'];
  return ['there is no such file', `Put ${name} beside the model, where it was exported to.`];
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/** Neither follows a link nor waits for a writer, should something else have come into the file's place. */
async function headOf(path: string): Promise<Uint8Array> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
  return buffer.subarray(0, bytesRead);
}
