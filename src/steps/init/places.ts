import type { Provider } from '../../config/types.ts';
import { InputError, type Problem } from '../../errors.ts';
import type { Context } from '../verb.ts';

/** What has to be known of the place where functions run; kebab-case as in models.yaml and on the command line. */
export type PlaceField =
  | 'store'
  | 'region'
  | 'execution-role'
  | 'project'
  | 'service-account'
  | 'subscription'
  | 'resource-group'
  | 'location'
  | 'storage-account'
  | 'identity';

export type PlaceValues = Partial<Record<PlaceField, string | undefined>>;

export interface Place {
  provider: Provider;
  /** Every field of the provider. */
  values: PlaceValues;
}

interface Question {
  field: PlaceField;
  /** What one is asked, and what a refusal says was expected. */
  what: string;
  example: string;
  fallback?: string;
}

const cloudStore = (example: string): Question => ({
  ...{ field: 'store', what: 'the store for versions', example },
});

/** In the order in which a person knows them. */
const questions: Readonly<Record<Provider, readonly Question[]>> = {
  local: [{ ...cloudStore('file:.coldgate/store'), fallback: 'file:.coldgate/store' }],
  'aws-lambda': [
    cloudStore('s3://acme-models/models'),
    { field: 'region', what: 'the region of bucket and functions', example: 'eu-west-1' },
    {
      field: 'execution-role',
      what: 'the role that functions run as, or ${NAME} for a variable of the repository',
      example: 'arn:aws:iam::123456789012:role/digits',
    },
  ],
  'google-cloud-run': [
    cloudStore('gs://acme-models/models'),
    { field: 'project', what: 'the project', example: 'acme-models' },
    { field: 'region', what: 'the region of the services', example: 'europe-west1' },
    {
      field: 'service-account',
      what: 'the account that services run as',
      example: 'digits@acme-models.iam.gserviceaccount.com',
    },
  ],
  'azure-functions': [
    cloudStore('azure://acmemodels/models/registry'),
    { field: 'subscription', what: 'the subscription', example: '11111111-2222-3333-4444-555555555555' },
    { field: 'resource-group', what: 'the resource group', example: 'acme-models' },
    { field: 'location', what: 'the location of the apps', example: 'westeurope' },
    { field: 'storage-account', what: 'the storage account of the apps themselves', example: 'acmemodelapps' },
    {
      field: 'identity',
      what: 'the identity that apps run as',
      example:
        '/subscriptions/…/resourceGroups/acme-models/providers/Microsoft.ManagedIdentity/userAssignedIdentities/digits',
    },
  ],
};

export const providers = Object.keys(questions) as readonly Provider[];

/** Every field that some platform needs. */
export const placeFields = [...new Set(providers.flatMap((one) => questions[one].map(({ field }) => field)))];

/** Flags of other platforms would be dropped without a word. */
function strangers(provider: Provider, given: PlaceValues): Problem[] {
  const known = questions[provider].map(({ field }) => field);
  const strange = placeFields.filter((field) => given[field] !== undefined && !known.includes(field));
  return strange.map((field) => {
    const others = providers.filter((one) => questions[one].some((question) => question.field === field));
    const message = `expected nothing: functions of ${provider} have no such setting.`;
    return { path: `--${field}`, message, hint: `Leave it out, or add --provider ${others.join(' or ')}.` };
  });
}

/**
 * The place as flags and answers name it. Asks only where somebody is there to answer; otherwise throws InputError
 * `bad-input` with everything that is missing.
 */
export async function choosePlace(
  given: PlaceValues & { provider: Provider | undefined },
  ask: Context['ask'],
): Promise<Place> {
  const list = providers.join(', ');
  const answer = given.provider ?? (ask ? await ask(`Where do functions run: ${list}?`, 'local') : 'local');
  const provider = providers.find((one) => one === answer);
  if (!provider) {
    const message = `expected ${list}, got ${JSON.stringify(answer)}.`;
    throw new InputError([{ path: '--provider', message, hint: 'Type one of these words.' }]);
  }
  const problems = strangers(provider, given);
  const values: PlaceValues = {};
  for (const { field, what, example, fallback } of questions[provider]) {
    const asked = given[field] ?? (ask ? await ask(`${what} (such as ${example})`, fallback) : fallback);
    if (asked) values[field] = asked;
    else {
      const message = `expected ${what}, got nothing.`;
      problems.push({ path: `--${field}`, message, hint: `For example --${field} ${example}` });
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return { provider, values };
}
