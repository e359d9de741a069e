import { afterEach, beforeEach, describe } from 'vitest';
import type { StoreSettings } from '../../src/config/types.ts';
import type { Store } from '../../src/stores/store.ts';
import { itOn } from '../emulators/gaps.ts';
import type { ServerName } from '../emulators/servers.ts';
import { storeCreates } from './store-creates.ts';
import { storeKeys } from './store-keys.ts';
import { storeLists } from './store-lists.ts';
import { storeRaces } from './store-races.ts';
import { storeReads } from './store-reads.ts';
import { storeRemoves } from './store-removes.ts';
import { storeUpdates } from './store-updates.ts';

export interface OpenedStore {
  /** Empty. */
  store: Store;
  /** Opens the same store in another process; needed for races. */
  settings?: StoreSettings | undefined;
  close(): Promise<void>;
}

export interface StoreContractOptions {
  /** How many processes race and how often each must win; absent for stores that live in one process. */
  race?: { processes: number; rounds: number } | undefined;
  /** Bytes of the large stream. */
  largeBytes?: number | undefined;
  /**
   * What tokens stand for: each write (unless told), or the bytes, where the store compares ETags made of them alone. A
   * token is then good again when the same bytes are there again.
   */
  tokensOf?: 'writes' | 'bytes' | undefined;
  /**
   * Now and then the server answers a write that has lost a race with 500: radosgw does to one in a hundred. The store can
   * then only say that reading back tells.
   */
  hidesLosses?: boolean | undefined;
  /** The server under the store, whose known gaps must show. */
  server?: ServerName | undefined;
  /** For each test, in ms; two minutes unless told. */
  timeoutMs?: number | undefined;
}

/** What a group of behaviours works with: the store of the running test. */
export interface ContractUse {
  store(): Store;
  settings(): StoreSettings;
  largeBytes: number;
  tokensOf: 'writes' | 'bytes';
  hidesLosses: boolean;
  /** A test; where the server has a known gap, one that must fail. */
  it(behaviour: string, body: () => Promise<void>): void;
}

/** The behaviours that every store must show. `open` gives an empty store to each test. */
export function storeContract(
  name: string,
  open: () => Promise<OpenedStore>,
  options: StoreContractOptions = {},
): void {
  describe(`${name} keeps the contract of stores`, { timeout: options.timeoutMs ?? 120_000 }, () => {
    let opened: OpenedStore | undefined;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened?.close();
    });
    const use: ContractUse = {
      store: () => opened!.store,
      settings: () => opened!.settings!,
      largeBytes: options.largeBytes ?? 64 * 1024 * 1024,
      tokensOf: options.tokensOf ?? 'writes',
      hidesLosses: options.hidesLosses ?? false,
      it: (behaviour, body) => itOn(options.server, behaviour, body),
    };
    storeCreates(use);
    storeUpdates(use);
    storeReads(use);
    storeLists(use);
    storeRemoves(use);
    storeKeys(use);
    if (options.race) storeRaces(use, options.race);
  });
}
