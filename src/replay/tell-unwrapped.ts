import type { Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'

/**
 * Tells of the wrapped function within which a call was recorded that is made now outside of any: what is counted by the calls of
 * that function is not seen any more.
 */
export function tellUnwrapped(
  { parent }: Pick<Interaction, 'parent'>,
  recorded: Interaction,
  { interactions }: Recording,
  tell: ((kind: 'tool' | 'model', name: string) => void) | undefined,
): void {
  if (parent !== undefined || recorded.parent === undefined) return
  const around = interactions.find(({ id }) => id === recorded.parent)
  if (around !== undefined && around.kind !== 'http') tell?.(around.kind, around.name)
}
