import { ColdgateError, exitCodes } from '../../errors.ts';
import { imageBytes } from '../../oci/image-bytes.ts';
import { parseImageName } from '../../oci/image-name.ts';
import { pushImage } from '../../oci/push-image.ts';
import type { PackageArchive, PackageFile } from '../../package/package-file.ts';
import type { SeenImage } from '../../rollout/surroundings.ts';
import type { ImageBuildOptions, ImagePackaging } from '../../rollout/target.ts';
import type { LambdaContext } from './context.ts';
import { ecrLogin } from './ecr-login.ts';

/** Where Lambda's base images look for a function: LAMBDA_TASK_ROOT. */
export const imageArchive: PackageArchive = { root: 'var/task' };

/** The image that models.yaml names, or how one is built where it names none; undefined for zips. */
export function imageOf(context: LambdaContext): ImagePackaging | undefined {
  const { package: form, imageRepository = '', imageDigest, baseImage } = context.settings;
  if (form === 'zip') return undefined;
  const build = (from: PackageFile, options: ImageBuildOptions) => buildImage(context, from, options);
  // Left empty it is one that another step has not built yet.
  if (imageDigest === undefined) return { base: baseImage, package: undefined, build };
  const [, sha256] = imageDigest.split(':');
  const image = `${imageRepository}@${imageDigest}`;
  return { base: baseImage, package: sha256 ? { path: '', size: 0, sha256, image } : undefined };
}

/**
 * The package on Lambda's base image, which brings the runtime client along. Throws what `pushImage` does and ColdgateError
 * `no-base-image` (exit 2).
 */
async function buildImage(
  context: LambdaContext,
  layer: PackageFile,
  options: ImageBuildOptions,
): Promise<PackageFile> {
  const { settings, log, signal } = context;
  const { imageRepository: to = '', baseImage: base, architecture } = settings;
  if (base === undefined) throw noBase();
  const { repository } = parseImageName(to);
  const { region } = regionOf(context, to);
  const { reference, sha256 } = await pushImage({
    ...{ to, layer, base, log, signal, ...options },
    platform: { os: 'linux', architecture: architecture === 'arm64' ? 'arm64' : 'amd64' },
    settings: { Cmd: ['lambda.handler'] },
    login: () => ecrLogin(context, region),
    hints: {
      denied: `Allow ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:PutImage, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository ${repository}.`,
      missing: `Make it once: aws ecr create-repository --repository-name ${repository} --region ${region}`,
    },
  });
  return { path: '', size: 0, sha256, image: reference };
}

/** How large the image is that models.yaml names, else the base that one is built on. */
export async function seenImage(context: LambdaContext): Promise<SeenImage | undefined> {
  const { package: form, imageRepository = '', imageDigest, baseImage, architecture } = context.settings;
  if (form === 'zip') return undefined;
  const reference = imageDigest ? `${imageRepository}@${imageDigest}` : baseImage;
  if (reference === undefined) return undefined;
  const { region, registry } = regionOf(context, reference);
  const bytes = await imageBytes(
    reference,
    { os: 'linux', architecture: architecture === 'arm64' ? 'arm64' : 'amd64' },
    {
      ...(imageDigest && { login: () => ecrLogin(context, region) }),
      hints: {
        denied: `Allow ecr:BatchGetImage on the repository at ${registry}.`,
        missing: 'Check image-digest under target.',
      },
      signal: context.signal,
    },
  );
  return { bytes, of: imageDigest ? 'image' : 'base', reference };
}

/** Where the registry of an image is. */
function regionOf({ settings }: LambdaContext, image: string): { registry: string; region: string } {
  const { registry } = parseImageName(image);
  return { registry, region: /\.dkr\.ecr\.([a-z0-9-]+)\./.exec(registry)?.[1] ?? settings.region };
}

const noBase = (): ColdgateError =>
  new ColdgateError('no-base-image', exitCodes.usage, 'target.base-image names nothing to build the image on.', {
    hint: 'Set base-image to public.ecr.aws/lambda/nodejs:24@sha256:…; crane digest public.ecr.aws/lambda/nodejs:24 prints the digest.',
  });
