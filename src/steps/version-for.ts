import type { ModelEntry } from '../config/types.ts';
import { InputError } from '../errors.ts';
import { isVersion, nameRules } from '../model/names.ts';

/**
 * The version that a verb works on: the one given, else that of models.yaml. A given one applies to one model only.
 * Throws InputError.
 */
export function versionFor(given: string | undefined, entry: ModelEntry, models: readonly ModelEntry[]): string {
  if (given === undefined) return entry.version;
  if (!isVersion(given)) {
    throw new InputError([{ path: '--version', message: `expected ${nameRules.version}, got "${given}".` }]);
  }
  if (models.length > 1) {
    const hint = `Add --model, for example --model ${entry.name}.`;
    throw new InputError([
      { path: '--version', message: `${models.length} models were chosen, one is expected.`, hint },
    ]);
  }
  return given;
}
