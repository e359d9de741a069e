import { cloudStores, clouds, storeOfScheme } from '../clouds.ts';
import type { Findings } from './findings.ts';
import { resolveStoreUrl } from './store-url.ts';
import type { Path } from './yaml-node.ts';

/** Settings that only some services have; passing one over would leave unsaid what was meant. */
const settings = new Set(cloudStores.flatMap((store) => clouds[store].settings));

/** Store URLs beyond their first letters, and settings against the scheme. */
export function checkStores(findings: Findings, root: string): void {
  for (const name of findings.keys(['environments'])) {
    const store: Path = ['environments', name, 'store'];
    const path = findings.keys(store).length > 0 ? [...store, 'url'] : store;
    const url = findings.text(path);
    const [, scheme, slashes] = /^([a-z0-9]+):(\/\/)?./s.exec(url ?? '') ?? [];
    const cloud = scheme === undefined ? undefined : storeOfScheme(scheme);
    if (url === undefined || !(cloud ? slashes : scheme === 'file')) continue;
    const resolved = resolveStoreUrl(url, root);
    if ('fault' in resolved) {
      const { message, character, hint } = resolved.fault;
      const written = findings.written(path);
      // Not even one character of what came from the environment.
      const named = character === undefined || written.includes('${') ? '' : `: ${character}`;
      findings.add(path, `${message.slice(0, -1)}${named}, in ${written}.`, hint);
    }
    for (const setting of settings) {
      if ((cloud && clouds[cloud].settings.includes(setting)) || !findings.has([...store, setting])) continue;
      const having = cloudStores.filter((one) => clouds[one].settings.includes(setting));
      const what = having
        .map((one) => clouds[one].title)
        .join(', ')
        .replace(/, (?=[^,]*$)/, ' and ');
      findings.add([...store, setting], `is a setting of ${what}, but the store is ${scheme}:.`, 'Remove it.');
    }
  }
}
