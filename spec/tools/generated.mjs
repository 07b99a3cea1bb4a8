const PLACE = /(<!-- generated: ([\w-]+) -->)\n.*?(<!-- end generated -->)/gs;

/** Fills a text's generated places: `tables` makes the content of each by its name. */
export function fill(text, tables) {
  return text.replace(PLACE, (_, begin, name, end) => {
    const make = tables[name];
    if (make === undefined) throw new Error(`nothing makes the generated table "${name}"`);
    return `${begin}\n\n${make()}\n\n${end}`;
  });
}
