import type { ProcessId } from '../../src/targets/local/process-mark.ts';
import type { Part } from './part.ts';

export type ServerName = 'azurite' | 'moto' | 'radosgw' | 'fake-gcs';

export interface Server<Name extends string = ServerName> {
  name: Name;
  /** `http://127.0.0.1:port` */
  endpoint: string;
  /** What the SDKs' default chains read, to be laid over the environment. */
  env: Record<string, string>;
}

export interface Started {
  endpoint: string;
  /** In the order in which they are to be stopped. */
  processes: ProcessId[];
}

/** A server that honours preconditions, as its probe finds out anew at each start. */
export interface ServerPart<Name extends string = ServerName> extends Part {
  name: Name;
  /**
   * Starts it on loopback, detached. @param folder what was installed @param work an empty folder for data and logs
   * Throws with its last words; what it had started is then stopped.
   */
  start(folder: string, work: string): Promise<Started>;
  env(endpoint: string): Record<string, string>;
  /** Writes that an honest server refuses; answers what it accepted all the same, in words. */
  probe(server: Server<Name>): Promise<string[]>;
}
