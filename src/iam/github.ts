import type { PolicySet } from './policy-set.ts';
import type { Subject } from './subject.ts';

export const issuer = 'token.actions.githubusercontent.com';

/** Where the preview's and the pipeline's jobs run. */
export type JobRole = Exclude<PolicySet['role'], 'function'>;

export const jobName = (role: JobRole, environment: string): string => `coldgate-${role}-${environment}`;

/**
 * Subject of the tokens that GitHub gives to a job: releases run in the environment of the same name, previews in pull
 * requests. https://docs.github.com/actions/reference/security/oidc
 */
export function jobSubject(role: JobRole, { repository, environment }: Subject): string | undefined {
  if (repository === undefined) return undefined;
  return role === 'pipeline' ? `repo:${repository}:environment:${environment}` : `repo:${repository}:pull_request`;
}

export const purposeOf = (role: JobRole, subject: Subject): string => {
  const sub = jobSubject(role, subject);
  return role === 'pipeline'
    ? `For workflow jobs with "environment: ${subject.environment}"${sub ? `, whose token has the subject ${sub}` : ''}.`
    : `For pull requests: deployed and measured beside the live version, then removed${sub ? `. Their token has the subject ${sub}` : ''}.`;
};

export const unknownRepository =
  'the repository is not known, so no one can use this identity. Pass --repository owner/name.';

/** Where others have pointers in the store that previews are in. */
export const sharedNote = ({ pointers }: Subject, role: JobRole): string[] =>
  role === 'preview' && pointers.length > 1
    ? [
        `removing a preview's versions writes a fence into every pointer of the store (${pointers.join(', ')}), so this identity may write them; previews in a separate store leave those of releases alone.`,
      ]
    : [];
