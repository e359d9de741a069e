import { no, on, type Rule, unknown, yes } from '../rule.ts';
import { sizeText } from '../words.ts';

/** Unpacked, layers included: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const lambdaBytes = 262_144_000;
/** Handler and native runtime, unpacked; docs/benchmarks.md has the packages. */
const ourBytes = 55_000_000;
/** Layers of one function; the runtime's is one. */
const maxLayers = 5;

const ecr = (role: string, region: string): string => `${role.split(':')[4]}.dkr.ecr.${region}.amazonaws.com/coldgate`;

export const packageForm: Rule = {
  id: 'package',
  asks: 'the form of the package fits the dependencies and the number of functions',
  warns: false,
  looksUp: false,
  judge: on('aws-lambda', ({ target, targetPath, functions, wishes }) => {
    const more = (wishes.dependenciesMb ?? 0) * 1e6;
    const parts = more > 0 ? `Handler, runtime and ${sizeText(more)} of dependencies` : 'Handler and runtime';
    const all = `${parts} are ${sizeText(ourBytes + more)} unpacked`;
    const limit = `a zip with its layers takes ${sizeText(lambdaBytes)}`;
    if (target.package === 'image') return yes(`An image holds up to 10 GB; ${limit}.`);
    if (ourBytes + more > lambdaBytes) {
      const repository = [`${targetPath}.image-repository`, ecr(target.role, target.region)] as const;
      return no(`${all}, and ${limit}.`, {
        set: [[`${targetPath}.package`, 'image'], repository],
      });
    }
    const free = (target.layers?.length ?? 0) < maxLayers;
    if (!target.runtimeLayer && functions > 1 && free) {
      const why = `${functions} functions have the native runtime (about 18 MB zipped) each: as a layer it is sent and kept once.`;
      return no(why, { set: [[`${targetPath}.runtime-layer`, 'true']] });
    }
    return yes(`${all}; ${limit}.`);
  }),
};

/** Above it pushes and first pulls are slow, bytes. */
const maxImageBytes = 300e6;
/** Handler and runtime, packed. */
const ourZippedBytes = 20e6;

export const imageSize: Rule = {
  id: 'image-size',
  asks: 'images are below 300 MB compressed',
  warns: false,
  looksUp: true,
  judge({ target, targetPath, around }) {
    const isImage =
      (target.provider === 'aws-lambda' || target.provider === 'google-cloud-run') && target.package === 'image';
    if (!isImage)
      return target.provider === 'local'
        ? undefined
        : yes('There is no image: the package has handler and runtime alone.');
    const image = target.provider === 'aws-lambda' ? target.imageRepository : target.artifactRepository;
    const name = target.imageDigest ? `${image}@${target.imageDigest}` : `${image}`;
    const seen = around?.image;
    if (!seen) {
      const why = around?.problems.length ? ` (${around.problems.join('; ')})` : '';
      return unknown(`The size of the image is not known${why}; it should be below 300 MB.`, {
        run: `docker manifest inspect ${name}`,
      });
    }
    const bytes = seen.bytes + (seen.of === 'base' ? ourZippedBytes : 0);
    const what =
      seen.of === 'base' ? `Base image and package have about ${sizeText(bytes)}` : `The image has ${sizeText(bytes)}`;
    if (bytes <= maxImageBytes) return yes(`${what}, compressed.`);
    const slow = `${what}, compressed: above 300 MB a push and the first pull in a zone take their time.`;
    const small =
      target.provider === 'aws-lambda' ? 'public.ecr.aws/lambda/nodejs:24' : 'docker.io/library/node:24-slim';
    return seen.of === 'base'
      ? no(slow, { run: `crane digest ${small}, and name it: ${targetPath}.base-image` })
      : no(slow, { run: `docker history ${name}` });
  },
};

/** Below it the runtime optimises a graph faster than another file is found, bytes. */
const smallModel = 5_000_000;

export const optimizedForm: Rule = {
  id: 'optimized-form',
  asks: 'a model that is worth it is published with a load-optimised form',
  warns: false,
  looksUp: false,
  judge({ target, entry, bytes }) {
    if (target.provider === 'local') return undefined;
    const path = `models.${entry.name}.optimize`;
    if (entry.optimize !== 'off') return yes(`${entry.name} is published with its form for ${entry.optimize} starts.`);
    if (bytes === undefined)
      return unknown(`The size of ${entry.name} is not known here.`, { run: 'coldgate validate' });
    if (bytes < smallModel) return yes(`${entry.name} has ${sizeText(bytes)}: its graph is optimised in no time.`);
    const why = `${entry.name} has ${sizeText(bytes)}, and every start optimises its graph again.`;
    return no(why, { set: [[path, 'cold']] });
  },
};
