/**
 * Runs an asynchronous action for every item and returns the results in order. The actions of one group run at the same
 * time. The next group begins when all of them have ended.
 *
 * @param size items per group, at least 1
 * @throws the error of the first failed action of a group, after all actions of the group have ended
 */
export async function mapInGroups<Item, Result>(
  items: readonly Item[],
  size: number,
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let begin = 0; begin < items.length; begin += size) {
    const group = await Promise.allSettled(items.slice(begin, begin + size).map(action));
    for (const outcome of group) {
      if (outcome.status === 'rejected') throw outcome.reason;
      results.push(outcome.value);
    }
  }
  return results;
}
