import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { IntegrityError } from '../errors.ts';

/** What stands in for a file whose content is elsewhere, or was never downloaded. */
export interface Placeholder {
  /** For scripts, in the error's data. */
  found: string;
  /** `is a Git LFS pointer` */
  words: string;
  hint: string;
}

interface Kind extends Placeholder {
  pattern: RegExp;
  /** File types that hold such text by right. */
  except?: readonly string[];
}

const download = 'The download went wrong: fetch the raw file and compare its size with the source.';
const resolve =
  'Resolve the merge: choose one side (`git checkout --ours` or `--theirs` for files of bytes), then commit.';

/** Sources: the tools' own formats. https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md, https://dvc.org/doc/user-guide/project-structure/dvc-files, https://git-annex.branchable.com/internals/pointer_file/ */
const kinds: readonly Kind[] = [
  {
    found: 'git-lfs-pointer',
    pattern: /^version https:\/\/(?:git-lfs\.github\.com|hawser\.github\.com)\/spec\//,
    words: 'is a Git LFS pointer',
    hint: 'Run `git lfs pull`, or set `lfs: true` on actions/checkout.',
  },
  {
    found: 'dvc-pointer',
    pattern: /^(?:#.*\n|[a-z]+:.*\n)*outs:[ \t]*\r?\n[ \t]*- (?:md5|etag|hash|checksum|size|path):/,
    words: 'is a DVC pointer',
    hint: 'Run `dvc pull`, and name the file itself, without `.dvc`.',
  },
  {
    found: 'git-annex-pointer',
    pattern: /^\/annex\/objects\//,
    words: 'is a git-annex pointer',
    hint: 'Run `git annex get` on it.',
  },
  {
    found: 'html',
    pattern: /^<(?:!doctype html|html|head|body)\b/i,
    words: 'is an HTML page',
    hint: download,
    except: ['.html', '.htm', '.xhtml'],
  },
  {
    found: 'xml-error',
    pattern: /^(?:<\?xml[^>]*>\s*)?<Error>/,
    words: 'is the error answer of a store (XML)',
    hint: download,
  },
  { found: 'conflict-marks', pattern: /^<{7} \S/, words: 'holds the marks of an unresolved merge', hint: resolve },
];

/** Of the first bytes; undefined where they are content. */
export function placeholderOf(head: Uint8Array, name = ''): Placeholder | undefined {
  const text = new TextDecoder().decode(head.subarray(0, 1024)).trimStart();
  const type = extname(name).toLowerCase();
  return kinds.find(({ pattern, except }) => pattern.test(text) && !except?.includes(type));
}

const headBytes = 4096;
/** Marks are looked for in texts up to this size; vocabularies and label files are far smaller. Bytes. */
const maxText = 64 * 1024 * 1024;

/**
 * Checks a file before it is published: an empty one, a pointer of Git LFS or DVC, an error page and merge conflict
 * markers are never intended. `label` is how messages name the file. Throws IntegrityError `not-the-file` with what to
 * type.
 */
export async function refusePlaceholder(path: string, label: string): Promise<void> {
  const head = await readHead(path);
  if (head.length === 0) {
    throw refusal(label, {
      found: 'empty',
      words: 'is empty',
      hint: 'Restore its content, or take it out of `files:`.',
    });
  }
  const found = placeholderOf(head, label);
  if (found) throw refusal(label, found);
  if (head.includes(0)) return;
  const line = await conflictLine(path);
  if (line !== undefined) {
    const words = `holds the marks of an unresolved merge from line ${line} on`;
    throw refusal(label, { found: 'conflict-marks', words, hint: resolve });
  }
}

const refusal = (label: string, { found, words, hint }: Placeholder): IntegrityError =>
  new IntegrityError('not-the-file', `${label} ${words}, not the file itself.`, { hint, data: { found } });

async function readHead(path: string): Promise<Buffer> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** The line of the first mark, 1-based, where both sides of a conflict are marked; undefined in files of bytes. */
async function conflictLine(path: string): Promise<number | undefined> {
  let [lines, begun, rest] = [0, undefined as number | undefined, ''];
  let read = 0;
  for await (const chunk of createReadStream(path, 'latin1')) {
    read += chunk.length;
    if (read > maxText || chunk.includes('\0')) return undefined;
    const parts = (rest + chunk).split('\n');
    rest = (parts.pop() ?? '').slice(0, maxText);
    for (const line of parts) {
      lines++;
      if (/^<{7} /.test(line)) begun ??= lines;
      if (begun !== undefined && /^>{7} /.test(line)) return begun;
    }
  }
  return begun !== undefined && /^>{7} /.test(rest) ? begun : undefined;
}
