import type { SupportInput, SupportOutput } from './types.ts'

/** A production run that went wrong, as far as it takes to have it again. */
export interface ExampleIncident {
  run_id: string
  release: string
  workflow: string
  input: SupportInput
  /** How the unfixed agent ends. */
  stop_reason: SupportOutput['stop_reason']
}

export const INCIDENTS: ExampleIncident[] = [
  {
    run_id: 'run_9fd2',
    release: '2.4.1',
    workflow: 'refund-question',
    input: {
      conversation_id: 'conv_7c41d2',
      channel: 'email',
      message: 'I opened the headphones from order A-20417 and do not like the sound. Can I still get a refund?',
    },
    stop_reason: 'tool_error',
  },
  {
    run_id: 'run_a113',
    release: '2.5.0',
    workflow: 'order-status',
    input: {
      conversation_id: 'conv_90be17',
      channel: 'chat',
      message: 'Where is my parcel? The order is A-30988.',
    },
    stop_reason: 'step_error',
  },
  {
    run_id: 'run_d77c',
    release: '2.5.1',
    workflow: 'policy-question',
    input: {
      conversation_id: 'conv_5b1e77',
      channel: 'chat',
      message: 'Does the balance of a gift card ever run out?',
    },
    stop_reason: 'max_steps',
  },
]
