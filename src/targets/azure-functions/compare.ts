/**
 * Whether Azure has what is wanted: in another case, with null for what is absent, and with more than was sent.
 */
export function holds(now: unknown, wanted: unknown): boolean {
  if (typeof wanted === 'string') return typeof now === 'string' && plain(now) === plain(wanted);
  if (Array.isArray(wanted)) {
    const list = Array.isArray(now) ? now : [];
    return list.length === wanted.length && wanted.every((one, index) => holds(list[index], one));
  }
  if (typeof wanted !== 'object' || wanted === null) return (now ?? false) === (wanted ?? false);
  const fields = typeof now === 'object' && now !== null ? now : {};
  return Object.entries(wanted).every(
    ([name, value]) => value === undefined || holds(Reflect.get(fields, name), value),
  );
}

/** `East US 2` is `eastus2`. */
const plain = (text: string): string => text.toLowerCase().replaceAll(' ', '').replace(/\/+$/, '');
