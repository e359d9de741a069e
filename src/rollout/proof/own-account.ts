import { isProbe, type Probe } from '../../model/probe.ts';
import type { Expectation } from './expectation.ts';
import { field } from './http.ts';
import { unproven } from './unproven.ts';

/** What the function reports that it has run itself. */
export interface OwnAccount {
  /** It has run what the version has to show, on its own copy from the store. */
  ran: boolean;
  /** Without a golden sample: the made-up request that its model answered. */
  probe: Probe | undefined;
}

/**
 * Compares the function's report of its own proof with the manifest: the digests are of the bytes that it has read, so
 * a function that only repeats its settings cannot know them all. Earlier handlers report only that the sample agreed.
 * Throws UnprovenError `wrong-manifest`, `sample-failed` or `probe-failed`.
 */
export function readOwnAccount(url: string, body: unknown, expected: Expectation): OwnAccount {
  const { manifest, manifestSha256, sample } = expected;
  const status = field(body, 'sample');
  const proof = field(body, 'proof');
  if (typeof proof !== 'object' || proof === null) return { ran: status === 'ok', probe: undefined };
  const read = field(proof, 'manifest_sha256');
  if (manifestSha256 !== undefined && read !== manifestSha256) {
    const message = `${url} read a manifest with sha256 ${String(read)}, expected ${manifestSha256}`;
    throw unproven('wrong-manifest', message, { url, expected: manifestSha256, got: read });
  }
  if (!sample) {
    const probe = field(proof, 'probe');
    if (manifest?.probe && probe === undefined) {
      const why = String(field(proof, 'probe_refused'));
      throw unproven('probe-failed', `${url} does not answer what its model answered when it was published: ${why}`, {
        url,
      });
    }
    return { ran: isProbe(probe), probe: isProbe(probe) ? probe : undefined };
  }
  const want = manifest?.files.find(({ path }) => path === manifest.sample)?.sha256;
  const ran = field(proof, 'sample_sha256');
  if (status === 'ok' && (want === undefined || ran === want)) return { ran: true, probe: undefined };
  const got = { status, sha256: ran ?? null };
  throw unproven('sample-failed', `${url} did not run the golden sample of ${expected.version}`, { url, want, got });
}
