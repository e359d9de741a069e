import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import type { StoreGrants } from '../grants.ts';
import type { PolicyFile } from '../policy-set.ts';
import { bucketRef, type Subject } from '../subject.ts';
import { type Bindings, bindBucket, joined, makeRole, roleYaml } from './roles.ts';

/** Where archives are, in a bucket. */
export const packagePrefix = 'coldgate/packages/';

/** Archives are created and read, never replaced: their names are their digests. */
const grants: StoreGrants = {
  ...{ list: [], parts: [], replace: [], remove: [] },
  read: [{ begin: packagePrefix, open: true }],
  create: [{ begin: packagePrefix, open: true }],
};

/** Buckets that archives of `package: source` go to. */
export const bucketsOf = (subject: Subject, settings: readonly GoogleCloudRunSettings[]): string[] => {
  const { store, bucket } = bucketRef(subject.store);
  const named = settings
    .filter((one) => one.package === 'source')
    .flatMap(({ uploadBucket }) => uploadBucket ?? (store === 'gcs' ? bucket : []));
  return [...new Set(named)];
};

/** Archives of `package: source`. */
const archiveBindings = (subject: Subject, owner: string, settings: readonly GoogleCloudRunSettings[]): Bindings =>
  joined(
    ...bucketsOf(subject, settings).map((bucket, at) =>
      bindBucket({
        ...{ bucket, grants, title: `${subject.environment} packages` },
        owner: `${owner}.packages${at === 0 ? '' : `-${at + 1}`}`,
      }),
    ),
  );

/** `europe-west1-docker.pkg.dev/acme-prod/coldgate/digits` as gcloud names the repository in it. */
export function repositoryOf(path: string) {
  const [host = '', project = '', name = ''] = path.split('/');
  return { location: host.replace(/-docker\.pkg\.dev$/, ''), project, name };
}

/** Images of `package: image`. A custom role is its project's, so that a repository elsewhere takes Google's own roles. */
function imageBindings(settings: readonly GoogleCloudRunSettings[]): Bindings {
  const files = new Map<string, PolicyFile>();
  const commands: string[] = [];
  for (const { artifactRepository, imageDigest, project } of settings) {
    if (artifactRepository === undefined) continue;
    const writes = imageDigest === undefined;
    const { location, project: home, name } = repositoryOf(artifactRepository);
    const bind = `gcloud artifacts repositories add-iam-policy-binding ${name} --location=${location} --project=${home}`;
    const id = writes ? 'coldgateImageWriter' : 'coldgateImageReader';
    const permissions = ['downloadArtifacts', ...(writes ? ['uploadArtifacts'] : [])];
    const own = home === project;
    if (own) {
      const content = roleYaml(
        `Coldgate: ${writes ? 'push' : 'read'} images`,
        'Made by coldgate iam.',
        permissions.map((one) => `artifactregistry.repositories.${one}`),
      );
      files.set(id, { file: `${id}.yaml`, kind: 'permissions', content });
      commands.push(...makeRole(id));
    }
    const role = own ? `"projects/$PROJECT/roles/${id}"` : `roles/artifactregistry.${writes ? 'writer' : 'reader'}`;
    commands.push(`${bind} --member="$MEMBER" --role=${role}`);
  }
  return { files: [...files.values()], commands: [...new Set(commands)] };
}

/** What the creator of revisions needs beside the permissions on the project. */
export const packageBindings = (
  subject: Subject,
  owner: string,
  settings: readonly GoogleCloudRunSettings[],
): Bindings => joined(archiveBindings(subject, owner, settings), imageBindings(settings));
