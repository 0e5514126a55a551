import { transform } from 'sucrase';

/** An emitted file as JavaScript of a CommonJS module. */
export function stripTypes(typeScript: string): string {
  return transform(typeScript, { transforms: ['typescript', 'imports'], disableESTransforms: true }).code;
}
