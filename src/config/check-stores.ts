import type { Findings } from './findings.ts';
import { resolveStoreUrl } from './store-url.ts';
import type { Path } from './yaml-node.ts';

/** Settings that only some services have; passing one over would leave unsaid what was meant. */
const settings: Record<string, { schemes: string[]; what: string }> = {
  region: { schemes: ['s3'], what: 'S3' },
  endpoint: { schemes: ['s3', 'gs', 'azure'], what: 'S3, Google Cloud Storage and Azure' },
  'kms-key': { schemes: ['s3', 'gs'], what: 'S3 and Google Cloud Storage' },
  encryption: { schemes: ['s3'], what: 'S3' },
  'encryption-scope': { schemes: ['azure'], what: 'Azure' },
};

/** Store URLs beyond their first letters, and settings against the scheme. */
export function checkStores(findings: Findings, root: string): void {
  for (const name of findings.keys(['environments'])) {
    const store: Path = ['environments', name, 'store'];
    const path = findings.keys(store).length > 0 ? [...store, 'url'] : store;
    const url = findings.text(path);
    const scheme = /^(?:(file):|(s3|gs|azure):\/\/)./s
      .exec(url ?? '')
      ?.slice(1)
      .find(Boolean);
    if (url === undefined || scheme === undefined) continue;
    const resolved = resolveStoreUrl(url, root);
    if ('fault' in resolved) {
      const { message, hint } = resolved.fault;
      findings.add(path, `${message.slice(0, -1)}, in ${findings.written(path)}.`, hint);
    }
    for (const [setting, { schemes, what }] of Object.entries(settings)) {
      if (schemes.includes(scheme) || !findings.has([...store, setting])) continue;
      findings.add([...store, setting], `is a setting of ${what}, but the store is ${scheme}:.`, 'Remove it.');
    }
  }
}
