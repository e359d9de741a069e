import type { Logger } from '../log.ts';
import { pinKey, pinnedVersion, pinsPrefix } from '../model/layout.ts';
import { encodeJson } from '../model/pointer.ts';
import { type ObjectInfo, PreconditionError, type Store, type Token } from '../stores/store.ts';

/**
 * A promotion says in the store where it is heading before it looks for tombstones; prune, having written a tombstone,
 * looks for pins before it looks at pointers. Whoever comes second sees the other, so no version is deleted under a
 * swap, even when the promoting process dies right after it.
 */
export interface Pin {
  key: string;
  token: Token;
}

export interface PinRequest {
  store: Store;
  model: string;
  version: string;
  promotionId: string;
  actor: string;
  now: () => Date;
  log: Logger;
}

export async function setPin(request: PinRequest): Promise<Pin> {
  const { store, model, version, promotionId, actor } = request;
  const key = pinKey(model, version, promotionId);
  const document = { schema: 1, version, promotion_id: promotionId, actor, at: request.now().toISOString() };
  return { key, token: await store.put(key, encodeJson(document), 'absent', { contentType: 'application/json' }) };
}

/** A pin that stays only keeps its version from being pruned for a day, so a failure is no more than a remark. */
export async function removePin(request: Pick<PinRequest, 'store' | 'log'>, pin: Pin): Promise<void> {
  try {
    await request.store.remove(pin.key, { unchanged: pin.token });
  } catch (error) {
    request.log.debug(`${pin.key} stays: ${error instanceof Error ? error.message : error}`);
  }
}

export interface Pins {
  /** Versions that a promotion is heading for. */
  held: Set<string>;
  /** Pins whose promotion must have died: older than `ageMs`. */
  stale: ObjectInfo[];
}

/** `ageMs`: how long a promotion may take between its pin and its swap; a day leaves room for any upload or sleep. */
export async function listPins(store: Store, model: string, now: Date, ageMs: number): Promise<Pins> {
  const pins: Pins = { held: new Set(), stale: [] };
  for await (const info of store.list(pinsPrefix(model))) {
    const version = pinnedVersion(info.key, model);
    if (version === undefined) continue;
    if (now.getTime() - info.modified.getTime() > ageMs) pins.stale.push(info);
    else pins.held.add(version);
  }
  return pins;
}

export async function removeStalePins(store: Store, stale: readonly ObjectInfo[]): Promise<void> {
  for (const { key, token } of stale) {
    try {
      await store.remove(key, { unchanged: token });
    } catch (error) {
      if (!(error instanceof PreconditionError)) throw error;
    }
  }
}
