import type { StoreGrants } from '../grants.ts';
import type { PolicyFile } from '../policy-set.ts';
import { objectRoles } from './store.ts';

/** Files and the commands that use them. */
export interface Bindings {
  files: PolicyFile[];
  commands: string[];
}

/** A custom role as `gcloud iam roles` reads it. */
export const roleYaml = (title: string, description: string, permissions: readonly string[]): string =>
  [
    `title: "${title}"`,
    `description: "${description}"`,
    'stage: GA',
    'includedPermissions:',
    ...permissions.map((permission) => `- ${permission}`),
    '',
  ].join('\n');

/** Makes a custom role of the project, or brings it up to date. */
export const makeRole = (id: string): string[] => [
  `gcloud iam roles create ${id} --project="$PROJECT" --file=${id}.yaml --quiet ||`,
  `  gcloud iam roles update ${id} --project="$PROJECT" --file=${id}.yaml --quiet`,
];

interface BucketBinding {
  bucket: string;
  grants: StoreGrants;
  /** Begins the names of files. */
  owner: string;
  /** Begins the titles of conditions. */
  title: string;
}

/** Roles with one permission each, bound to the bucket with conditions on object names. */
export function bindBucket({ bucket, grants, owner, title }: BucketBinding): Bindings {
  const files: PolicyFile[] = [];
  const commands: string[] = [];
  for (const { id, title: roleTitle, permission, conditions } of objectRoles(bucket, grants)) {
    const description = 'Made by coldgate iam; bound with a condition.';
    files.push({ file: `${id}.yaml`, kind: 'permissions', content: roleYaml(roleTitle, description, [permission]) });
    commands.push(...makeRole(id));
    for (const [at, expression] of conditions.entries()) {
      const file = `${owner}.${id}${conditions.length > 1 ? `-${at + 1}` : ''}.condition.json`;
      files.push({ file, kind: 'condition', content: { title: `${title} ${at + 1}`, expression } });
      commands.push(
        `gcloud storage buckets add-iam-policy-binding gs://${bucket} --member="$MEMBER" --role="projects/$PROJECT/roles/${id}" --condition-from-file=${file}`,
      );
    }
  }
  return { files, commands };
}

/** Several bindings after one another; a file that two of them use is there once, and so is the command that makes a role. */
export function joined(...parts: readonly Bindings[]): Bindings {
  const files = new Map(parts.flatMap((part) => part.files).map((file) => [file.file, file]));
  const commands: string[] = [];
  const made = new Set<string>();
  for (const command of parts.flatMap((part) => part.commands)) {
    const makes = /^\s*gcloud iam roles (?:create|update) \S+/.exec(command)?.[0];
    if (makes !== undefined && made.has(makes)) continue;
    if (makes !== undefined) made.add(makes);
    commands.push(command);
  }
  return { files: [...files.values()], commands };
}
