/** What stands around a function, as its account says; what there is not, or nobody says, is left out. */
export interface Surroundings {
  gateway?: SeenGateway | undefined;
  image?: SeenImage | undefined;
  /** Why parts could not be looked at. */
  problems: readonly string[];
}

export interface SeenGateway {
  /** As the function's cloud spells it, in lower case and without spaces. */
  region: string;
  /** What models.yaml names and the gateway has not, in words: `the stage v1`. */
  missing: readonly string[];
}

export interface SeenImage {
  /** Compressed, as they are pulled. */
  bytes: number;
  /** Which one: of the function, or the base that one would be built on. */
  of: 'image' | 'base';
  reference: string;
}

/** Looks at one part each; undefined where there is none. */
export interface AroundParts {
  gateway?(): Promise<Surroundings['gateway']>;
  image?(): Promise<Surroundings['image']>;
}

/** Every part that can be looked at, and why others cannot. Throws only when the run is aborted. */
export async function lookAround({ gateway, image }: AroundParts, signal: AbortSignal): Promise<Surroundings> {
  const problems: string[] = [];
  const part = async <T>(look: (() => Promise<T>) | undefined): Promise<T | undefined> => {
    try {
      return await look?.();
    } catch (error) {
      signal.throwIfAborted();
      problems.push((error as Error).message.replace(/\.$/, ''));
      return undefined;
    }
  };
  return { gateway: await part(gateway), image: await part(image), problems };
}
