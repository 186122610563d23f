/** What a run of chaos did, line by line with its time, and what it found wrong. */
export class ChaosLog {
  readonly #start = performance.now();
  readonly #violations = new Map<string, number>();
  readonly #counts = new Map<string, number>();

  /** Prints a line with the time since the start. */
  say(text: string): void {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(1).padStart(7);
    process.stdout.write(`${seconds} s  ${text}\n`);
  }

  /** Records that a promise of univar was broken. */
  violation(text: string): void {
    const times = (this.#violations.get(text) ?? 0) + 1;
    this.#violations.set(text, times);
    if (times === 1) this.say(`VIOLATION: ${text}`);
  }

  /** Records a violation unless the condition holds. */
  expect(condition: boolean, text: string): void {
    if (!condition) this.violation(text);
  }

  /** Counts something for the summary. */
  count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by);
  }

  /** Prints what was counted, and every violation again. Returns the exit code. */
  summary(): number {
    this.say('summary');
    const counts = [...this.#counts].sort(([a], [b]) => a.localeCompare(b));
    for (const [what, count] of counts) process.stdout.write(`  ${String(count).padStart(8)}  ${what}\n`);
    const { size } = this.#violations;
    process.stdout.write(size === 0 ? 'No violation.\n' : `${size} violations:\n`);
    for (const [text, times] of this.#violations) process.stdout.write(`  ${text} (${times} times)\n`);
    return size === 0 ? 0 : 1;
  }
}
