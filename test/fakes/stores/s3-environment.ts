import { afterEach, beforeEach, vi } from 'vitest';

/** Credentials that open nothing, and recognisable in any text they should not be in. */
export const fakeCredentials = {
  AWS_ACCESS_KEY_ID: 'AKIDFORTESTS',
  AWS_SECRET_ACCESS_KEY: 'secret-of-the-tests',
  AWS_SESSION_TOKEN: 'session-of-the-tests',
};

/** What the SDK's chain finds in each test of this file and in the processes it starts: this, and nothing of the machine. */
export function awsEnvironment(variables: Record<string, string | undefined> = fakeCredentials): void {
  const nothing = {
    AWS_PROFILE: undefined,
    AWS_REGION: undefined,
    AWS_DEFAULT_REGION: undefined,
    AWS_ENDPOINT_URL: undefined,
    AWS_ENDPOINT_URL_S3: undefined,
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_SESSION_TOKEN: undefined,
    AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  beforeEach(() => {
    for (const [name, value] of Object.entries({ ...nothing, ...variables })) vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
}
