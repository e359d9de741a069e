import { cloudStores, clouds, storeOfScheme } from '../clouds.ts';
import { defaultPointer } from '../model/layout.ts';
import type { Findings } from './findings.ts';
import { resolveStoreUrl } from './store-url.ts';
import type { Path } from './yaml-node.ts';

/** Settings that only some services have; passing one over would leave unsaid what was meant. */
const settings = new Set(cloudStores.flatMap((store) => clouds[store].settings));

/** What promotes in one of two such environments would move the other, unmeasured there. */
function checkPointers(findings: Findings, root: string): void {
  const owners = new Map<string, string>();
  for (const name of findings.keys(['environments'])) {
    const own: Path = ['environments', name];
    const store: Path = [...own, 'store'];
    const url = findings.text(findings.keys(store).length > 0 ? [...store, 'url'] : store);
    const resolved = url === undefined ? undefined : resolveStoreUrl(url, root);
    if (!resolved || 'fault' in resolved) continue;
    const pointer = findings.text([...own, 'pointer']) ?? defaultPointer;
    const key = JSON.stringify([resolved.url, findings.text([...store, 'endpoint']), pointer]);
    const owner = owners.get(key);
    owners.set(key, owner ?? name);
    if (owner === undefined) continue;
    const path = findings.has([...own, 'pointer']) ? [...own, 'pointer'] : store;
    const message = `expected a pointer of its own, got ${pointer} of the same store as the environment ${owner}: a promotion in one would move both.`;
    findings.add(path, message, `Write pointer: ${name}.json below environments.${name}, or give it another store.`);
  }
}

/** What a signed URL ends with is as good as a password: it comes from the environment, whole. */
function checkSignature(findings: Findings, path: Path): void {
  const [, query] = /\?(.*)$/s.exec(findings.whole(path)) ?? [];
  if (query === undefined || /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(query)) return;
  const hint =
    'Write ?${READ_URL_QUERY} after the path, and set a variable of that name, such as a secret of the workflow.';
  findings.add(path, 'expected a query that comes from the environment whole, got one that stands here.', hint);
}

/** Store URLs beyond their first letters, and settings against the scheme. */
export function checkStores(findings: Findings, root: string): void {
  checkPointers(findings, root);
  for (const name of findings.keys(['environments'])) {
    const store: Path = ['environments', name, 'store'];
    checkSignature(findings, [...store, 'read-url']);
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
