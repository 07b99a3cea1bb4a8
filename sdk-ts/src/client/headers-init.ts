/** What Headers are made of; the global type of that name belongs to the DOM library. */
export type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
