import { InputError } from '../errors.ts';
import { nearest } from '../inputs.ts';
import type { Config, Environment, ModelEntry } from './types.ts';

/** The models of these names, in the order of the file; all of them when none is named. Throws InputError. */
export function selectModels(config: Config, names: readonly string[]): ModelEntry[] {
  const known = Object.keys(config.models);
  const unknown = [...new Set(names)].filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new InputError(
      unknown.map((name) => unknownName('model', name, known)),
      { code: 'unknown-model' },
    );
  }
  return Object.values(config.models).filter(({ name }) => names.length === 0 || names.includes(name));
}

/**
 * The environment of this name. Without one, the only one there is, else `local`.
 * Throws InputError `unknown-environment`, or `no-environment` where one must be named.
 */
export function selectEnvironment(config: Config, name?: string): Environment {
  const known = Object.keys(config.environments);
  const wanted = name ?? (known.length === 1 ? known[0] : 'local');
  const found = known.includes(wanted as string) ? config.environments[wanted as string] : undefined;
  if (found) return found;
  if (name !== undefined) {
    throw new InputError([unknownName('environment', name, known)], { code: 'unknown-environment' });
  }
  const message = `expected one of ${known.join(', ')}, got none.`;
  throw new InputError([{ path: 'environment', message, hint: 'Name one with --environment.' }], {
    code: 'no-environment',
  });
}

function unknownName(path: string, name: string, known: readonly string[]) {
  const close = nearest(name, known);
  const message = `expected one of ${known.join(', ')}, got ${JSON.stringify(name.slice(0, 80))}.`;
  return { path, message, hint: close && `Did you mean ${close}?` };
}
