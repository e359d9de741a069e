import { createHash } from 'node:crypto';
import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';
import { InputError } from '../../errors.ts';

/**
 * Checks a function's name and answers it. Names: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
 * Throws InputError for what Lambda does not take: dots, and more than 64 characters.
 */
export function functionName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return name;
  const message = `${name}: a Lambda function is named by at most 64 letters, digits, "-" and "_".`;
  throw new InputError([{ path: 'models', message, hint: 'Give the model a shorter name without dots.' }], {
    code: 'bad-function-name',
  });
}

const candidatePrefix = 'candidate-';

/** Alias of the candidate that is pinned to a version. `_` is in no semantic version, so no two share one. */
export function candidateAlias(version: string): string {
  const alias = `${candidatePrefix}${version.replaceAll('.', '_')}`;
  if (alias.length <= 128) return alias;
  return `${candidatePrefix}${createHash('sha256').update(version).digest('hex').slice(0, 32)}`;
}

export const isCandidateAlias = (alias: string): boolean => alias.startsWith(candidatePrefix);

/** How callers reach an alias. An API is the live one's; candidates then have a URL, so that they touch no live API. */
export const wayTo = (
  { endpoint }: Pick<AwsLambdaSettings, 'endpoint'>,
  alias: string,
): AwsLambdaSettings['endpoint'] =>
  (endpoint === 'http-api' || endpoint === 'rest-api') && isCandidateAlias(alias) ? 'function-url' : endpoint;

/** A published version's purpose, from its description; versions without one are unmanaged. */
export interface Mark {
  role: 'candidate' | 'live' | 'sample';
  /** Pinned model version; `null` follows the pointer. */
  version: string | null;
  settingsSha256: string;
  /** When a sample's version may be removed by any run, ISO 8601; its own run removes it earlier. */
  until: string | undefined;
}

const marked =
  /^coldgate (?<role>candidate|live|sample) (?<version>\S+) (?<settings>[0-9a-f]{64})(?: until (?<until>\S+))?$/;

/** `coldgate candidate 1.1.0 <settings>`: at most 250 characters of the 256 that a description may have. */
export const formatMark = ({ role, version, settingsSha256, until }: Mark): string =>
  `coldgate ${role} ${version ?? '*'} ${settingsSha256}${until === undefined ? '' : ` until ${until}`}`;

export function parseMark(description: string | undefined): Mark | undefined {
  const { role, version = '', settings = '', until } = marked.exec(description ?? '')?.groups ?? {};
  if (!role) return undefined;
  return { role: role as Mark['role'], version: version === '*' ? null : version, settingsSha256: settings, until };
}

/** Tag that marks a function as managed by Coldgate; a function without it is left unchanged. */
export const ownerTag = 'coldgate:function';
