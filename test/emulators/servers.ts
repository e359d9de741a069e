import { beforeAll, describe, it } from 'vitest';
import { whyNot } from './part.ts';
import { required } from './required.ts';
import { running } from './running.ts';
import type { Server, ServerName } from './server-part.ts';
import { serverPart } from './server-parts.ts';

export type { Server, ServerName } from './server-part.ts';

/**
 * The server, started once for all processes of a test run and probed: it refuses a stale write. Tests share it, so each
 * takes a bucket or container of its own. Throws when it cannot run here or accepts what it must refuse.
 */
export const useServer = (name: ServerName): Promise<Server> => running(serverPart(name));

/** Why the server cannot run on this machine; nothing when it can. For collecting tests. */
export const whyMissing = (name: ServerName): string | undefined => whyNot(serverPart(name));

/** describe() where the server is installed; where it is not, one test that says why it does not run. */
export function describeWith(name: ServerName, title: string, body: (server: () => Server) => void): void {
  describePart(name, whyMissing(name), title, () => {
    let server: Server | undefined;
    beforeAll(async () => {
      server = await useServer(name);
    });
    body(() => {
      if (!server) throw new Error(`${name} is there within tests and their hooks only.`);
      return server;
    });
  });
}

/**
 * The same for any part of the test-bed: without it the suite is one test by name that does not run, and that fails
 * where everything is required.
 */
export function describePart(name: string, missing: string | undefined, title: string, body: () => void): void {
  if (missing === undefined) {
    describe(title, body);
    return;
  }
  describe(title, () => {
    it.runIf(required)(`needs ${name}, which is not here: ${missing}`, () => {
      throw new Error(`${name} is required here (COLDGATE_REQUIRE=all) and missing: ${missing}`);
    });
  });
}
