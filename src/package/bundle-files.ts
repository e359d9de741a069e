import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ColdgateError, exitCodes } from '../errors.ts';

export interface BundleFile {
  name: string;
  bytes: Uint8Array;
}

/**
 * `from "./x.mjs"`, `import("./x.mjs")`, `require("./x.cjs")`: all forms that a bundler writes, in any quotes; and
 * `${__dirname}/x.part.cjs`, by which node.cjs takes its part, and codecs their WebAssembly.
 */
const besideIt =
  /(?:(?:from|import|require)\s*\(?\s*["'`]\.|\$\{(?:__dirname|import\.meta\.dirname)\})\/([\w.-]+\.(?:[cm]?js|wasm))["'`]/g;

/**
 * The entry and every script that it can reach. The folder also holds what never runs in a function (the optimiser), and
 * its chunks: those stay out.
 * Throws ColdgateError `handler-not-built` (exit 2) when a file is missing.
 */
export async function bundleFiles(handlerDir: string, entry: string): Promise<BundleFile[]> {
  const found = new Map<string, Uint8Array>();
  const waiting = [entry];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    const bytes = await readBundled(handlerDir, name);
    found.set(name, bytes);
    if (name.endsWith('.wasm')) continue;
    for (const [, path] of Buffer.from(bytes).toString('utf8').matchAll(besideIt)) {
      if (path) waiting.push(path);
    }
  }
  return [...found].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function readBundled(handlerDir: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(handlerDir, name));
  } catch (cause) {
    throw new ColdgateError(
      'handler-not-built',
      exitCodes.usage,
      `The handler's bundle is incomplete: ${join(handlerDir, name)} cannot be read.`,
      { cause, hint: 'In a clone run `npm run build`; otherwise install Coldgate again.' },
    );
  }
}
