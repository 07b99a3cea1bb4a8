/** A cell as a list of outcomes, each an object: `{ nothing }`, `{ repeat }`, `{ refuse }` or `{ append, becomes }`. */
export function outcomesOf(cell) {
  return [cell].flat().map((outcome) => {
    if (typeof outcome === 'string') return { [outcome]: true };
    return outcome.append === undefined ? outcome : { becomes: {}, ...outcome };
  });
}

const EFFECTS = {
  attempt: (value) => `attempt ${value}`,
  delayed: () => 'delayed',
  created: () => '`step_created` in the answer',
  released: () => 'hooks and waits gone',
  purged: () => 'payloads gone',
  takes_over: () => 'the former holder without the token',
  resume: () => 'the `resume_id` used up',
};

/** A cell in words. */
export function phrase(cell) {
  return outcomesOf(cell).map(words).join(' or ');
}

function words(outcome) {
  if (outcome.nothing) return 'success without an event';
  if (outcome.repeat) return 'the first event again';
  if (outcome.refuse !== undefined) return `\`${outcome.refuse}\``;
  const events = outcome.append.map((type) => `\`${type}\``).join(' and ');
  const effects = Object.entries(outcome.becomes).map(
    ([name, value]) => EFFECTS[name]?.(value) ?? `${name} ${value}`,
  );
  return effects.length === 0 ? events : `${events} (${effects.join(', ')})`;
}
