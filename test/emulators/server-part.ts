import type { Part } from './part.ts';

export type ServerName = 'azurite' | 'moto' | 'ministack' | 'radosgw' | 'fake-gcs' | 'elasticmq';

export interface Server<Name extends string = ServerName> {
  name: Name;
  /** `http://127.0.0.1:port` */
  endpoint: string;
  /** What the SDKs' default chains read, to be laid over the environment. */
  env: Record<string, string>;
}

/** A server that honours preconditions, as its probe finds out again at each start. */
export interface ServerPart<Name extends string = ServerName> extends Part {
  name: Name;
  /**
   * Starts it on loopback, detached, and answers its address. @param folder what was installed @param work an empty
   * folder for its data, its log and the note of its processes. Throws its last words.
   */
  start(folder: string, work: string): Promise<string>;
  env(endpoint: string): Record<string, string>;
  /** Writes that an honest server refuses; returns what it accepted all the same, in words. */
  probe(server: Server<Name>): Promise<string[]>;
}
