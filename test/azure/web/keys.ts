import { randomBytes } from 'node:crypto';
import type { AzureContext } from '../context.ts';
import type { Site } from './record.ts';
import { isFlex } from './record.ts';

interface HostKeys {
  masterKey: string;
  functionKeys: Record<string, string>;
  systemKeys: Record<string, string>;
  /** By function. */
  functions: Record<string, Record<string, string>>;
}

const newKey = (): string => `${randomBytes(40).toString('base64url').slice(0, 52)}==`;

/**
 * The keys of hosts. They lie in the storage account of an app under the id of its host: two apps of one account whose
 * names begin alike share them, outside of Flex Consumption.
 */
export class Keys {
  readonly #context: AzureContext;
  readonly #keys = new Map<string, HostKeys>();

  constructor(context: AzureContext) {
    this.#context = context;
  }

  of(site: Site): HostKeys {
    const place = placeOf(site);
    const found = this.#keys.get(place);
    if (found) return found;
    const made = { masterKey: newKey(), functionKeys: { default: newKey() }, systemKeys: {}, functions: {} };
    this.#keys.set(place, made);
    return made;
  }

  ofFunction(site: Site, name: string): Record<string, string> {
    const { functions } = this.of(site);
    functions[name] ??= { default: newKey() };
    return functions[name];
  }

  /** Writes a key; without a value one is made. Returns it, and whether it is new. */
  put(site: Site, kind: string, name: string, value: string | undefined): { value: string; isNew: boolean } {
    const own = this.#kindOf(site, kind);
    const isNew = own[name] === undefined;
    own[name] = value ?? own[name] ?? newKey();
    return { value: own[name], isNew };
  }

  /** Returns whether it was there. */
  remove(site: Site, kind: string, name: string): boolean {
    const own = this.#kindOf(site, kind);
    const was = own[name] !== undefined;
    delete own[name];
    return was;
  }

  #kindOf(site: Site, kind: string): Record<string, string> {
    const keys = this.of(site);
    if (/^functionKeys$/i.test(kind)) return keys.functionKeys;
    if (/^systemKeys$/i.test(kind)) return keys.systemKeys;
    this.#context.violation(`host keys: ${kind} is no kind of keys`);
    return {};
  }
}

function placeOf(site: Site): string {
  const account = site.settings.get('AzureWebJobsStorage__accountName') ?? '';
  if (isFlex(site.plan)) return `${account}/${site.key} ${site.createdAt.getTime()}`;
  const cut = `${site.name}${site.slot === undefined ? '' : `-${site.slot}`}`.slice(0, 32);
  return `${account}/${site.settings.get('AzureFunctionsWebHost__hostid') ?? cut}`;
}
