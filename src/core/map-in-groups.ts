/**
 * The results of an asynchronous action for every item, in order. The actions of one group run at the same time; the
 * next group begins when all of them have ended.
 *
 * @param size of a group, at least 1
 * @throws what the first action of a group throws that fails, once all actions of the group have ended
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
