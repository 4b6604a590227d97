import { inject } from 'vitest'

const buildError = inject('buildError')
if (buildError !== '') throw new Error(`dist/ is not what src/ says, for the build failed:\n${buildError}`)
