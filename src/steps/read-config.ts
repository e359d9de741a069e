import { resolve } from 'node:path';
import { type LoadOptions, loadSound, type Sound } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import { isUntrustedRun } from './untrusted-run.ts';
import type { Context } from './verb.ts';

/**
 * Reads models.yaml for a verb. Values that it takes from the environment are concealed in output from then on; in a
 * run for untrusted code it takes only public variables. Throws InputError with every problem of the file.
 */
export async function readConfig(file: string, context: Context, options: LoadOptions = {}): Promise<Config> {
  const { config, failure } = await readSound(file, context, options);
  if (failure) throw failure;
  return config;
}

/** As `readConfig`, for callers that continue with the valid part. */
export async function readSound(file: string, context: Context, options: LoadOptions = {}): Promise<Sound> {
  const untrusted = isUntrustedRun(context);
  const sound = await loadSound(resolve(context.cwd, file), context.env, { ...options, untrusted });
  for (const one of sound.config?.interpolated ?? []) context.conceal?.add(one);
  return sound;
}
