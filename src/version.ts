/** Version of the tool, written into manifests; the house test holds it against package.json. */
export const toolVersion = '0.1.0';
