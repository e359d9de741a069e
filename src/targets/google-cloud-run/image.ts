import { ColdgateError, exitCodes } from '../../errors.ts';
import type { RegistryLogin } from '../../oci/authorization.ts';
import { imageBytes } from '../../oci/image-bytes.ts';
import { pushImage } from '../../oci/push-image.ts';
import type { PackageArchive, PackageFile } from '../../package/package-file.ts';
import type { SeenImage } from '../../rollout/surroundings.ts';
import type { ImageBuildOptions, ImagePackaging } from '../../rollout/target.ts';
import type { RunContext } from './context.ts';
import { serviceName } from './names.ts';

/** The working directory of Google's base images, which sources are unpacked to as well. */
const workingDirectory = 'workspace';

/** At the top for a deployment of sources; below the working directory for an image. */
export const archiveOf = ({ settings }: RunContext): PackageArchive =>
  settings.package === 'image' ? { root: workingDirectory } : {};

/** The image that models.yaml names, or how one is built where it names none; undefined for sources. */
export function imageOf(context: RunContext, args: readonly string[]): ImagePackaging | undefined {
  const { package: form, artifactRepository = '', imageDigest, baseImage: base } = context.settings;
  if (form !== 'image') return undefined;
  const build = (from: PackageFile, options: ImageBuildOptions) => buildImage(context, args, from, options);
  // Left empty it is one that another step has not built yet.
  if (imageDigest === undefined) return { base, package: undefined, build };
  const [, sha256] = imageDigest.split(':');
  const image = `${artifactRepository}@${imageDigest}`;
  return { base, package: sha256 ? { path: '', size: 0, sha256, image } : undefined };
}

/** Our layer alone, which Cloud Run puts on a base of Google's, or on the base that models.yaml names. */
async function buildImage(
  context: RunContext,
  args: readonly string[],
  layer: PackageFile,
  { name, ...options }: ImageBuildOptions,
): Promise<PackageFile> {
  const { settings, log, signal } = context;
  const repository = settings.artifactRepository ?? '';
  // LOCATION-docker.pkg.dev/PROJECT/REPOSITORY, where the image has a name of its own below it or not.
  const to = repository.split('/').length > 3 ? repository : `${repository}/${serviceName(name)}`;
  const { reference, sha256 } = await pushImage({
    ...{ to, layer, base: settings.baseImage, log, signal, ...options },
    platform: { os: 'linux', architecture: 'amd64' },
    settings: { Entrypoint: ['node'], Cmd: [...args], WorkingDir: `/${workingDirectory}`, User: '33:33' },
    login: () => registryLogin(context),
    hints: {
      denied: `Grant roles/artifactregistry.writer on ${repository} to the account that this step runs as. A new grant takes some minutes to count.`,
      missing: 'Make the repository once: coldgate doctor --suggest prints how.',
    },
  });
  return { path: '', size: 0, sha256, image: reference };
}

/** How large the image is that models.yaml names, else the base that one is built on. */
export async function seenImage(context: RunContext): Promise<SeenImage | undefined> {
  const { package: form, artifactRepository = '', imageDigest, baseImage } = context.settings;
  const reference = imageDigest ? `${artifactRepository}@${imageDigest}` : baseImage;
  if (form !== 'image' || reference === undefined) return undefined;
  const bytes = await imageBytes(
    reference,
    { os: 'linux', architecture: 'amd64' },
    {
      ...(imageDigest && { login: () => registryLogin(context) }),
      hints: {
        denied: `Grant roles/artifactregistry.reader on ${artifactRepository}.`,
        missing: 'Check image-digest under target.',
      },
      signal: context.signal,
    },
  );
  return { bytes, of: imageDigest ? 'image' : 'base', reference };
}

/** https://cloud.google.com/artifact-registry/docs/docker/authentication#token */
async function registryLogin({ credentials }: RunContext): Promise<RegistryLogin> {
  const headers = new Headers(await credentials.headers());
  const [, password] = /^Bearer (\S+)$/.exec(headers.get('authorization') ?? '') ?? [];
  if (password !== undefined) return { username: 'oauth2accesstoken', password };
  throw new ColdgateError('no-credentials', exitCodes.denied, 'Google gave no access token for Artifact Registry.', {
    hint: 'Log in with google-github-actions/auth, or run "gcloud auth application-default login".',
  });
}
