import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StoreSettings } from '../../config/types.ts';
import { InputError, type Problem } from '../../errors.ts';

const form = 'expected file:///absolute/path with "#", "?" and "%" written as %23, %3F and %25';

/** Settings that a folder cannot honour; passing over `kmsKey` would leave unencrypted what was meant to be encrypted. */
const foreign = {
  region: 'region',
  endpoint: 'endpoint',
  kmsKey: 'kms-key',
  encryption: 'encryption',
  encryptionScope: 'encryption-scope',
} as const;

function pathOf(url: string): string | undefined {
  // One slash or three, or this machine by name. Without the check `file:a` would mean `/a`, and `file://a/b` a host.
  if (!/^file:(?:\/(?!\/)|\/\/(?:localhost)?\/)/i.test(url) || /[?#]/.test(url)) return undefined;
  try {
    const path = fileURLToPath(url);
    return path.includes('\0') ? undefined : resolve(path);
  } catch {
    return undefined;
  }
}

/** The folder of a `file:` store. Throws InputError for a URL that names none, and for settings it cannot honour. */
export function rootOf(settings: StoreSettings): string {
  const problems: Problem[] = [];
  const path = pathOf(settings.url);
  if (path === undefined)
    problems.push({ path: 'store.url', message: `${form}, got ${JSON.stringify(settings.url)}.` });
  for (const [field, name] of Object.entries(foreign)) {
    if (settings[field as keyof typeof foreign] === undefined) continue;
    problems.push({ path: `store.${name}`, message: 'a file store has no such setting; remove it.' });
  }
  if (path === undefined || problems.length > 0) throw new InputError(problems);
  return path;
}
