import { it, type TestOptions } from 'vitest';
import type { ServerName } from './server-part.ts';

/** A behaviour of the real service that a server here does not have. */
export interface Gap {
  server: ServerName;
  /** Title of the test that shows it; what is made of two has a colon between them. */
  behaviour: string;
  why: string;
}

const withoutDeleteConditions = (server: ServerName, why: string): Gap[] =>
  ['refuses a stale token and keeps the object', 'makes room for a new object, for which the old token is stale'].map(
    (behaviour) => ({ server, behaviour, why }),
  );

/** Of Lambda on moto and ministack: what makes neither a judge of all of it, which the stand-in holds. */
const ofLambda: [server: ServerName, behaviour: string, why: string][] = [
  ['moto', 'refuses a stale revision id of an alias', 'it ignores RevisionId'],
  ['moto', 'gives an alias a new revision id with each move', 'it makes one with the alias and never again'],
  ['moto', 'refuses a stale revision id of a function', 'it ignores RevisionId'],
  ['moto', 'refuses to publish other code than it was told', 'it ignores CodeSha256'],
  ['moto', 'lists the URLs of a function', 'it has no ListFunctionUrlConfigs and answers an HTML page'],
  ['moto', 'provisions instances of a version', 'it has no provisioned concurrency and answers an HTML page'],
  ['moto', 'has a new function Pending first', 'its functions are Active at once'],
  ['moto', 'runs what was uploaded', 'it would need Docker'],
  [
    'moto',
    'ends scaling that is gone already',
    'it answers ValidationException where the service has ObjectNotFoundException',
  ],
  [
    'moto',
    'marks a REST API with the digest of its settings',
    'it has no tags of REST APIs but those they are made with',
  ],
  ['moto', 'lists the authorizers of an API', 'it answers GetAuthorizers with 500 and an HTML page'],
  ['ministack', 'refuses to publish other code than it was told', 'it ignores CodeSha256'],
  ['ministack', 'points no alias to a version that is not there', 'it takes any'],
  ['ministack', 'provisions nothing for $LATEST', 'it does'],
];

/** Every known one. A test is never left out by other means, and one that passes all the same fails the suite. */
export const gaps: Gap[] = [
  ...(['moto', 'radosgw'] as const).map((server) => ({
    server,
    behaviour: 'copies no other state than the one it was told',
    why: 'it ignores x-amz-copy-source-if-match of UploadPartCopy',
  })),
  ...ofLambda.map(([server, behaviour, why]) => ({ server, behaviour, why })),
  ...withoutDeleteConditions('radosgw', 'it ignores If-Match of DELETE'),
  ...withoutDeleteConditions('fake-gcs', 'it ignores ifGenerationMatch of DELETE'),
  {
    server: 'fake-gcs',
    behaviour: 'goes on after it was asked how far it has come',
    why: 'it ends the upload and makes an object of what it has; the fault proxy answers in its place',
  },
];

/** What is known to be missing; nothing for the real service and for stores without a server. */
export const gapOf = (server: ServerName | undefined, behaviour: string): Gap | undefined =>
  gaps.find((gap) => gap.server === server && gap.behaviour === behaviour);

/** it() on a server: where it has a gap the test must fail, so that a closed gap is noticed and its line removed. */
export function itOn(
  server: ServerName | undefined,
  behaviour: string,
  body: () => void | Promise<void>,
  options: TestOptions = {},
): void {
  const gap = gapOf(server, behaviour);
  if (!gap) it(behaviour, options, body);
  else it.fails(`${behaviour} [gap of ${gap.server}: ${gap.why}]`, options, body);
}
