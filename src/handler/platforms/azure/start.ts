import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluated, sinceStart } from '../../clock.ts';
import type { Variables } from '../../settings.ts';

/** A digest of all that the package holds; beside the entry in a package that Coldgate made. */
const digestFile = 'package-digest.txt';

export interface Start {
  /** To here, ms: since the process started, or since the function was loaded into one that was waiting for it. */
  initMs: number;
  /** What health says of this process besides. */
  facts: Record<string, unknown>;
}

/**
 * How this process came to be. Azure keeps processes of its worker waiting that belong to no app yet; one that is given
 * to an app is minutes or hours older than it, so `init_ms` begins there with the evaluation of this module, and health
 * says `init: placeholder`.
 * @param folder of the package
 */
export function readStart(variables: Variables, folder: string): Start {
  const isPlaceholder = /^(?:1|true)$/i.test(variables['INITIALIZED_FROM_PLACEHOLDER'] ?? '');
  const digest = readDigest(folder);
  return {
    initMs: isPlaceholder ? sinceStart() - evaluated : sinceStart(),
    facts: { ...(isPlaceholder && { init: 'placeholder' }), ...(digest && { package_digest: digest }) },
  };
}

function readDigest(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, digestFile), 'latin1').trim();
  } catch {
    // A package of the user's own has none.
    return undefined;
  }
}
