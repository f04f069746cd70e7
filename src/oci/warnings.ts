/** Enough to explain an index to its publisher; a hostile one must not fill a terminal. */
const MAX_WARNINGS = 32;
const MAX_LENGTH = 300;

/** Sentences for people, bounded in number and length, without repetition. */
export class Warnings {
  private readonly sentences = new Set<string>();
  private dropped = 0;

  add(sentence: string): void {
    const short = sentence.length > MAX_LENGTH ? `${sentence.slice(0, MAX_LENGTH - 1)}…` : sentence;
    if (this.sentences.has(short)) {
      return;
    }
    if (this.sentences.size < MAX_WARNINGS) {
      this.sentences.add(short);
    } else {
      this.dropped += 1;
    }
  }

  list(): readonly string[] {
    const list = [...this.sentences];
    return this.dropped === 0 ? list : [...list, `${this.dropped} more warnings are not shown.`];
  }
}
