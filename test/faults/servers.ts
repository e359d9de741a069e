import { describe, expect } from 'vitest';
import type { StoreSettings } from '../../src/config/types.ts';
import type { Fault, Recorded } from '../emulators/fault.ts';
import { FaultProxy } from '../emulators/fault-proxy.ts';
import { itOn } from '../emulators/gaps.ts';
import { describeWith, type ServerName } from '../emulators/servers.ts';
import { cloudEnvironment, cloudStore } from '../fakes/registry/cloud.ts';
import type { FaultCase } from '../fakes/registry/fault-cases.ts';
import { azuriteContainer } from '../fakes/stores/azurite.ts';
import { openWithRetry, stallMs } from './open.ts';
import { type PreparedVerb, prepareVerb, provesTruth, severalAtATime } from './truth.ts';
import { verbsOnServers } from './verbs.ts';

interface FaultKind {
  /** What happens to the request of this number. */
  fault: Fault | ((at: number) => Fault);
  /** Which requests it can happen to; all unless told. */
  can?: (request: Recorded) => boolean;
  /** Slow, but nothing is lost: the verb must do its work. Its client has the patience that users have. */
  harmless?: true;
  /** The server did as it was asked and its client does not know: what comes next is decided by the server's conditions. */
  acted?: true;
  /** It happens to every request from then on. */
  forEver?: true;
}

const hasBody = ({ bytes }: Recorded): boolean => bytes > 1;
/** For all others "before" and "after it acted" are one. */
const acts = ({ method }: Recorded): boolean => method !== 'GET' && method !== 'HEAD';
const answersBody = ({ method, status }: Recorded): boolean => method === 'GET' && status !== 304;

/** In turn: what each of the two means to a driver is in its own tests (test/stores/*-outcomes.test.ts). */
const statusAt = (at: number): number => (at % 2 === 0 ? 500 : 503);

/** What can go wrong with one request. */
const kinds: Record<string, FaultKind> = {
  'the answer is lost after the server acted': { fault: { kind: 'lose-reply' }, acted: true },
  '500 or 503, and the server did not act': { fault: (at) => ({ kind: 'fail-before', status: statusAt(at) }) },
  '500 or 503, and the server acted': {
    fault: (at) => ({ kind: 'fail-after', status: statusAt(at) }),
    can: acts,
    acted: true,
  },
  'the connection is reset in the middle of what is sent': {
    fault: { kind: 'reset-mid-body', afterBytes: 40 },
    can: hasBody,
  },
  'the answer breaks off in its middle': { fault: { kind: 'cut-reply' }, can: answersBody },
  'silence before the server acts': { fault: { kind: 'stall', ms: 4 * stallMs } },
  'silence after the server acted': {
    fault: { kind: 'stall', ms: 4 * stallMs, when: 'after' },
    can: acts,
    acted: true,
  },
  'what is sent trickles': {
    fault: { kind: 'trickle', bytes: 400, everyMs: stallMs / 10, body: 'request' },
    can: (request) => hasBody(request) && request.bytes < 5000,
    harmless: true,
  },
  'from then on every answer is lost': { fault: { kind: 'lose-reply' }, forEver: true, acted: true },
  'the answer trickles': {
    fault: { kind: 'trickle', bytes: 400, everyMs: stallMs / 10, body: 'reply' },
    can: answersBody,
    harmless: true,
  },
};

let places = 0;

/** An empty place on the server. `remove` takes away what would slow the server down for those that come later. */
interface Place {
  settings: StoreSettings;
  remove(): Promise<void>;
}

/** Azurite's lists look at every blob that it has, so there each place is a container, which goes again. */
async function placeOn(server: ServerName, shared: StoreSettings): Promise<Place> {
  if (server === 'azurite') return azuriteContainer();
  return { settings: { ...shared, url: `${shared.url}/${++places}` }, remove: async () => {} };
}

interface Script extends Pick<FaultKind, 'harmless'> {
  fault: Fault;
  isHit(at: number): boolean;
}

/**
 * Runs the verb through a proxy that does as the script says; returns what was asked and what was reported. Where the
 * verb must get through, half a second of silence is no fault of the script's: a busy machine brings it by itself.
 */
async function attempt(
  prepared: PreparedVerb,
  { settings, remove }: Place,
  { fault, isHit, harmless }: Partial<Script>,
): Promise<{ code: string; requests: Recorded[] }> {
  const proxy = await FaultProxy.before(new URL(settings.endpoint!).origin);
  try {
    proxy.script = ({ index }) => (isHit?.(index) ? fault : undefined);
    const direct = await openWithRetry(settings);
    const through = settings.endpoint!.replace(new URL(settings.endpoint!).origin, proxy.endpoint);
    const faulty = await openWithRetry(
      { ...settings, endpoint: through },
      {
        attempts: 3,
        ...(harmless || !fault ? {} : { stallMs }),
      },
    );
    const where = () => {
      const hit = proxy.requests.find(({ index }) => isHit?.(index));
      return `${fault?.kind} at ${hit?.index}: ${hit?.method} ${hit?.path}`;
    };
    const code = await provesTruth(prepared, direct, faulty, where);
    return { code, requests: [...proxy.requests] };
  } finally {
    await proxy.close();
    await remove();
  }
}

interface Clean {
  prepared: PreparedVerb;
  requests: Recorded[];
}

async function runClean(server: ServerName, verb: FaultCase): Promise<Clean> {
  const prepared = await prepareVerb(verb);
  const { code, requests } = await attempt(prepared, await placeOn(server, await cloudStore(server)), {});
  expect(code).toBe('done');
  return { prepared, requests };
}

const faultAt = ({ fault }: FaultKind, hit: number): Fault => (typeof fault === 'function' ? fault(hit) : fault);

/** All unless told. */
interface Selection {
  only?: (verb: string) => boolean;
  /** Faults after which the server's conditions count; the others depend on the driver alone. */
  onlyActed?: true;
}

/**
 * The fault suite of stores on a server: of each verb one run shows what is asked, and then each request in turn meets
 * each fault. @param partedBytes what the server takes in several parts
 */
export function faultsOn(server: ServerName, partedBytes: number, { only, onlyActed }: Selection = {}): void {
  describeWith(server, `faults between here and ${server}`, () => {
    cloudEnvironment(server);
    const verbs = Object.entries(verbsOnServers(partedBytes));
    describe.each(verbs.filter(([name]) => only?.(name) ?? true))('%s tells the truth and converges', (name, verb) => {
      /** Once for all kinds of faults: what the verb asks for without any. */
      let known: Promise<Clean> | undefined;
      const clean = () => {
        known ??= runClean(server, verb);
        return known;
      };
      for (const [title, { can = () => true, ...kind }] of Object.entries(kinds)) {
        if (onlyActed && !kind.acted) continue;
        itOn(server, `${name}: ${title}`, async () => {
          const { prepared, requests } = await clean();
          const shared = await cloudStore(server);
          const hits = requests.filter(can).map(({ index }) => index);
          expect(hits).not.toEqual([]);
          const met = await severalAtATime(
            hits.map((hit) => async () => {
              const isHit = (at: number) => at === hit || (kind.forEver === true && at > hit);
              return attempt(prepared, await placeOn(server, shared), { ...kind, fault: faultAt(kind, hit), isHit });
            }),
          );
          if (kind.harmless) expect(met.map(({ code }) => code)).toEqual(hits.map(() => 'done'));
        });
      }
    });
  });
}
