import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError, type Problem } from '../errors.ts';

/** A models.yaml with hundreds of models stays below a tenth of it. */
const sizeLimit = 1024 * 1024;

/** The file as text without its byte order mark. Throws InputError naming the file as `label`. */
export async function readText(file: string, label: string): Promise<string> {
  const bytes = await readBytes(file, label);
  if (bytes.byteLength > sizeLimit) {
    throw refusal(label, `expected at most ${sizeLimit} bytes, got more.`, 'Name the models.yaml itself.');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal(label, 'expected text in UTF-8, got other bytes.', 'Save it as UTF-8.');
  }
}

async function readBytes(file: string, label: string): Promise<Uint8Array> {
  try {
    await using handle = await open(file, 'r');
    const buffer = Buffer.alloc(sizeLimit + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw refusal(label, 'expected a models.yaml, got no such file.', whereInstead(file));
    }
    if (code === 'EISDIR') throw refusal(label, 'expected a file, got a directory.', 'Name the file in it.');
    throw refusal(label, `expected a file that can be read, got ${code ?? 'an error'}.`, 'Check its permissions.');
  }
}

/** The other ending of YAML files is as usual as ours. */
function whereInstead(file: string): string {
  const other = /\.ya?ml$/.test(file) ? file.replace(/\.ya?ml$/, file.endsWith('.yml') ? '.yaml' : '.yml') : undefined;
  if (other === undefined || !existsSync(other)) return 'Run in its directory, or pass --config.';
  return `There is a ${basename(other)}: name it with --config, or rename it.`;
}

const refusal = (file: string, message: string, hint: string): InputError => {
  const problem: Problem = { path: '', file, message, hint };
  return new InputError([problem], { code: 'bad-config' });
};
