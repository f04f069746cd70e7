/** Requests at a time: an API server on two cores answers no faster for more. */
const atATime = 16;

/** Does it for all items, a few at a time; answers in the items' order. */
export async function eachOf<Item, Answer>(
  items: readonly Item[],
  work: (item: Item) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) answers[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return answers;
}
