import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type LoadOptions, loadConfig } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import { readEvent } from '../github/event-payload.ts';
import type { Context } from './verb.ts';

/**
 * Reads models.yaml for a verb. What it takes from the environment is from then on shown by its name; in a run for code
 * that nobody vouches for, it takes nothing but public variables. Throws InputError with every problem of the file.
 */
export async function readConfig(file: string, context: Context, options: LoadOptions = {}): Promise<Config> {
  const untrusted = await isUntrusted(context);
  const config = await loadConfig(resolve(context.cwd, file), context.env, { ...options, untrusted });
  for (const one of config.interpolated ?? []) context.conceal?.add(one);
  return config;
}

/** Whether the event of the run is a pull request from outside. An event that cannot be read is for others to refuse. */
async function isUntrusted({ env, cwd }: Context): Promise<boolean> {
  const { GITHUB_EVENT_NAME: name = '', GITHUB_EVENT_PATH: path } = env;
  if (!name.startsWith('pull_request') || !path) return false;
  try {
    const event = readEvent('pull_request', JSON.parse(await readFile(resolve(cwd, path), 'utf8')));
    return event.kind === 'pull-request' && event.untrusted !== undefined;
  } catch {
    return true;
  }
}
