import { sinceStart } from '../clock.ts';
import { loadRuntime } from '../session/runtime.ts';
import type { OpenSession } from '../session/session.ts';
import { bindManifest } from './bound-manifest.ts';
import type { HostDeps } from './host-deps.ts';
import { LoadError } from './load-error.ts';
import { loadModel } from './load-model.ts';
import type { Loading } from './loading.ts';
import { once } from './once.ts';
import { readFirstDocument } from './read-document.ts';
import { type Resolved, resolveModel } from './resolve.ts';
import { ServedModel } from './served-model.ts';

/** The model, once it has answered its golden sample; one that does not is closed. Throws LoadError then. */
export async function proven(model: ServedModel): Promise<ServedModel> {
  try {
    const sample = await model.prove();
    if (sample.status !== 'mismatch') return model;
    const { formatDifference } = await import('../../model/sample-compare.ts');
    throw new LoadError('sample-mismatch', `${model.version}: ${formatDifference(sample.difference)}.`);
  } catch (error) {
    // The reason for the refusal is more useful than why it would not close.
    await model.session.close().catch(() => {});
    throw error;
  }
}

/** Opens sessions in separate threads, bounded, and reports those that are lost. */
export const openApart =
  ({ openNext, settings, onLoss }: HostDeps): OpenSession =>
  async (file, threads) => {
    const session = await openNext(file, threads, settings.runTimeoutMs);
    void session.lost?.then(onLoss);
    return session;
  };

const loadingWith = (deps: HostDeps, how: Pick<Loading, 'bind' | 'openSession' | 'prepare'>): Loading => ({
  ...{ reader: deps.reader, cache: deps.cache(), threads: deps.settings.threads },
  openApart: openApart(deps),
  note: (event, facts) => deps.note('warn', event, facts),
  ...how,
});

/** What the store names under this name, in this thread unless a run of it may have no end. Throws LoadError. */
export async function loadFirst(deps: HostDeps, name: string): Promise<ServedModel> {
  const { reader, settings, isolate, openFirst, cache } = deps;
  const started = sinceStart();
  const resolved = await resolveModel(reader, settings, name);
  const bind = once(() => bindManifest(reader, cache(), resolved, readFirstDocument));
  const apart = isolate && resolved.unbounded;
  const how = apart ? { openSession: openApart(deps) } : { openSession: openFirst, prepare: loadRuntime };
  return new ServedModel(
    await loadModel(loadingWith(deps, { bind, ...how }), resolved, sinceStart() - started),
    reader,
  );
}

/** A version that was served before, without asking the store what is live. Throws LoadError. */
export async function loadAgain(deps: HostDeps, resolved: Resolved): Promise<ServedModel> {
  const how = { bind: async () => resolved.manifest, openSession: openApart(deps) };
  return new ServedModel(await loadModel(loadingWith(deps, how), resolved, 0), deps.reader);
}

/** A version beside the one that serves, proven on its sample. `resolveMs` is what finding it took. Throws LoadError. */
export async function loadNext(
  deps: HostDeps,
  found: Resolved,
  bind: Loading['bind'],
  resolveMs: number,
): Promise<ServedModel> {
  const loading = loadingWith(deps, { bind, openSession: openApart(deps) });
  return proven(new ServedModel(await loadModel(loading, found, resolveMs), deps.reader));
}
