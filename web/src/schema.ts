/** The part of JSON Schema that the tools' arguments use. */
export interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
}

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: Schema;
}

export type Arguments = Readonly<Record<string, unknown>>;

/** All arguments: those given, and the defaults of the others. */
export function complete(schema: Schema, given: Arguments): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const [name, { default: value }] of Object.entries(schema.properties ?? {})) {
    if (value !== undefined) {
      all[name] = value;
    }
  }
  return { ...all, ...given };
}

/** Without arguments that say no more than their default. */
export function withoutDefaults(schema: Schema, given: Arguments): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).filter(([name, value]) => {
      const property = schema.properties?.[name];
      return property?.default === undefined || !same(property.default, value);
    }),
  );
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
